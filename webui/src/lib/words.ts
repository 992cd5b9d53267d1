// Words for what the API says in codes. Where there is no word, the server's own English text stands.
import type { Tone } from '../ui/State.vue'
import type { Attention, Because, Exchange, LocalText } from '../api/types'
import { clock, lang, maybe, t, type Key } from './i18n'

export function attentionText(a: Attention): string {
  const name = a.channel || a.plugin || ''
  return maybe('attention.' + a.code, { name, key: a.key ?? '' })?.concat(a.message ? ': ' + a.message : '') ?? a.message
}

/** A reason of the route explainer in the language in use; the server's own sentence where it gave no code. */
export function whyText(x: { because?: Because; reason: string }): string {
  if (!x.because) return x.reason
  const { code, with: names = {} } = x.because
  const key: Key = `explain.why.${code}`
  return t(key, names.state ? { ...names, state: maybe('state.' + names.state) ?? names.state } : names)
}

/** A text in the language in use, else in the other one. */
export const local = (x: LocalText | undefined): string => (lang() === 'zh-CN' ? x?.zh || x?.en : x?.en || x?.zh) ?? ''

export const stateTone: Record<string, Tone> = { ok: 'ok', degraded: 'warn', cooling: 'warn', quota: 'warn', invalid: 'bad', unavailable: 'bad', disabled: 'idle', untested: 'idle' }

/** A state with the time left, as "cooling 0:42". */
export function stateText(state: string, until?: string, now = Date.now()): string {
  const left = until ? (new Date(until).getTime() - now) / 1000 : 0
  const word = maybe('state.' + state) ?? state
  return left > 0 && left < 36_000 ? `${word} ${clock(left)}` : word
}

export const outcomeTone = (x: Exchange): Tone => (x.live ? 'accent' : x.outcome === 'ok' ? 'ok' : x.outcome === 'canceled' ? 'idle' : x.outcome === 'client_error' ? 'warn' : 'bad')
export const outcomeText = (x: Exchange): string => (x.live ? t('outcome.live') : x.cut ? t('outcome.cut') : (maybe('outcome.' + x.outcome) ?? x.outcome))
