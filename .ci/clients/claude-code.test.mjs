// Claude Code, headless, in both versions that are in the field: a task with tools and a picture, and a second turn of the
// same conversation, through each channel.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { channels, clientKey, redDot, startProxy } from './harness.mjs'

const versions = [
  { version: '2.1.330', binary: 'node_modules/@anthropic-ai/claude-code/bin/claude.exe' },
  { version: '2.1.197', binary: 'node_modules/claude-code-old/bin/claude.exe' },
]

/** Runs one headless turn and returns its result. */
async function turn (binary, args, { dir, proxy }) {
  const env = {
    PATH: process.env.PATH,
    HOME: dir,
    ANTHROPIC_BASE_URL: proxy.url,
    ANTHROPIC_AUTH_TOKEN: clientKey,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
  }
  const child = spawn(fileURLToPath(new URL(binary, import.meta.url)), args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', b => { stdout += b })
  child.stderr.on('data', b => { stderr += b })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  assert.equal(code, 0, `claude ended with ${code}:\n${stdout}\n${stderr}\nproxy:\n${proxy.output()}`)
  const result = JSON.parse(stdout)
  assert.equal(result.is_error, false)
  return result
}

for (const { version, binary } of versions) {
  describe(`Claude Code ${version}`, () => {
    for (const { model, adapter } of channels) {
      test(`two turns with tools and a picture through ${adapter}`, async () => {
        const dir = await mkdtemp(path.join(tmpdir(), 'claude-code-'))
        const note = path.join(dir, 'note.txt')
        const picture = path.join(dir, 'dot.png')
        await writeFile(picture, Buffer.from(redDot, 'base64'))
        const text = 'line one\n\t"quoted" – ünï 🌍\n'
        const proxy = await startProxy({
          exhausted: 'error',
          steps: [
            { answer: { parts: [{ thinking: 'First the note.' }, { text: 'I write it down.' }, { tool: { name: 'Write', args: { file_path: note, content: text } } }] } },
            { answer: { parts: [{ thinking: 'Then both.' }, { tool: { name: 'Read', args: { file_path: note } } }, { tool: { name: 'Read', args: { file_path: picture } } }] } },
            // The picture must have come as one: its bytes are in no text.
            { match: { body_contains: 'iVBORw0KGgo' }, answer: { parts: [{ text: 'The note is in place, and the dot is red.' }] } },
            { match: { body_contains: 'the dot is red' }, answer: { parts: [{ tool: { name: 'Read', args: { file_path: note } } }] } },
            { match: { body_contains: 'What did it say' }, answer: { parts: [{ text: 'It said line one.' }] } },
          ],
        })
        try {
          const more = ['--output-format', 'json', '--allowedTools', 'Write,Read', '--model', model]
          const first = await turn(binary, ['-p', 'Write the note, then read it and the picture.', ...more], { dir, proxy })
          assert.equal(first.result, 'The note is in place, and the dot is red.')
          assert.equal(first.num_turns, 4)
          assert.equal(await readFile(note, 'utf8'), text)
          const second = await turn(binary, ['-p', 'What did it say?', '--resume', first.session_id, ...more], { dir, proxy })
          assert.equal(second.result, 'It said line one.')
        } finally {
          await proxy.stop()
          await rm(dir, { recursive: true, force: true })
        }
      })
    }
  })
}
