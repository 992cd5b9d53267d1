// Claude Code, headless, does a task with two tool calls through each channel.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { channels, clientKey, startProxy } from './harness.mjs'

const claude = fileURLToPath(new URL('./node_modules/.bin/claude', import.meta.url))

function run (args, { cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(claude, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', b => { stdout += b })
    child.stderr.on('data', b => { stderr += b })
    child.on('error', reject)
    child.on('exit', code => resolve({ code, stdout, stderr }))
  })
}

for (const { model, adapter } of channels) {
  test(`a task with two tool calls through ${adapter}`, async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'claude-code-'))
    const file = path.join(dir, 'note.txt')
    const text = 'line one\n\t"quoted" – ünï 🌍\n'
    const proxy = await startProxy({
      exhausted: 'error',
      steps: [
        { answer: { parts: [{ text: 'I write it down.' }, { tool: { name: 'Write', args: { file_path: file, content: text } } }] } },
        { answer: { parts: [{ tool: { name: 'Read', args: { file_path: file } } }] } },
        { match: { body_contains: 'line one' }, answer: { parts: [{ text: 'The note is in place.' }] } },
      ],
    })
    try {
      const { code, stdout, stderr } = await run(
        ['-p', 'Write the note, then read it back.', '--output-format', 'json', '--allowedTools', 'Write,Read', '--model', model],
        {
          cwd: dir,
          env: {
            PATH: process.env.PATH,
            HOME: dir,
            ANTHROPIC_BASE_URL: proxy.url,
            ANTHROPIC_AUTH_TOKEN: clientKey,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
            CLAUDE_CODE_MAX_RETRIES: '0',
          },
        })
      assert.equal(code, 0, `claude ended with ${code}:\n${stdout}\n${stderr}\nproxy:\n${proxy.output()}`)
      const result = JSON.parse(stdout)
      assert.equal(result.is_error, false)
      assert.equal(result.result, 'The note is in place.')
      assert.equal(result.num_turns, 3)
      assert.equal(await readFile(file, 'utf8'), text)
    } finally {
      await proxy.stop()
    }
  })
}
