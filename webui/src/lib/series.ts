// The time series of the overview, as charts want them.
import type { Exchange, Point } from '../api/types'

/** The points with the present one put in its place, the oldest leaving as new ones come. */
export function advance(points: Point[], now: Point, keep = 360): Point[] {
  const at = Date.parse(now.time)
  const last = points.at(-1)
  if (last && Date.parse(last.time) === at) return [...points.slice(0, -1), now]
  if (last && Date.parse(last.time) > at) return points
  return [...points, now].slice(-keep)
}

/** The outcomes of the API in the four that a chart tells apart. */
export const groups = { ok: ['ok'], client: ['client_error'], failed: ['upstream_error', 'adapter_error', 'timeout', 'overloaded'], gone: ['canceled'] } as const
export type Group = keyof typeof groups

/** The requests of a group in one point. */
export const count = (p: Point, group: Group): number => groups[group].reduce((n, o) => n + (p.requests[o] ?? 0), 0)

type Numbers = Exclude<keyof Point, 'requests' | 'time'>
export interface Bucketed { times: number[]; requests: (group: Group) => number[]; sum: (key: Numbers) => number[]; high: (key: Numbers) => number[]; middle: (key: Numbers) => (number | null)[] }

/** The points in groups of n, aligned to the clock so that groups do not shift as time moves on. */
export function bucket(points: Point[], stepMs: number, n: number): Bucketed {
  const steps: Point[][] = []
  const times: number[] = []
  let open = NaN
  for (const p of points) {
    const at = Math.floor(Date.parse(p.time) / (stepMs * n)) * stepMs * n
    if (at !== open) {
      open = at
      times.push(at / 1000)
      steps.push([])
    }
    steps.at(-1)!.push(p)
  }
  const add = (v: number[]): number => v.reduce((a, b) => a + b, 0)
  return {
    times,
    requests: (group) => steps.map((g) => add(g.map((p) => count(p, group)))),
    sum: (key) => steps.map((g) => add(g.map((p) => p[key]))),
    high: (key) => steps.map((g) => Math.max(...g.map((p) => p[key]))),
    // Steps without a request have no percentile; the line breaks there instead of falling to zero.
    middle: (key) => steps.map((g) => {
      const v = g.map((p) => p[key]).filter((x) => x > 0).sort((a, b) => a - b)
      return v.length ? v[Math.floor(v.length / 2)]! : null
    }),
  }
}

/** The figures of the tiles, over the points. */
export function totals(points: Point[]): { requests: number; ok: number; success: number; input: number; output: number; live: number } {
  const sum = (f: (p: Point) => number): number => points.reduce((n, p) => n + f(p), 0)
  const ok = sum((p) => count(p, 'ok'))
  const failed = sum((p) => count(p, 'failed'))
  return {
    requests: ok + failed + sum((p) => count(p, 'client') + count(p, 'gone')), ok, success: ok + failed ? ok / (ok + failed) : 1,
    input: sum((p) => p.input_tokens), output: sum((p) => p.output_tokens), live: Math.max(0, ...points.map((p) => p.live)),
  }
}

/** Attempts and failures of each channel in the last hour, in 24 steps, from the exchanges that this page knows. */
export function byChannel(exchanges: Iterable<Exchange>, now: number, steps = 24, span = 3_600_000): Map<string, { attempts: number[]; failures: number[] }> {
  const out = new Map<string, { attempts: number[]; failures: number[] }>()
  for (const x of exchanges) {
    const at = Math.floor(((Date.parse(x.time) - now + span) / span) * steps)
    if (at < 0 || x.live) continue
    for (const a of x.attempts) {
      let s = out.get(a.channel)
      if (!s) out.set(a.channel, (s = { attempts: Array<number>(steps).fill(0), failures: Array<number>(steps).fill(0) }))
      const i = Math.min(at, steps - 1)
      s.attempts[i]!++
      if (!a.ok) s.failures[i]!++
    }
  }
  return out
}
