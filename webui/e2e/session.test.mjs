import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { browser, canary, channel, program, proxy, shot, signIn, upstream, violations } from './harness.mjs'

// A session ends while somebody types. The text stays, what was sent goes on after the sign-in, and is saved.
let up, p, b, page
before(async () => {
  up = await upstream()
  p = await proxy(`version: 1\nchannels:\n${channel('first', up.url + '/v1')}  - name: echoing\n    adapter: mine\n    base_url: ${up.url}/v1\n    keys: [ "${canary}-echo" ]\n    priority: 9\n`)
  execFileSync(program(), ['plugin', 'new', 'mine', '--like', 'echo'], { cwd: p.dir })
  const file = join(p.dir, (await p.api('GET', 'plugins')).dir, 'mine.wasm')
  mkdirSync(dirname(file), { recursive: true })
  execFileSync(program(), ['plugin', 'build', 'mine', '-o', file], { cwd: p.dir })
  b = await browser()
  page = await b.page()
  await signIn(page, p)
})
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

const open = async (screen) => { await page.goto(`${p.url}/#/${screen}`); await page.locator('main h1').waitFor(); await page.waitForFunction(() => !document.querySelector('.skeleton')) }
const button = (name, within = page) => within.getByRole('button', { name, exact: true }).last()

/** Ends every session on the server, sends the form all the same, and signs in over the page. */
async function interrupted(typed, text, submit) {
  const { items } = await p.api('GET', 'sessions')
  for (const s of items) await fetch(`${p.url}/admin/api/v1/sessions/${s.id}`, { method: 'DELETE', headers: { authorization: 'Bearer ' + p.key } })
  await submit.evaluate((x) => x.click())
  const ask = page.getByRole('dialog', { name: 'Your session has ended' })
  await ask.waitFor()
  assert.equal(await typed.inputValue(), text)
  assert.deepEqual(await violations(page), [])
  await ask.getByLabel('Access key').fill(p.key)
  await page.keyboard.press('Enter')
  await ask.waitFor({ state: 'detached' })
}

test('the editor of a channel', async () => {
  await open('channels/first')
  const field = page.getByLabel('Description')
  await field.fill('typed before the session ended')
  await page.getByText('The server accepts this.').waitFor()
  await interrupted(field, 'typed before the session ended', button('Review the change'))
  await page.locator('.diff .add').first().waitFor()
  await button('Save').click()
  await page.getByText('first saved').waitFor()
  assert.match(p.file(), /description: "?typed before the session ended/)
})

test('upstream keys, and a client key', async () => {
  await open('keys')
  await button('Add keys').click()
  const area = page.getByLabel('Keys, one a line')
  await area.fill(`${canary}-later`)
  await interrupted(area, `${canary}-later`, button('Add keys', page.getByRole('dialog')))
  await page.getByText('1 key added').waitFor()
  assert.match(p.file(), /-later/)
  await open('keys/clients')
  await button('New client key').click()
  const name = page.getByRole('dialog').getByLabel('Name')
  await name.fill('late-comer')
  await shot(page, 'session-form')
  await interrupted(name, 'late-comer', button('Make the key'))
  await page.locator('.secret code').waitFor()
  await button('I have copied it').click()
  assert.match(p.file(), /late-comer/)
})

test('a route', async () => {
  await open('routes')
  await button('Add a route').click()
  const pattern = page.getByLabel('What clients ask for')
  await pattern.fill('claude-opus-*')
  await page.getByLabel('Upstream model').fill('gpt-5')
  await interrupted(pattern, 'claude-opus-*', button('Review the change'))
  await page.locator('.diff .add').first().waitFor()
  await button('Save').click()
  await page.getByText('Routing saved').waitFor()
  assert.match(p.file(), /claude-opus-\*/)
})

test('the options of a plugin', async () => {
  await open('plugins')
  await page.locator('.plugin').getByText('at work').waitFor({ timeout: 60_000 })
  await open('plugins/mine')
  await page.getByRole('tab', { name: 'Options' }).click()
  const prefix = page.getByRole('dialog').getByLabel(/prefix/i)
  await prefix.fill('Echo says: ')
  await interrupted(prefix, 'Echo says: ', button('Save', page.getByRole('dialog')))
  await page.getByText('echoing saved').waitFor()
  assert.match(p.file(), /Echo says: /)
})

test('the editor of plugins.yaml', async () => {
  await open('config')
  const area = page.getByRole('textbox', { name: 'plugins.yaml' })
  const text = (await area.inputValue()) + '# typed before the session ended\n'
  await area.fill(text)
  await page.locator('aside .state.ok').waitFor()
  await page.waitForFunction(() => !document.querySelector('aside .btn.primary:disabled'))
  await interrupted(area, text, button('Review the change'))
  await page.locator('.diff .add').first().waitFor()
  await button('Save', page.getByRole('dialog')).click()
  await page.getByText('plugins.yaml saved').waitFor()
  assert.match(p.file(), /# typed before the session ended\n$/)
})

test('the playground and a setting', async () => {
  await open('playground')
  const message = page.getByLabel('Message')
  await message.fill('Said before the session ended')
  await interrupted(message, 'Said before the session ended', button('Send'))
  await page.locator('.lane .said', { hasText: 'Said before the session ended' }).waitFor()
  await open('settings/server')
  const wait = page.getByLabel('server.queue.wait')
  await wait.fill('8s')
  await interrupted(wait, '8s', button('Save'))
  await page.getByText('server.queue.wait saved').waitFor()
  assert.match(p.file(), /wait: 8s/)
  assert.ok(!(await page.content()).includes(canary), 'a secret stands in the page')
  assert.deepEqual(page.errors.filter((e) => !/status of 4(01|09|22)/.test(e)), [])
})
