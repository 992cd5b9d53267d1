import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { browser, proxy, shot, signIn, upstream, violations } from './harness.mjs'

// What the screens say when there is nothing, and when the server answers with an error: in words, with a way on.
let up, p, b
before(async () => {
  up = await upstream()
  p = await proxy('version: 1\n')
  b = await browser()
})
after(async () => { await b?.close(); await p?.stop(); await up?.stop() })

const looks = [[1280, 'light', 'en'], [1280, 'dark', 'zh-CN'], [375, 'dark', 'en'], [375, 'light', 'zh-CN']]
const places = [
  ['overview', /\/overview$/], ['keys', /\/channels$/], ['keys/clients', /\/client-keys$/], ['settings/server', /\/settings$/],
  ['settings/sessions', /\/(sessions|audit)$/], ['welcome', /\/presets$/],
]
const broken = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: 'Internal error', status: 500, code: 'internal', detail: 'the list of versions cannot be read: input/output error', try: 'look at the log of the program', request_id: 'req_0123456789abcdef' }) }
const settled = (page) => page.waitForFunction(() => document.querySelector('h1') && !document.querySelector('.skeleton'))

for (const [width, theme, lang] of looks) {
  test(`empty and failed: ${width} ${theme} ${lang}`, async () => {
    const page = await b.page({ width, theme, lang, height: width < 500 ? 800 : 860 })
    await signIn(page, p)
    const look = async (name) => {
      await shot(page, `${name}-${width}-${theme}-${lang}`)
      assert.deepEqual(await violations(page), [], name)
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`)
    }
    for (const [screen] of places) {
      await page.goto(`${p.url}/#/${screen}`)
      await settled(page)
      await look('empty-' + screen.replace('/', '-'))
    }
    for (const [screen, what] of places) {
      const name = screen.replace('/', '-')
      await page.goto(`${p.url}/#/playground`)
      await settled(page)
      const fail = (route) => route.fulfill(broken)
      const where = (url) => what.test(url.pathname)
      await page.route(where, fail)
      await page.goto(`${p.url}/#/${screen}`)
      const note = page.locator('.note.bad').first()
      await note.waitFor()
      await settled(page)
      assert.match(await note.innerText(), /input\/output error[\s\S]*req_0123456789abcdef/)
      await look('failed-' + name)
      // and its button loads it again
      await page.unroute(where, fail)
      for (let n = await page.locator('.note.bad').count(); n > 0; n--) await page.locator('.note.bad').nth(n - 1).getByRole('button').first().click()
      await page.waitForFunction(() => !document.querySelector('.note.bad'))
    }
    assert.deepEqual(page.errors.filter((e) => !/status of 500/.test(e)), [])
    await page.context().close()
  })
}
