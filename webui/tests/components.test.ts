import { afterEach, expect, test } from 'vitest'
import { createApp, h, nextTick, ref, type Component } from 'vue'
import Diff from '../src/ui/Diff.vue'
import Editor from '../src/ui/Editor.vue'
import Field from '../src/ui/Field.vue'
import ListInput from '../src/ui/ListInput.vue'
import SchemaForm from '../src/ui/SchemaForm.vue'
import Tabs from '../src/ui/Tabs.vue'
import VirtualList from '../src/ui/VirtualList.vue'
import Waterfall from '../src/screens/logs/Waterfall.vue'
import type { Exchange } from '../src/api/types'

const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>'
let stop: (() => void) | undefined
afterEach(() => { stop?.(); document.body.replaceChildren() })

function mount(component: Component, props: Record<string, unknown> = {}, slots: Record<string, (...a: never[]) => unknown> = {}): HTMLElement {
  const el = document.createElement('div')
  document.body.append(el)
  const app = createApp({ render: () => h(component, props, slots) })
  app.mount(el)
  stop = () => app.unmount()
  return el
}

test('a field ties its words to its control', () => {
  const el = mount(Field, { label: 'Weight', hint: 'A share', error: hostile, env: 'PORT' }, { default: ({ bind }: { bind: object }) => h('input', bind) } as never)
  const input = el.querySelector('input')!
  expect(el.querySelector('label')!.htmlFor).toBe(input.id)
  expect(input.disabled).toBe(true)
  expect(input.getAttribute('aria-invalid')).toBe('true')
  for (const id of input.getAttribute('aria-describedby')!.split(' ')) expect(document.getElementById(id), id).not.toBeNull()
  expect(el.textContent).toContain('PORT')
  expect(el.querySelector('img, script')).toBeNull()
})

test('tabs move with the arrow keys', async () => {
  const at = ref('a')
  const el = document.createElement('div')
  document.body.append(el)
  const app = createApp({ render: () => h(Tabs, { modelValue: at.value, label: 'x', tabs: [{ id: 'a', label: 'A' }, { id: 'b', label: 'B' }], 'onUpdate:modelValue': (v: string) => (at.value = v) }) })
  app.mount(el)
  stop = () => app.unmount()
  el.querySelector('[role=tablist]')!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
  await nextTick()
  expect(at.value).toBe('b')
  expect(el.querySelector('[aria-selected=true]')!.textContent).toBe('B')
})

test('hostile texts stay text in code, differences and waterfalls', () => {
  for (const [c, props] of [[Editor, { modelValue: hostile, lang: 'yaml', label: 'x' }], [Diff, { before: 'a', after: hostile, label: 'x' }], [Waterfall, { exchange: { live: false, total_ms: 5, attempts: [{ channel: hostile, key: hostile, model: hostile, class: hostile, reason: hostile, ok: false, start_ms: 0, wait_ms: 1, head_ms: 0, total_ms: 5, status: 500, retry_after_ms: 0 }] } as unknown as Exchange }]] as const) {
    const el = mount(c as Component, props)
    expect(el.querySelector('img, script')).toBeNull()
    expect(el.textContent).toContain('onerror')
    stop!()
  }
})

test('ten thousand rows render as a few', () => {
  const items = Array.from({ length: 10_000 }, (_, i) => ({ id: String(i) }))
  const el = mount(VirtualList as unknown as Component, { items, rowHeight: 36, keyOf: (x: { id: string }) => x.id, label: 'x' }, { default: ({ item }: { item: { id: string } }) => h('div', { class: 'r' }, item.id) } as never)
  expect(el.querySelectorAll('.r').length).toBeLessThan(60)
  expect((el.querySelector('.vlist > div') as HTMLElement).style.height).toBe('360000px')
})

test('a list takes several words at once and gives one back', async () => {
  let list: string[] = []
  const el = mount(ListInput, { modelValue: ['a'], bind: { id: 'x' }, 'onUpdate:modelValue': (v: string[]) => (list = v) })
  const input = el.querySelector('input')!
  input.value = 'b, c b'
  input.dispatchEvent(new Event('input'))
  input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter' }))
  expect(list).toEqual(['a', 'b', 'c'])
  await nextTick()
  input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Backspace' }))
  expect(list).toEqual([])
})

test('a form from a schema keeps what it cannot show as JSON and forgets what is empty', async () => {
  let value: Record<string, unknown> = {}
  const el = mount(SchemaForm, { schema: { properties: { name: { type: 'string' }, more: { type: 'object' } } }, modelValue: { name: 'x', more: { a: 1 } }, errorAt: () => undefined, 'onUpdate:modelValue': (v: Record<string, unknown>) => (value = v) })
  const [name] = el.querySelectorAll('input')
  expect(el.querySelector('textarea')!.value).toBe('{\n  "a": 1\n}')
  name!.value = ''
  name!.dispatchEvent(new Event('input'))
  expect(value).toEqual({ more: { a: 1 } })
  const area = el.querySelector('textarea')!
  area.value = '{'
  area.dispatchEvent(new Event('input'))
  await nextTick()
  expect(el.querySelector('[role=alert]')).not.toBeNull()
})
