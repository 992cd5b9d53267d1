import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

// What a browser fetches before the first screen is there: the page, what it names, and the other language's words.
test('the first load stays below 150 KB', () => {
  expect(existsSync('dist/index.html')).toBe(true)
  const page = readFileSync('dist/index.html', 'utf8')
  const named = [...page.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map((m) => 'dist/' + m[1])
  const first = [...named, ...readdirSync('dist/assets').filter((f) => /^(zh-CN|Overview|Chart|uPlot|_plugin)/i.test(f)).map((f) => 'dist/assets/' + f)]
  const total = [...new Set(first)].reduce((n, f) => n + gzipSync(readFileSync(f)).length, gzipSync(page).length)
  expect(total).toBeLessThan(150_000)
  expect(total).toBeGreaterThan(20_000)
})

test('the page holds no script of its own and nothing from elsewhere', () => {
  const page = readFileSync('dist/index.html', 'utf8')
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/)
  expect(page).not.toMatch(/\bon\w+=/)
  expect(page).not.toMatch(/https?:\/\//)
  for (const f of readdirSync('dist/assets').filter((x) => x.endsWith('.css'))) expect(readFileSync('dist/assets/' + f, 'utf8'), f).not.toMatch(/url\(|@import/)
})
