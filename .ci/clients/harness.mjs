// Starts the scripted upstream and the proxy, both as real processes on loopback, for the tests of this folder.
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const binary = fileURLToPath(new URL('./bin/claude-proxy', import.meta.url))

// Keys are canaries: no output of the proxy may hold one.
export const clientKey = 'canary-client-key-3f9a1c'
export const upstreamKey = 'canary-upstream-key-77b2e0'

/** A red dot of one pixel, a PNG in base64. */
export const redDot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='

/** The channels under test: name of the model that a client asks for, and the adapter that serves it. */
export const channels = [
  { model: 'via-openai', adapter: 'openai', upstreamModel: 'gpt-5.6' },
  { model: 'via-old', adapter: 'openaiold', upstreamModel: 'gpt-4o' },
  { model: 'via-responses', adapter: 'openairesponses', upstreamModel: 'gpt-5.6' },
  { model: 'via-gemini', adapter: 'gemini', upstreamModel: 'gemini-3-pro' },
  { model: 'via-claude', adapter: 'claude', upstreamModel: 'claude-opus-5-5' },
]

function start (args, { cwd, env = {}, ready }) {
  const child = spawn(binary, args, { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { text: '' }
  const url = new Promise((resolve, reject) => {
    const read = chunk => {
      output.text += chunk
      const found = ready.exec(output.text)
      if (found) resolve(found[1])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('exit', code => reject(new Error(`${args[0] ?? 'serve'} ended with code ${code}:\n${output.text}`)))
    setTimeout(() => reject(new Error(`${args[0] ?? 'serve'} did not come up:\n${output.text}`)), 15_000).unref()
  })
  const stop = () => new Promise(resolve => {
    if (child.exitCode !== null) return resolve()
    child.on('exit', () => resolve())
    child.kill('SIGTERM')
  })
  return { url, output, stop }
}

/** Runs the upstream with this script and the proxy with both channels in front of it. */
export async function startProxy (script) {
  const dir = await mkdtemp(path.join(tmpdir(), 'claude-proxy-clients-'))
  await writeFile(path.join(dir, 'script.json'), JSON.stringify({ keys: [upstreamKey], ...script }))
  const upstream = start(['mock', '--listen', '127.0.0.1:0', '--script', 'script.json'], { cwd: dir, ready: /listens on (http:\S+)/ })
  const upstreamURL = await upstream.url
  await writeFile(path.join(dir, 'plugins.yaml'), `version: 1
server: { listen: 127.0.0.1:0 }
channels:
${channels.map(c => `  - name: ${c.adapter}
    adapter: ${c.adapter}
    base_url: ${upstreamURL}
    keys: [ "\${UPSTREAM_KEY}" ]
    serves: [ ${c.model} ]
    models: { ${c.model}: ${c.upstreamModel} }
`).join('')}`)
  const proxy = start([], { cwd: dir, env: { PROXY_ACCESS_KEY: clientKey, UPSTREAM_KEY: upstreamKey }, ready: /listening on (http:\S+)/ })
  const url = await proxy.url
  return {
    url,
    dir,
    /** Everything that the proxy has printed. */
    output: () => proxy.output.text,
    stop: async () => {
      await proxy.stop()
      await upstream.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
