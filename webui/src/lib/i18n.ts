// Words in two languages: flat dictionaries, {name} placeholders, and {n|one|other} for plurals. Dictionaries hold the same
// keys, which a test checks.
import { reactive } from 'vue'
import en from '../i18n/en.json'

export type Key = keyof typeof en
export type Lang = 'en' | 'zh-CN'
type Params = Record<string, string | number>

const state = reactive({ lang: 'en' as Lang, words: en as Record<string, string> })

/** The language in use. */
export const lang = (): Lang => state.lang

/** Loads a language and makes it the page's. Falls back to English when its file cannot be fetched. */
export async function setLang(to: Lang): Promise<void> {
  const words: Record<string, string> = to === 'zh-CN' ? (await import('../i18n/zh-CN.json')).default : en
  state.words = words
  state.lang = to
  document.documentElement.lang = to
  try {
    localStorage.setItem('claude-proxy.lang', to)
  } catch {
    // storage may be forbidden; the choice then lasts for this page
  }
}

/** The text of a key in the language in use. */
export function t(key: Key, params?: Params): string {
  return fill(state.words[key] ?? en[key] ?? key, params)
}

/** The text of a key that was put together at run time, or undefined when there is none. */
export function maybe(key: string, params?: Params): string | undefined {
  const text = state.words[key]
  return text === undefined ? undefined : fill(text, params)
}

/** Replaces {name} by params.name, and {n|one|other} by the form that fits the number params.n. */
export function fill(text: string, params: Params = {}): string {
  return text.replace(/\{(\w+)(?:\|([^|{}]*)\|([^{}]*))?\}/g, (whole, name: string, one?: string, other?: string) => {
    const value = params[name]
    if (value === undefined) return whole
    if (one !== undefined) return Number(value) === 1 ? one : (other ?? '')
    return typeof value === 'number' ? number(value) : value
  })
}

const formats = new Map<string, Intl.NumberFormat>()

function format(id: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = state.lang + id
  let f = formats.get(key)
  if (!f) formats.set(key, (f = new Intl.NumberFormat(state.lang, options)))
  return f
}

/** A number as people of this language write it. */
export const number = (n: number): string => format('n', { maximumFractionDigits: 2 }).format(n)
/** A number shortened to three digits or so: 12.3K, 1.2万. */
export const short = (n: number): string => (n < 10000 ? format('s', { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n) : format('c', { notation: 'compact', maximumFractionDigits: 1 }).format(n))
/** A share between 0 and 1 as a percentage. */
export const percent = (n: number): string => format('p', { style: 'percent', maximumFractionDigits: n > 0.999 || n < 0.1 ? 1 : 0 }).format(n === 1 ? 1 : Math.min(n, 0.9999))

/** Milliseconds as 8 ms, 1.24 s, 3 min 20 s. */
export function duration(ms: number): string {
  if (ms === 0) return '0'
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${number(Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 1)))} s`
  const s = Math.round(ms / 1000)
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

/** Microseconds as 19 µs, or as duration has it. */
export const brief = (us: number): string => (us < 1000 ? `${us < 10 ? number(Number(us.toFixed(1))) : Math.round(us)} µs` : duration(us / 1000))

/** Seconds left as 0:42 or 1:02:03. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds))
  const mm = Math.floor(s / 60) % 60
  const rest = `${s >= 3600 ? String(mm).padStart(2, '0') : mm}:${String(s % 60).padStart(2, '0')}`
  return s >= 3600 ? `${Math.floor(s / 3600)}:${rest}` : rest
}

export function bytes(n: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let i = 0
  while (n >= 1024 && i < units.length - 1) {
    n /= 1024
    i++
  }
  return `${number(Number(n.toFixed(i === 0 || n >= 100 ? 0 : 1)))} ${units[i]}`
}

/** The time of day with seconds. */
export const timeOfDay = (at: string | number | Date): string => new Intl.DateTimeFormat(state.lang, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(new Date(at))
export const dateTime = (at: string | number | Date): string => new Intl.DateTimeFormat(state.lang, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at))

/** How long ago, in words: 5 minutes ago. */
export function ago(at: string | number | Date, now = Date.now()): string {
  const s = Math.round((new Date(at).getTime() - now) / 1000)
  const rtf = new Intl.RelativeTimeFormat(state.lang, { numeric: 'auto', style: 'short' })
  const a = Math.abs(s)
  if (a < 60) return rtf.format(s, 'second')
  if (a < 3600) return rtf.format(Math.round(s / 60), 'minute')
  if (a < 86_400) return rtf.format(Math.round(s / 3600), 'hour')
  return rtf.format(Math.round(s / 86_400), 'day')
}
