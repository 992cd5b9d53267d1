import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '../src/i18n/en.json'
import zh from '../src/i18n/zh-CN.json'
import { bytes, clock, duration, fill, setLang, short, t } from '../src/lib/i18n'

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? sources(join(dir, e.name)) : /\.(vue|ts)$/.test(e.name) ? [join(dir, e.name)] : []))
}
const files = sources('src').map((path) => ({ path, text: readFileSync(path, 'utf8') }))

test('both dictionaries hold the same keys and placeholders', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort())
  const names = (s: string): string[] => [...new Set([...s.matchAll(/\{(\w+)/g)].map((m) => m[1]!))].sort()
  for (const [k, text] of Object.entries(en)) expect(names(zh[k as keyof typeof zh]).filter((x) => x !== 'n'), k).toEqual(names(text).filter((x) => x !== 'n'))
})

test('every word of the dictionaries is used', () => {
  const all = files.map((f) => f.text).join('\n')
  // keys that are put together at run time
  const made = /^(problem|attention|state|class|reason|outcome|loss|status|theme|settings\.theme|settings\.section|setting|explain|verdict|test|timeout|welcome|plugins\.state|routes\.strategy|channel\.loss|logs\.outcome)\./
  expect(Object.keys(en).filter((k) => !made.test(k) && !all.includes(`'${k}'`))).toEqual([])
})

test('templates hold no words of their own', () => {
  const allowed = /^(Claude Proxy|English|简体中文|plugins\.yaml|sha256|HTTP|MIT|API|OpenAPI 3\.1|Ctrl|Ctrl K|claude-\*\*|Enter|Esc|K|S|\.env|admin|\/metrics|Claude Proxy: MIT|p50|p95|anthropic-beta|PROXY_ACCESS_KEY|\.claude-proxy\/access-key|claude)$/
  const found: string[] = []
  for (const f of files.filter((x) => x.path.endsWith('.vue'))) {
    const template = /<template>([\s\S]*)<\/template>/.exec(f.text)?.[1] ?? ''
    for (const m of template.replace(/\{\{[\s\S]*?\}\}/g, '').matchAll(/>([^<>]*[A-Za-z\u4e00-\u9fff]{3,}[^<>]*)</g)) {
      const text = m[1]!.trim()
      if (!/^[\w\s.:&;"'=()|?,${}[\]!+\-*/]*(=>|&&|===|\|\|)/.test(text) && !allowed.test(text) && !/["=]/.test(text)) found.push(`${f.path}: ${text}`)
    }
    expect(f.text, f.path).not.toMatch(/v-html|innerHTML/)
  }
  expect(found).toEqual([])
})

test('placeholders and plurals', async () => {
  expect(fill('{n} {n|key|keys} of {name}', { n: 1, name: 'a' })).toBe('1 key of a')
  expect(fill('{n} {n|key|keys}', { n: 1200 })).toBe('1,200 keys')
  expect(fill('{missing} $& {x}', { x: '$&<b>' })).toBe('{missing} $& $&<b>')
  await setLang('zh-CN')
  expect(t('nav.overview')).toBe('概览')
  expect(document.documentElement.lang).toBe('zh-CN')
  await setLang('en')
  expect(t('nav.overview')).toBe('Overview')
})

test('figures', () => {
  const f = (got: string, want: string): void => expect(got).toBe(want)
  f(duration(0), '0')
  f(duration(0.4), '<1 ms')
  f(duration(999), '999 ms')
  f(duration(1234), '1.23 s')
  f(duration(61_000), '1 min 1 s')
  f(duration(90_000_000), '1 d 1 h')
  f(clock(42), '0:42')
  f(clock(3723), '1:02:03')
  f(clock(-5), '0:00')
  f(bytes(0), '0 B')
  f(bytes(3_211_000), '3.1 MiB')
  f(short(12_345), '12.3K')
})
