import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, canary, channel, proxy, shot, signIn, upstream, violations } from './harness.mjs'

let up, p, b
before(async () => {
  up = await upstream()
  p = await proxy(`version: 1\n# a note that stays\nchannels:\n${channel('first', up.url + '/v1')}${channel('second', up.url + '/v1', '    priority: 2\n')}`)
  b = await browser()
})
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

test('the life of a channel: mistakes at their field, the change shown before it is saved, order, use, test, delete', async () => {
  const page = await b.page()
  await signIn(page, p)
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await page.getByRole('link', { name: 'first', exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await shot(page, 'channels')
  // an edit with a mistake is told at its field, and nothing typed is lost
  await page.getByRole('link', { name: 'first', exact: true }).click()
  await page.getByLabel('Weight').fill('3')
  await page.getByRole('tab', { name: 'Limits' }).click()
  await page.getByLabel('Silence').fill('nonsense')
  await page.locator('[aria-invalid="true"]').waitFor()
  await page.getByLabel('Silence').fill('120s')
  await page.getByText('The server accepts this.').waitFor()
  assert.deepEqual(await violations(page), [])
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.locator('.diff .add').first().waitFor()
  await shot(page, 'channel-diff')
  assert.ok(!p.file().includes('120s'), 'nothing is saved before it is said')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('first saved').waitFor()
  assert.match(p.file(), /# a note that stays/)
  assert.match(p.file(), /weight: 3/)
  assert.match(p.file(), /120s|2m/)
  // test it
  await page.getByRole('row', { name: /first/ }).getByRole('button', { name: 'Test', exact: true }).click()
  await page.getByRole('button', { name: 'Test now' }).click()
  await page.getByText('works', { exact: true }).waitFor()
  assert.deepEqual(await violations(page), [])
  await shot(page, 'channel-test')
  await page.keyboard.press('Escape')
  // order by keyboard: second moves above first and takes its priority
  await page.getByRole('button', { name: 'Move second' }).focus()
  await page.keyboard.press('ArrowUp')
  await page.getByText('second moved').waitFor()
  assert.ok(p.file().indexOf('name: second') < p.file().indexOf('name: first'))
  // switch it off and undo that
  await page.getByRole('switch', { name: 'Use second' }).click()
  await page.getByText('second is not in use').waitFor()
  assert.match(p.file(), /enabled: false/)
  await page.locator('.toast', { hasText: 'second is not in use' }).getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Undone').waitFor()
  assert.ok(!/enabled: false/.test(p.file()))
  // delete it
  await page.getByRole('button', { name: 'Actions: second' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('second deleted').waitFor()
  assert.ok(!p.file().includes('name: second'))
  assert.ok(!(await page.content()).includes(canary), 'a secret stands in the page')
  assert.deepEqual(page.errors.filter((e) => !/422/.test(e)), [])
})

test('every screen in both languages and both themes, wide and narrow, without serious findings', async () => {
  await p.ask()
  for (const [width, theme, lang] of [[1280, 'light', 'en'], [1280, 'dark', 'zh-CN'], [375, 'dark', 'en'], [375, 'light', 'zh-CN']]) {
    const page = await b.page({ width, theme, lang, height: width < 500 ? 800 : 860 })
    await signIn(page, p)
    for (const screen of ['overview', 'logs', 'inspector', 'channels', 'keys', 'keys/clients', 'routes', 'plugins', 'playground', 'config', 'config/effective', 'config/history', 'settings', 'settings/server', 'settings/sessions', 'settings/about']) {
      await page.goto(`${p.url}/#/${screen}`)
      await page.locator('main h1').waitFor()
      await page.waitForFunction(() => !document.querySelector('.skeleton'))
      await shot(page, `${screen.replace('/', '-')}-${width}-${theme}-${lang}`)
      assert.deepEqual(await violations(page), [], `${screen} ${width} ${theme} ${lang}`)
      if (['overview', 'logs'].includes(screen)) assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${screen} is wider than ${width}`)
    }
    assert.deepEqual(page.errors, [])
    await page.context().close()
  }
})
