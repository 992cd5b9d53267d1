// What the browser tests stand on: the real program on a port of its own, the scripted upstream, Chromium. The program is
// CLAUDE_PROXY_BIN or built into e2e/bin; Chromium is CHROMIUM or /usr/bin/chromium; pictures go to E2E_SHOTS where set.
import { spawn, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = fileURLToPath(new URL('../../', import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
export const canary = 'canary-upstream-key-5ba1d07c'

let built
/** The program's path. */
export function program() {
  if (process.env.CLAUDE_PROXY_BIN) return process.env.CLAUDE_PROXY_BIN
  built ??= (() => {
    const path = join(root, 'webui/e2e/bin/claude-proxy')
    execFileSync('go', ['build', '-o', path, './cmd/claude-proxy'], { cwd: root, stdio: 'inherit' })
    return path
  })()
  return built
}

/** Starts the program and resolves with what the first match of pattern in its output captured. */
function run(args, cwd, pattern, env = {}) {
  const child = spawn(program(), args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  return new Promise((resolve, reject) => {
    const take = (b) => {
      out += b
      const m = pattern.exec(out)
      if (m) resolve({ child, match: m, output: () => out })
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}:\n${out}`)))
  })
}

const stop = (child) => new Promise((done) => { if (child.exitCode !== null) return done(); child.removeAllListeners('exit'); child.on('exit', done); child.kill('SIGKILL') })

/** The scripted upstream. */
export async function upstream(script) {
  const dir = mkdtempSync(join(tmpdir(), 'claude-proxy-mock-'))
  const args = ['mock', '--listen', '127.0.0.1:0']
  if (script) {
    writeFileSync(join(dir, 'script.json'), JSON.stringify(script))
    args.push('--script', join(dir, 'script.json'))
  }
  const { child, match } = await run(args, dir, /listens on (http:\S+)/)
  return { url: match[1], stop: async () => { await stop(child); rmSync(dir, { recursive: true, force: true }) } }
}

/** A proxy in a folder of its own, with this plugins.yaml (none: a first run). */
export async function proxy(yaml, env = {}, args = []) {
  const dir = mkdtempSync(join(tmpdir(), 'claude-proxy-e2e-'))
  if (yaml) writeFileSync(join(dir, 'plugins.yaml'), yaml, { mode: 0o600 })
  let listen = '127.0.0.1:0'
  let now
  const start = async () => {
    now = await run(['serve', '--listen', listen, ...args], dir, /is listening on (http:\S+)[\s\S]*Web UI: (\S+)/, env)
    listen = now.match[1].replace('http://', '')
    return now
  }
  await start()
  const key = env.PROXY_ACCESS_KEY ?? readFileSync(join(dir, '.claude-proxy/access-key'), 'utf8').trim()
  return {
    dir, key, url: now.match[1], link: now.match[2],
    log: () => now.output(),
    file: () => (existsSync(join(dir, 'plugins.yaml')) ? readFileSync(join(dir, 'plugins.yaml'), 'utf8') : ''),
    write: (text) => writeFileSync(join(dir, 'plugins.yaml'), text),
    halt: () => stop(now.child),
    /** Ends it as an operator does. */
    end: () => new Promise((done) => { now.child.removeAllListeners('exit'); now.child.on('exit', done); now.child.kill('SIGTERM') }),
    start,
    ask: (model = 'claude-sonnet-4-5', more = {}) => fetch(now.match[1] + '/v1/messages', { method: 'POST', headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' }, body: JSON.stringify({ model, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }], ...more }) }),
    api: async (method, path, body, headers = {}) => (await fetch(`${now.match[1]}/admin/api/v1/${path}`, { method, headers: { authorization: 'Bearer ' + key, ...(body ? { 'content-type': 'application/json' } : {}), ...headers }, body: body && JSON.stringify(body) })).json(),
    stop: async () => { await stop(now.child); rmSync(dir, { recursive: true, force: true }) },
  }
}

/** A channel for the tests' plugins.yaml. */
export const channel = (name, url, more = '') => `  - name: ${name}\n    adapter: openai\n    base_url: ${url}\n    keys: [ "${canary}-${name}" ]\n    models: { "claude-*": gpt-5 }\n${more}`

/** A browser whose pages fail the test on any error in the console, and on any request that leaves this machine. */
export async function browser() {
  const b = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  return {
    close: () => b.close(),
    page: async (o = {}) => {
      const context = await b.newContext({ viewport: { width: o.width ?? 1280, height: o.height ?? 860 }, locale: o.lang ?? 'en', colorScheme: o.theme ?? 'light' })
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      page.errors = []
      page.on('pageerror', (e) => page.errors.push(String(e)))
      // Who is not signed in is asked so by a 401, which Chromium notes by itself.
      page.on('console', (m) => { if (m.type() === 'error' && !/status of 401/.test(m.text())) page.errors.push(m.text()) })
      page.on('request', (r) => { if (!/^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(r.url())) page.errors.push('outside: ' + r.url()) })
      return page
    },
  }
}

/** What axe-core finds serious or worse. */
export async function violations(page) {
  // Evaluated by the debugger, which the content security policy does not bind.
  // What is still fading in has less contrast than it is going to have.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)))
  await page.evaluate(axe)
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })).violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 4).map((n) => n.target.join(' ') + ' ' + (n.failureSummary ?? '').split('\n')[1]) })))
  return found.filter((v) => v.impact === 'serious' || v.impact === 'critical')
}

/** A picture of the page, for people; part of what CI leaves behind. */
export async function shot(page, name) {
  if (!process.env.E2E_SHOTS) return
  mkdirSync(process.env.E2E_SHOTS, { recursive: true })
  await page.screenshot({ path: join(process.env.E2E_SHOTS, name + '.png') })
}

/** Signs in with the access key. */
export async function signIn(page, p, hash = '') {
  await page.goto(p.url + '/' + hash)
  await page.getByLabel(/Access key|访问密钥/).fill(p.key)
  await page.keyboard.press('Enter')
  await page.locator('.shell, .welcome').waitFor()
}

/**
 * Goes to an element by the Tab key alone (back with shift). Every stop on the way must be in sight, not covered, and show that
 * it has the focus; a page that swallows Tab never arrives.
 */
export async function tabTo(page, target, { back = false, most = 120 } = {}) {
  const el = await target.elementHandle()
  for (let i = 0; i < most; i++) {
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
    const complaint = await page.evaluate(focusComplaint)
    if (complaint) throw new Error(complaint)
    if (await el.evaluate((x) => x === document.activeElement)) return
  }
  throw new Error(`${target} cannot be reached by the Tab key`)
}

/** What is wrong with how the focus shows; runs in the page. */
function focusComplaint() {
  let el = document.activeElement
  if (!el || el === document.body) return ''
  const what = `${el.tagName} ${el.getAttribute('aria-label') ?? el.textContent.trim().slice(0, 40)}`
  // The focus of a control that is drawn by its neighbour or its box shows there.
  const drawn = [el, el.nextElementSibling, el.closest('label, .editor, .search')].filter(Boolean)
  const ring = (x) => { const s = getComputedStyle(x); return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow.includes('inset') }
  if (!drawn.some(ring)) return `no focus ring: ${what}`
  if (el.classList.contains('sr')) el = el.nextElementSibling ?? el.parentElement
  const r = el.getBoundingClientRect()
  const [x, y] = [Math.min(Math.max(r.left + Math.min(r.width, 30) / 2, 0), innerWidth - 1), Math.min(Math.max(r.top + Math.min(r.height, 30) / 2, 0), innerHeight - 1)]
  if (r.bottom < 0 || r.top > innerHeight || r.right < 0 || r.left > innerWidth) return `out of sight: ${what}`
  const top = document.elementFromPoint(x, y)
  if (top && top !== el && !el.contains(top) && !top.contains(el) && !el.closest('label')?.contains(top)) return `covered by ${top.tagName}.${top.className}: ${what}`
  return ''
}

/** Whether an element has the focus. */
export const focused = (target) => target.evaluate((x) => x === document.activeElement)
