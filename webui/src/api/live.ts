// The one stream of events that everything live comes from. Nothing is polled.
import { getCurrentScope, onScopeDispose, reactive, shallowReactive } from 'vue'
import { address, get, problem, signIn } from './call'
import type { ChannelStatus, Exchange, Exchanges, Hello, Point, Reload, Status, Tick } from './types'
import { byChannel } from '../lib/series'

/** How many exchanges this page keeps. */
export const kept = 10_000

export const live = reactive({
  /** connecting at first, open, or lost: the server is gone and what is shown is stale. */
  link: 'connecting' as 'connecting' | 'open' | 'lost',
  status: null as Status | null,
  /** Goes up when the list of exchanges changed. */
  revision: 0,
  /** The present step of the time series. */
  point: null as Point | null,
})
/** Recent exchanges by id, in the order of their arrival. */
export const exchanges = new Map<string, Exchange>()
/** Attempts and failures by channel for small charts; made anew at most every two seconds. */
export const activity = shallowReactive({ series: byChannel([], 0) })
let activityDue: ReturnType<typeof setTimeout> | undefined
/** How each channel does, by name. */
export const health = shallowReactive(new Map<string, ChannelStatus>())

type Handler = (data: never) => void
const handlers = new Map<string, Set<Handler>>()

/** Calls fn for each event of a type while the calling component lives. "resync" says that events may have been missed. */
export function on<T>(type: string, fn: (data: T) => void): () => void {
  const set = handlers.get(type) ?? new Set()
  handlers.set(type, set.add(fn as Handler))
  const off = (): void => void set.delete(fn as Handler)
  if (getCurrentScope()) onScopeDispose(off)
  return off
}

function tell(type: string, data: unknown): void {
  for (const fn of handlers.get(type) ?? []) (fn as (d: unknown) => void)(data)
}

let scheduled = false
/** Many events become one change of the list. */
function changed(): void {
  if (scheduled) return
  scheduled = true
  setTimeout(() => { scheduled = false; live.revision++ }, 100)
  activityDue ??= setTimeout(() => { activityDue = undefined; activity.series = byChannel(exchanges.values(), Date.now()) }, activity.series.size ? 2000 : 150)
}

/** Adds exchanges, or replaces those known; the oldest go beyond what is kept. */
export function keep(list: Exchange[]): void {
  for (const x of list) if (!exchanges.get(x.id) || !x.live) exchanges.set(x.id, x)
  for (const id of exchanges.keys()) {
    if (exchanges.size <= kept) break
    exchanges.delete(id)
  }
  changed()
}

const take: Record<string, (data: never) => void> = {
  hello: (d: Hello) => {
    setStatus(d.status)
    tell('resync', null)
    // Also what happened before this page, or while the link was down; events are not repeated.
    get<Exchanges>('exchanges', { query: { limit: 1000 } }).then((l) => keep(l.items.reverse()), () => {})
  },
  request_started: (x: Exchange) => keep([x]),
  request_ended: (x: Exchange) => keep([x]),
  health: (c: ChannelStatus) => {
    health.set(c.channel, c)
    const list = live.status?.channels
    const at = list?.findIndex((x) => x.channel === c.channel) ?? -1
    if (list && at >= 0) list[at] = c
    soonStatus()
  },
  tick: (d: Tick) => {
    if (live.status) live.status.totals = d.totals
    live.point = d.point
  },
  reload: (r: Reload) => { if (live.status) live.status.last_reload = r; soonStatus() },
  config: () => soonStatus(),
  plugin: () => soonStatus(),
  log: () => {},
  audit: () => {},
  // The session is over, or the program stops: which of the two, and until when, shows when one tries again.
  ended: () => {
    stop()
    retry = setTimeout(() => void again(), 200)
  },
}

function setStatus(s: Status): void {
  live.status = s
  for (const c of s.channels) health.set(c.channel, c)
}

let statusDue: ReturnType<typeof setTimeout> | undefined
/** Health, reloads and plugins change the verdict on the whole, which only the server knows. */
function soonStatus(): void {
  statusDue ??= setTimeout(() => {
    statusDue = undefined
    get<Status>('status').then(setStatus, () => {})
  }, 250)
}

let source: EventSource | undefined
let retry: ReturnType<typeof setTimeout> | undefined
let patience = 500

function stop(): void {
  source?.close()
  source = undefined
  clearTimeout(retry)
}

/** Opens the stream, and again whenever it breaks. */
export function connect(): void {
  stop()
  const es = (source = new EventSource(address('events')))
  es.onopen = () => {
    live.link = 'open'
    patience = 500
  }
  es.onerror = () => {
    if (source !== es) return
    // Browsers differ in whether and when they try again; one way for all.
    stop()
    live.link = 'lost'
    retry = setTimeout(() => void again(), patience)
    patience = Math.min(patience * 2, 8000)
  }
  for (const [type, fn] of Object.entries(take)) {
    es.addEventListener(type, (e) => {
      const data = JSON.parse((e as MessageEvent<string>).data) as never
      fn(data)
      tell(type, data)
    })
  }
}

/** A stream that is refused because the session is over asks for a sign-in first; one that fails otherwise just tries. */
async function again(): Promise<void> {
  try {
    await get('session', { quiet: true })
  } catch (e) {
    if (problem(e).status === 401) {
      live.link = 'connecting'
      await signIn()
    } else if (problem(e).code === 'unreachable') {
      live.link = 'lost'
      retry = setTimeout(() => void again(), patience)
      patience = Math.min(patience * 2, 8000)
      return
    }
  }
  connect()
}

// A laptop that wakes up, or a tab that comes back, should not wait for the patience to end.
addEventListener('online', () => { if (live.link === 'lost') { clearTimeout(retry); void again() } })
document.addEventListener('visibilitychange', () => { if (!document.hidden && live.link === 'lost') { clearTimeout(retry); void again() } })
