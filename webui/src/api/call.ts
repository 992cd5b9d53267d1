// One way to the admin API. Errors are problems (RFC 9457); an expired session asks for a sign-in over the page as it
// stands and then goes on, so that nothing typed is lost.
import { shallowRef } from 'vue'
import { maybe, t } from '../lib/i18n'
import type { Problem as Wire, ProblemError } from './types'

/** Where the UI lies, with a slash at the end; the API and the proxy lie beside it. */
export const here = new URL('.', location.href.split('#')[0])
const base = new URL('admin/api/v1/', here)

/** A failed call. */
export class Problem extends Error {
  readonly code: string
  readonly status: number
  readonly requestId: string
  readonly try: string
  readonly errors: ProblemError[]
  readonly wire: Partial<Wire>

  constructor(wire: Partial<Wire>) {
    super(wire.detail || wire.title || '')
    this.code = wire.code ?? 'unknown'
    this.status = wire.status ?? 0
    this.requestId = wire.request_id ?? ''
    this.try = wire.try ?? ''
    this.errors = wire.errors ?? []
    this.wire = wire
  }

  /** One line for people: the kind in their language, and the server's words where they say more. */
  get text(): string {
    const known = maybe('problem.' + this.code)
    if (!known) return this.message
    return this.message && this.status !== 0 ? `${known}: ${this.message}` : known
  }

  /** The complaint about one field of the request body, by JSON Pointer; a complaint below it counts. */
  at(pointer: string): string | undefined {
    const e = this.errors.find((x) => x.pointer === pointer) ?? this.errors.find((x) => x.pointer?.startsWith(pointer + '/'))
    return e && [e.detail, e.allowed, e.hint].filter(Boolean).join(' · ')
  }
}

/** What was thrown, as a problem. */
export function problem(e: unknown): Problem {
  return e instanceof Problem ? e : new Problem({ code: 'unknown', detail: e instanceof Error ? e.message : String(e) })
}

/** Somebody waits for a sign-in; the shell shows the form and resolves it. */
export const signInWanted = shallowRef<{ done: () => void } | null>(null)
let waiting: Promise<void> | null = null

/** Resolves when somebody has signed in. Calls that come together wait together. */
export function signIn(): Promise<void> {
  return (waiting ??= new Promise<void>((resolve) => {
    signInWanted.value = { done: () => { signInWanted.value = null; waiting = null; resolve() } }
  }))
}

export interface Options {
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** A file instead of a JSON body. */
  file?: Blob
  /** The state of the configuration that the change is made from. */
  etag?: string
  dryRun?: boolean
  /** The access key typed again, for changes that could carry keys to another address. */
  confirm?: string
  signal?: AbortSignal
  /** Take 401 as an answer and ask for nothing. */
  quiet?: boolean
}

/** The address of an operation. */
export function address(path: string, query: Options['query'] = {}): string {
  const url = new URL(path, base)
  for (const [k, v] of Object.entries(query)) if (v !== undefined && v !== '') url.searchParams.set(k, String(v))
  return url.href
}

/** One part of a path that came from outside. */
export const part = (s: string): string => encodeURIComponent(s)

/** The answer itself, for streams. Throws a Problem for an answer that is none. */
export async function open(method: string, path: string, o: Options = {}): Promise<Response> {
  const headers: Record<string, string> = {}
  if (o.etag !== undefined) headers['if-match'] = o.etag === '*' ? '*' : `"${o.etag}"`
  if (o.confirm) headers['x-confirm-key'] = o.confirm
  let body: BodyInit | undefined
  if (o.file) {
    headers['content-type'] = 'application/wasm'
    body = o.file
  } else if (o.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(o.body)
  }
  let response: Response
  try {
    response = await fetch(address(path, { ...o.query, dry_run: o.dryRun ? 1 : undefined }), { method, headers, body, signal: o.signal ?? null, credentials: 'same-origin', cache: 'no-store', redirect: 'error' })
  } catch (e) {
    if (o.signal?.aborted) throw e
    throw new Problem({ code: 'unreachable', detail: t('problem.unreachable') })
  }
  if (response.ok) return response
  const p = await wire(response)
  if (response.status === 401 && p.code === 'unauthorized' && !o.quiet) {
    await signIn()
    return open(method, path, o)
  }
  throw new Problem(p)
}

async function wire(r: Response): Promise<Partial<Wire>> {
  const text = await r.text()
  try {
    const p = JSON.parse(text) as Partial<Wire> & { error?: { message?: string; type?: string } }
    if (p.error) return { status: r.status, code: p.error.type ?? 'unknown', detail: p.error.message ?? '', request_id: r.headers.get('request-id') ?? '' }
    return { ...p, status: r.status }
  } catch {
    return { status: r.status, code: 'unknown', detail: text.slice(0, 300) || r.statusText, request_id: r.headers.get('request-id') ?? '' }
  }
}

/** Calls an operation and reads its JSON answer; undefined for an answer without a body. */
export async function call<T>(method: string, path: string, o: Options = {}): Promise<T> {
  const r = await open(method, path, o)
  if (r.status === 204) return undefined as T
  return (await r.json()) as T
}

export const get = <T>(path: string, o?: Options): Promise<T> => call<T>('GET', path, o)
