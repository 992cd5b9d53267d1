import { expect, test } from 'vitest'
import { around, diffLines, merge, readUnified } from '../src/lib/diff'
import { matcher, noFilter } from '../src/lib/filter'
import { jsonLine, yamlLine } from '../src/lib/highlight'
import { drop } from '../src/lib/order'
import { fields } from '../src/lib/schema'
import { advance, bucket, byChannel, totals } from '../src/lib/series'
import { curl } from '../src/lib/snippet'
import { delta, readEvents } from '../src/lib/sse'
import { changedFields, complaint, complete } from '../src/screens/channels/draft'
import { Problem } from '../src/api/call'
import type { Exchange, Point } from '../src/api/types'

test('differences of lines', () => {
  const show = (a: string, b: string): string => diffLines(a, b).map((l) => l.kind + l.text).join('|')
  expect(show('a\nb\nc', 'a\nx\nc')).toBe(' a|-b|+x| c')
  expect(show('', 'a')).toBe('-|+a')
  expect(show('a\nb', 'a\nb')).toBe(' a| b')
  expect(around(diffLines('1\n2\n3\n4\n5\n6\n7\n8\n9', '1\n2\n3\n4\nX\n6\n7\n8\n9'), 1).map((l) => l.kind).join('')).toBe(' -+ ')
  // applying a difference to the old text gives the new one, whatever the texts
  let seed = 1
  const random = (n: number): number => (seed = (seed * 48271) % 2147483647) % n
  for (let i = 0; i < 200; i++) {
    const text = (): string => Array.from({ length: random(12) }, () => 'abc'[random(3)]).join('\n')
    const a = text()
    const b = text()
    const d = diffLines(a, b)
    expect(d.filter((l) => l.kind !== '+').map((l) => l.text).join('\n')).toBe(a)
    expect(d.filter((l) => l.kind !== '-').map((l) => l.text).join('\n')).toBe(b)
  }
})

test('unified differences read back', () => {
  expect(readUnified('--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n-b\n+--- c\n@@ -9 +9 @@\n-x\n').map((l) => `${l.kind}${l.text}`)).toEqual([' a', '-b', '+--- c', '@', '-x'])
  expect(readUnified('')).toEqual([])
})

test('two edits of one file are joined, and never silently', () => {
  const base = 'a\nb\nc\nd\ne'
  const f = (mine: string, theirs: string, want: string, conflicts = 0): void => expect(merge(base, mine, theirs)).toEqual({ text: want, conflicts })
  f('A\nb\nc\nd\ne', 'a\nb\nc\nd\nE', 'A\nb\nc\nd\nE')
  f('a\nb\nc\nd\ne\nf', 'x\na\nb\nc\nd\ne', 'x\na\nb\nc\nd\ne\nf')
  f('a\nb\nC\nd\ne', 'a\nb\nC\nd\ne', 'a\nb\nC\nd\ne')
  f('a\nb\nd\ne', base, 'a\nb\nd\ne')
  f('a\nb\nM\nd\ne', 'a\nb\nT\nd\ne', 'a\nb\n<<<<<<< mine\nM\n=======\nT\n>>>>>>> theirs\nd\ne', 1)
  f('a\nb\nd\ne', 'a\nb\nT\nd\ne', 'a\nb\n<<<<<<< mine\n=======\nT\n>>>>>>> theirs\nd\ne', 1)
})

test('colours keep every character', () => {
  for (const line of ['name: "a: b" # note', '  - { key: "sk", x: 1 }', '"quoted key": ${NAME}', '# only a note', 'url: https://x.example:1/a#b', "it's: 'a''b'", '']) expect(yamlLine(line).map((p) => p.text).join('')).toBe(line)
  for (const line of ['  "a": "b\\"c",', '{"x":[1,-2.5e3,true,null]}', 'not json "']) expect(jsonLine(line).map((p) => p.text).join('')).toBe(line)
  expect(yamlLine('weight: 2')).toEqual([{ text: 'weight', kind: 'key' }, { text: ':' }, { text: ' ' }, { text: '2', kind: 'num' }])
})

