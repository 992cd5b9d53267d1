import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, channel, proxy, shot, signIn, upstream } from './harness.mjs'

let up, p, b
before(async () => {
  up = await upstream()
  p = await proxy(`version: 1\nchannels:\n${channel('first', up.url + '/v1')}${channel('second', up.url + '/v1')}${channel('third', up.url + '/v1', '    priority: 2\n')}`)
  b = await browser()
})
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

test('ten thousand rows of the log are a few in the page, from the first to the last', async () => {
  await p.ask()
  const { items: [one] } = await p.api('GET', 'exchanges')
  const many = Array.from({ length: 9_990 }, (_, i) => ({ ...one, id: `req_row${i}`, model: `claude-row-${i}`, time: new Date(Date.parse(one.time) - 1000 * (i + 1)).toISOString() }))
  const page = await b.page()
  await page.route((url) => url.pathname.endsWith('/exchanges'), (route) => route.fulfill({ json: { items: [one, ...many], next: '' } }))
  await signIn(page, p, '#/logs')
  await page.getByText('9,991 recent requests').waitFor()
  const rows = () => page.locator('.logrow').count()
  assert.ok(await rows() < 60, `${await rows()} rows in the page`)
  const list = page.getByRole('listbox', { name: 'Logs' })
  for (const part of [0.25, 0.5, 0.75, 1]) {
    await list.evaluate((x, part) => { x.scrollTop = x.scrollHeight * part }, part)
    const at = Math.min(9_990, Math.ceil(9_990 * part))
    await page.locator(`.logrow[aria-posinset="${at}"]`).waitFor()
    assert.ok(await rows() < 60, `${await rows()} rows in the page at ${part}`)
  }
  await page.getByText('claude-row-9989').waitFor()
  // who reads below is not disturbed by what comes in above
  await p.ask('claude-opus-4-5')
  await page.getByText('1 new above').waitFor()
  assert.ok(await page.getByText('claude-row-9989').isVisible())
  await list.evaluate((x) => { x.scrollTop = 0 })
  await page.locator('.logrow[aria-posinset="1"]', { hasText: 'claude-opus-4-5' }).waitFor()
  // a filter finds the one in ten thousand
  await page.locator('[data-search]').fill('claude-row-7777')
  await page.waitForFunction(() => document.querySelectorAll('.logrow').length === 1)
  await shot(page, 'logs-many')
  assert.deepEqual(page.errors, [])
})

test('rows of channels are put in order with the mouse', async () => {
  const page = await b.page()
  await signIn(page, p, '#/channels')
  const handle = await page.getByRole('button', { name: 'Move second' }).boundingBox()
  const target = await page.getByRole('row', { name: /first/ }).boundingBox()
  await page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2)
  await page.mouse.down()
  for (let i = 1; i <= 8; i++) await page.mouse.move(handle.x + 60, handle.y + ((target.y + 10 - handle.y) * i) / 8)
  await page.mouse.up()
  await page.getByText('second moved').waitFor()
  assert.ok(p.file().indexOf('name: second') < p.file().indexOf('name: first'))
  // let go outside of the table, nothing moves
  const before = p.file()
  const again = await page.getByRole('button', { name: 'Move second' }).boundingBox()
  await page.mouse.move(again.x + 5, again.y + 10)
  await page.mouse.down()
  for (let i = 1; i <= 6; i++) await page.mouse.move(again.x + 200, again.y + 20 * i)
  for (let i = 1; i <= 4; i++) await page.mouse.move(700, 640 + 30 * i)
  await page.mouse.up()
  await page.waitForFunction(() => !document.querySelector('.dragging'))
  assert.deepEqual(await page.locator('.channels .name').allInnerTexts(), ['second', 'first', 'third'])
  assert.equal(p.file(), before)
  assert.deepEqual(page.errors, [])
})
