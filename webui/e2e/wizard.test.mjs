import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, canary, proxy, shot, upstream, violations } from './harness.mjs'

let up, p, b
before(async () => { up = await upstream(); p = await proxy(); b = await browser() })
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

test('from nothing to a streamed answer in at most ten actions', async () => {
  const page = await b.page()
  let actions = 0
  const act = async (promise) => { actions++; await promise }
  await act(page.goto(p.link))
  await page.locator('.providers button').first().waitFor()
  assert.ok(!page.url().includes('code='), 'the one-time code left the address')
  assert.deepEqual(await violations(page), [])
  await shot(page, 'wizard-1')
  await act(page.getByRole('button', { name: /^OpenAI\s*api.openai.com/ }).click())
  await act(page.getByLabel('Base URL').fill(up.url + '/v1'))
  await act(page.getByLabel(/Keys, one a line/).fill(canary))
  await act(page.getByRole('button', { name: 'Test the key' }).click())
  await page.getByText('works', { exact: true }).waitFor()
  await shot(page, 'wizard-2')
  assert.deepEqual(await violations(page), [])
  await act(page.getByRole('button', { name: 'Continue' }).click())
  await page.getByLabel('Model for sonnet').waitFor()
  await shot(page, 'wizard-3')
  await act(page.getByRole('button', { name: 'Save and connect' }).click())
  await page.getByText('Waiting for your first request').waitFor()
  assert.match(await page.locator('.code').first().innerText(), new RegExp('ANTHROPIC_BASE_URL=' + p.url))
  await shot(page, 'wizard-4')
  await act(page.getByRole('button', { name: 'Send one from here' }).click())
  await page.getByText('Received', { exact: true }).waitFor()
  await page.locator('.answer').waitFor()
  assert.ok((await page.locator('.answer').innerText()).length > 3)
  await shot(page, 'wizard-5')
  assert.ok(actions <= 10, `${actions} actions`)
  assert.ok(p.file().includes('adapter: openai'))
  assert.ok(!(await page.content()).includes(canary), 'a secret stands in the page')
  assert.deepEqual(page.errors, [])
})

test('a used link says so, a wrong key is refused, the right one opens', async () => {
  const page = await b.page()
  await page.goto(p.link)
  await page.getByText('This link was used before').waitFor()
  await page.getByLabel('Access key').fill('cp-wrong')
  await page.keyboard.press('Enter')
  await page.getByText('This key is not accepted').waitFor()
  await shot(page, 'signin')
  assert.deepEqual(await violations(page), [])
  await page.getByLabel('Access key').fill(p.key)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  assert.deepEqual(page.errors, [])
})
