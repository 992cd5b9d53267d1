import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, channel, proxy, shot, signIn, upstream, violations } from './harness.mjs'

let up, p, b
before(async () => {
  up = await upstream()
  // Nothing listens at port 9, so the first channel fails and the second answers.
  p = await proxy(`version: 1\nchannels:\n${channel('gone', 'http://127.0.0.1:9/v1')}${channel('there', up.url + '/v1', '    priority: 2\n')}`)
  b = await browser()
})
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

test('a failover is seen live, with its attempts', async () => {
  const page = await b.page()
  await signIn(page, p, '#/logs')
  await page.getByText('No request yet').waitFor()
  await shot(page, 'logs-empty')
  assert.equal((await p.ask()).status, 200)
  const row = page.locator('.logrow').first()
  await row.waitFor()
  await row.getByText('2×').waitFor()
  await row.click()
  await page.getByRole('dialog').getByText('gone', { exact: true }).waitFor()
  await page.getByRole('dialog').getByText('there', { exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await shot(page, 'waterfall')
  assert.deepEqual(page.errors, [])
})

test('a file that somebody else changed meanwhile is joined, not overwritten', async () => {
  const page = await b.page()
  await signIn(page, p, '#/config')
  const area = page.getByRole('textbox', { name: 'plugins.yaml' })
  await area.waitFor()
  await area.fill((await area.inputValue()) + '# mine\n')
  p.write('# theirs\n' + p.file())
  await page.getByText('Somebody changed the file meanwhile').waitFor()
  await shot(page, 'conflict')
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Keep both' }).click()
  assert.match(await area.inputValue(), /^# theirs\n[\s\S]*# mine\n$/)
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText('plugins.yaml saved').waitFor()
  assert.match(p.file(), /^# theirs\n[\s\S]*# mine\n$/)
  assert.match(p.file(), /canary-upstream-key-5ba1d07c-gone/)
  assert.ok(!(await area.inputValue()).includes('canary'), 'a secret stands in the editor')
})

for (const [width, lang] of [[1280, 'en'], [375, 'zh-CN']]) {
  test(`a conflict and the change of a channel in the dark, ${width} px wide`, async () => {
    const page = await b.page({ width, lang, theme: 'dark', height: width < 500 ? 800 : 860 })
    const look = async (name) => {
      await shot(page, `${name}-${width}-dark-${lang}`)
      assert.deepEqual(await violations(page), [], name)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`)
    }
    await signIn(page, p, '#/config')
    const area = page.getByRole('textbox', { name: 'plugins.yaml' })
    await area.waitFor()
    const before = p.file()
    // both change the same line, which nobody can join for them
    await area.fill((await area.inputValue()).replace('version: 1', 'version: 1 # mine'))
    p.write(before.replace('version: 1', 'version: 1 # theirs'))
    await page.locator('.conflict').waitFor()
    await look('conflict-hard')
    await page.locator('.conflict .btn').first().click()
    await page.locator('.conflict').waitFor({ state: 'detached' })
    assert.match(await area.inputValue(), /# theirs/)
    p.write(before)
    await page.goto(`${p.url}/#/channels/there`)
    await page.getByRole('dialog').locator('input[type=number]').nth(1).fill('7')
    await page.getByRole('dialog').locator('footer .ok-text').waitFor()
    await page.getByRole('dialog').locator('footer .primary').click()
    await page.locator('.diff .add').first().waitFor()
    await look('channel-diff')
    assert.deepEqual(page.errors.filter((e) => !/status of 4(09|22)/.test(e)), [])
    await page.context().close()
  })
}

test('a server that is gone is told, and its return noticed, without a click', async () => {
  const page = await b.page()
  await signIn(page, p)
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await p.halt()
  await page.getByText('The proxy cannot be reached').waitFor()
  await shot(page, 'gone')
  await p.start()
  // sessions live in memory, so the new process asks who is there, over the page as it stands
  await page.getByText('Your session has ended').waitFor()
  await page.getByLabel('Access key').fill(p.key)
  await page.keyboard.press('Enter')
  await page.getByText('The proxy cannot be reached').waitFor({ state: 'detached' })
  // one that says goodbye is noticed as well
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await p.end()
  await page.getByText('The proxy cannot be reached').waitFor()
  await p.start()
  await page.getByLabel('Access key').fill(p.key)
  await page.keyboard.press('Enter')
  await page.getByText('The proxy cannot be reached').waitFor({ state: 'detached' })
})
