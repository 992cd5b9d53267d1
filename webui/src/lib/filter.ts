// Which exchanges the log shows.
import type { Exchange } from '../api/types'

export interface Filter { q: string; outcome: string; status: string; model: string; channel: string; client: string; minutes: string }
export const noFilter: Filter = { q: '', outcome: '', status: '', model: '', channel: '', client: '', minutes: '' }

const failures = new Set(['upstream_error', 'adapter_error', 'timeout', 'overloaded'])

/** A function that says whether an exchange is shown. status is a number or a class as 5xx; outcome may be failed, live or cut. */
export function matcher(f: Filter, now: number): (x: Exchange) => boolean {
  const words = f.q.toLowerCase().split(/\s+/).filter(Boolean)
  const since = f.minutes ? now - Number(f.minutes) * 60_000 : 0
  const status = f.status.trim().toLowerCase()
  return (x) => {
    if (f.outcome && !(f.outcome === 'live' ? x.live : f.outcome === 'failed' ? failures.has(x.outcome) || x.cut : f.outcome === 'cut' ? x.cut : f.outcome === 'moved' ? x.attempts.length > 1 : x.outcome === f.outcome)) return false
    if (status && !(status.endsWith('xx') ? String(x.status)[0] === status[0] && x.status > 99 : String(x.status).startsWith(status))) return false
    if (f.model && !x.model.toLowerCase().includes(f.model.toLowerCase()) && !x.upstream_model.toLowerCase().includes(f.model.toLowerCase())) return false
    if (f.channel && x.channel !== f.channel && !x.attempts.some((a) => a.channel === f.channel)) return false
    if (f.client && x.client !== f.client) return false
    if (since && Date.parse(x.time) < since) return false
    if (!words.length) return true
    const text = [x.id, x.model, x.upstream_model, x.client, x.session, x.channel, x.key, x.outcome, x.message, x.upstream_id, ...x.attempts.flatMap((a) => [a.channel, a.key, a.reason, a.class])].join(' ').toLowerCase()
    return words.every((w) => text.includes(w))
  }
}
