// What the channel editor works on: settings without gaps, and what of them changed.
import type { Problem } from '../../api/call'
import type { ChannelSettings, ModelRule } from '../../api/types'

export interface Full {
  name: string; adapter: string; base_url: string; enabled: boolean; priority: number; weight: number
  serves: string[]; models: ModelRule[]; tags: string[]; description: string; website: string; loss: 'allow' | 'warn' | 'strict'
  headers: Record<string, string | null>; proxy_url: string; ca_file: string; insecure_skip_verify: boolean
  timeouts: { connect: string; first_byte: string; whole: string; idle: string }
  limits: { rpm: number; max_concurrent: number; max_output_tokens: number; models: { pattern: string; max_output_tokens: number }[] }
  options: Record<string, unknown>
}

const defaults: Full = {
  name: '', adapter: '', base_url: '', enabled: true, priority: 1, weight: 1, serves: [], models: [], tags: [], description: '', website: '', loss: 'warn',
  headers: {}, proxy_url: '', ca_file: '', insecure_skip_verify: false, timeouts: { connect: '10s', first_byte: '60s', whole: '600s', idle: '240s' },
  limits: { rpm: 0, max_concurrent: 0, max_output_tokens: 0, models: [] }, options: {},
}

/** The settings with every field there. */
export function complete(s: ChannelSettings): Full {
  const given = Object.fromEntries(Object.entries(s).filter(([, v]) => v !== undefined && v !== null))
  const full = structuredClone({ ...defaults, ...given }) as Full
  full.timeouts = { ...defaults.timeouts, ...full.timeouts }
  full.limits = { ...defaults.limits, ...full.limits }
  return full
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/**
 * The merge patch that makes b of a. A new channel is compared with the defaults, so that its file stays short. Headers
 * that are gone become null; a header whose masked value was not touched is left alone.
 */
export function changedFields(a: Full, b: Full, isNew: boolean): ChannelSettings {
  const from = isNew ? defaults : a
  const out: Record<string, unknown> = {}
  for (const key of Object.keys(defaults) as (keyof Full)[]) {
    if (key === 'headers') {
      const h: Record<string, string | null> = {}
      for (const [k, v] of Object.entries(b.headers)) if (from.headers[k] !== v) h[k] = v
      for (const k of Object.keys(from.headers)) if (!(k in b.headers)) h[k] = null
      if (Object.keys(h).length) out.headers = h
    } else if (key === 'timeouts' || key === 'limits') {
      const part = Object.fromEntries(Object.entries(b[key]).filter(([k, v]) => !same(v, (from[key] as Record<string, unknown>)[k])).map(([k, v]) => [k, v === '' ? null : v]))
      if (Object.keys(part).length) out[key] = part
    } else if (key === 'models') {
      const rows = b.models.filter((r) => r.pattern || r.model)
      if (!same(rows, from.models)) out.models = rows
    } else if (!same(b[key], from[key])) {
      // An emptied number is a field taken out of the file.
      out[key] = (b[key] as unknown) === '' && typeof from[key] === 'number' ? null : b[key]
    }
  }
  return out as ChannelSettings
}

/** What the server says against a field: by its pointer in the request, or by its path in plugins.yaml. */
export function complaint(p: Problem | null, field: string): string | undefined {
  if (!p) return undefined
  const direct = p.at('/settings/' + field) ?? p.at('/' + field)
  if (direct) return direct
  const tail = field.replaceAll('/', '.')
  const e = p.errors.find((x) => { const m = /^channels\[[^\]]*\]\.(.+)$/.exec(x.path ?? ''); return m && (m[1] === tail || m[1]!.startsWith(tail + '.') || m[1]!.startsWith(tail + '[')) })
  return e && [e.detail, e.allowed, e.hint].filter(Boolean).join(' · ')
}