test('a channel that is moved takes the priority of its new neighbours', () => {
  const before = [{ name: 'a', priority: 1 }, { name: 'b', priority: 1 }, { name: 'c', priority: 2 }]
  const f = (names: string, moved: string, want: string): void => expect(drop(before, names.split(''), moved).map((p) => p.name + p.priority).join(' ')).toBe(want)
  f('bac', 'b', 'b1 a1 c2')
  f('acb', 'b', 'a1 c2 b2')
  f('cab', 'c', 'c1 a1 b1')
  f('abc', 'a', 'a1 b1 c2')
})

test('forms from JSON Schema', () => {
  const got = fields({ properties: { a: { type: 'string', description: 'A' }, b: { type: 'integer', minimum: 1, default: 3 }, c: { enum: ['x', 'y'] }, d: { type: 'array', items: { type: 'string' } }, e: { type: 'object' }, f: { type: 'boolean', title: 'F', title_zh: '弗' }, g: { anyOf: [] } }, required: ['a'] }, 'en')
  expect(got.map((f) => f.kind)).toEqual(['string', 'number', 'enum', 'list', 'json', 'boolean', 'json'])
  expect(got[0]).toMatchObject({ required: true, hint: 'A' })
  expect(got[1]).toMatchObject({ min: 1, fallback: 3, whole: true })
  expect(fields({ properties: { f: { type: 'boolean', title: 'F', title_zh: '弗' } } }, 'zh-CN')[0]!.title).toBe('弗')
  expect(fields(null, 'en')).toEqual([])
})

test('what changed of a channel', () => {
  const a = complete({ name: 'm', adapter: 'openai', base_url: 'https://x', headers: { 'x-a': '•••' }, timeouts: { connect: '5s' } })
  const f = (change: (b: typeof a) => void, want: object, isNew = false): void => { const b = structuredClone(a); change(b); expect(changedFields(a, b, isNew)).toEqual(want) }
  f(() => {}, {})
  f((b) => { b.weight = 3 }, { weight: 3 })
  f((b) => { b.weight = '' as unknown as number }, { weight: null })
  f((b) => { b.timeouts.idle = '' }, { timeouts: { idle: null } })
  f((b) => { b.headers = { 'x-b': '1' } }, { headers: { 'x-a': null, 'x-b': '1' } })
  f((b) => { b.models = [{ pattern: '', model: '' }] }, {})
  f(() => {}, { name: 'm', adapter: 'openai', base_url: 'https://x', headers: { 'x-a': '•••' }, timeouts: { connect: '5s' } }, true)
})

test("the server's words stand at their field", () => {
  const p = new Problem({ code: 'invalid', errors: [{ pointer: '/settings/base_url', code: 'x', detail: 'no URL', hint: 'https?' }, { path: 'channels[2].timeouts.idle', code: 'y', detail: 'no duration' }] })
  expect(complaint(p, 'base_url')).toBe('no URL · https?')
  expect(complaint(p, 'timeouts/idle')).toBe('no duration')
  expect(complaint(p, 'timeouts')).toBe('no duration')
  expect(complaint(p, 'name')).toBeUndefined()
})

const point = (at: number, ok: number, failed = 0): Point => ({ time: new Date(at).toISOString(), requests: { ok, overloaded: failed }, live: ok, first_byte_p50_ms: ok * 10, first_byte_p95_ms: 0, input_tokens: ok, output_tokens: 0, cache_read_tokens: 0, cache_write_tokens: 0 })

