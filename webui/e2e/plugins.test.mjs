import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { browser, proxy, shot, signIn, violations } from './harness.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
let p, b
before(async () => { p = await proxy('version: 1\n'); b = await browser() })
after(async () => { await b?.close(); await p?.stop() })

const build = (to) => execFileSync('go', ['build', '-buildmode=c-shared', '-ldflags=-s -w', '-o', to, './sdk/examples/echo/wasm'], { cwd: root, env: { ...process.env, GOOS: 'wasip1', GOARCH: 'wasm', CGO_ENABLED: '0' } })

test('a plugin is checked before it works, a broken one explains itself, a version can be taken back', async () => {
  const file = join(p.dir, 'mine.wasm')
  build(file)
  const page = await b.page()
  await signIn(page, p, '#/plugins')
  await page.getByText('No plugin yet').waitFor()
  await shot(page, 'plugins-empty')
  const input = page.locator('.dropzone input')
  // broken first
  await input.setInputFiles({ name: 'broken.wasm', mimeType: 'application/wasm', buffer: Buffer.from('this is no module') })
  await page.getByRole('dialog').locator('.note.bad').waitFor()
  await shot(page, 'plugin-broken')
  assert.ok(await page.getByRole('button', { name: 'Put to work' }).isDisabled())
  await page.getByRole('button', { name: 'Cancel' }).click()
  // then the real one
  await input.setInputFiles(file)
  await page.getByText('Ready.').waitFor({ timeout: 60_000 })
  assert.deepEqual(await violations(page), [])
  await shot(page, 'plugin-preflight')
  await page.getByRole('button', { name: 'Put to work' }).click()
  await page.locator('.plugin').getByText('at work').waitFor({ timeout: 60_000 })
  // another version of it: a custom section changes the hash and nothing else
  const bytes = readFileSync(file)
  writeFileSync(file, Buffer.concat([bytes, Buffer.from([0, 5, 4, 110, 111, 116, 101])]))
  await input.setInputFiles(file)
  await page.getByText('Requests under way finish with the version before').waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Put to work' }).click()
  await page.getByText('mine is at work').last().waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'Details' }).click()
  await page.getByRole('tab', { name: 'Versions' }).click()
  await page.getByRole('button', { name: 'Go back to it' }).click()
  await page.getByText('mine is at the version before', { exact: false }).or(page.getByText('mine is back at the version before')).first().waitFor({ timeout: 60_000 })
  await shot(page, 'plugin-versions')
  assert.deepEqual(page.errors.filter((e) => !/422/.test(e)), [])
})