test('time series', () => {
  const points = [point(0, 1), point(10_000, 2, 1), point(30_000, 4), point(40_000, 0)]
  const b = bucket(points, 10_000, 3)
  expect(b.times).toEqual([0, 30])
  expect(b.requests('ok')).toEqual([3, 4])
  expect(b.requests('failed')).toEqual([1, 0])
  expect(b.middle('first_byte_p95_ms')).toEqual([null, null])
  expect(totals(points)).toMatchObject({ requests: 8, ok: 7, success: 7 / 8 })
  expect(advance(points, point(40_000, 9)).length).toBe(4)
  expect(advance(points, point(50_000, 1), 4).map((p) => p.time)[0]).toBe(points[1]!.time)
  expect(advance(points, point(20_000, 1))).toBe(points)
})

const exchange = (o: Partial<Exchange>): Exchange => ({ id: 'req_1', time: new Date(1000).toISOString(), op: 'messages', model: 'claude-opus', stream: true, client: 'me', session: '', live: false, outcome: 'ok', cut: false, status: 200, attempts: [], channel: 'a', key: '', upstream_model: 'gpt', upstream_id: '', input_tokens: 1, output_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, stop: '', first_byte_ms: 1, total_ms: 2, overhead_ms: 0, bytes_in: 0, bytes_out: 0, losses: [], message: '', captured: false, ...o })

test('which exchanges the log shows', () => {
  const attempt = { adapter: '', channel: 'b', class: 'auth', head_ms: 0, key: 'team', key_id: '', kind: '', model: '', ok: false, reason: 'bad key', retry_after_ms: 0, source: '', start_ms: 0, status: 401, total_ms: 1, wait_ms: 0 }
  const f = (filter: object, x: Partial<Exchange>, want: boolean): void => expect(matcher({ ...noFilter, ...filter }, 61_000)(exchange(x)), JSON.stringify([filter, x])).toBe(want)
  f({}, {}, true)
  f({ outcome: 'failed' }, {}, false)
  f({ outcome: 'failed' }, { outcome: 'timeout' }, true)
  f({ outcome: 'live' }, { live: true }, true)
  f({ outcome: 'moved' }, { attempts: [attempt, attempt] }, true)
  f({ status: '5xx' }, { status: 529 }, true)
  f({ status: '5xx' }, { status: 429 }, false)
  f({ status: '42' }, { status: 429 }, true)
  f({ channel: 'b' }, { attempts: [attempt] }, true)
  f({ q: 'bad TEAM' }, { attempts: [attempt] }, true)
  f({ q: 'nothing' }, {}, false)
  f({ minutes: '1' }, {}, true)
  f({ minutes: '1' }, { time: new Date(0).toISOString() }, false)
  expect(byChannel([exchange({ attempts: [attempt] })], 3_600_000).get('b')!.failures.reduce((a, b) => a + b)).toBe(1)
})

test('events of a stream, whatever the split of its bytes', async () => {
  const text = 'event: a\r\ndata: {"x":1}\r\n\r\n: comment\n\ndata: ü1\ndata: 2\n\nevent: end\ndata: 3\n\ndata: half'
  const bytes = new TextEncoder().encode(text)
  for (let cut = 1; cut < bytes.length; cut++) {
    const parts = [bytes.slice(0, cut), bytes.slice(cut)]
    const got: string[] = []
    for await (const e of readEvents(new ReadableStream({ pull(c) { const p = parts.shift(); if (p) c.enqueue(p); else c.close() } }))) got.push(`${e.name}=${e.data}`)
    expect(got, String(cut)).toEqual(['a={"x":1}', 'message=ü1\n2', 'end=3'])
  }
  expect(delta({ name: '', data: '{"type":"content_block_delta","delta":{"text":"hi"}}', atMs: 0 })).toEqual({ text: 'hi' })
  expect(delta({ name: '', data: '{"type":"error","error":{"message":"no"}}', atMs: 0 })).toEqual({ error: 'no' })
  expect(delta({ name: '', data: 'junk', atMs: 0 })).toEqual({})
})

test('curl quotes for a shell', () => {
  expect(curl('http://x', `{"a":"it's"}`)).toContain(`-d '{"a":"it'\\''s"}'`)
})
