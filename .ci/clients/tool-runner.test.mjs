// The TypeScript SDK's tool runner, which calls tools by itself and begins with a conversation held by the server.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { channels, clientKey, redDot, startProxy } from './harness.mjs'

const always = { times: -1 }
const script = {
  exhausted: 'error',
  steps: [
    // newest first: each body holds all that came before
    { match: { body_contains: 'the picture of Rome' }, ...always, answer: { parts: [{ text: 'Paris 22, Rome 30, and a red dot.' }] } },
    {
      match: { body_contains: 'Rome: 30' },
      ...always,
      answer: { parts: [{ thinking: 'Now the picture.' }, { tool: { name: 'camera', args: { city: 'Rome' } } }] },
    },
    {
      match: { body_contains: 'case:runner' },
      ...always,
      answer: {
        parts: [
          { thinking: 'Both cities.' },
          { text: 'Let me look.' },
          { tool: { name: 'weather', args: { city: 'Paris "P"' } } },
          { tool: { name: 'weather', args: { city: 'Rome' } } },
        ],
      },
    },
  ],
}

let proxy
before(async () => { proxy = await startProxy(script) })
after(() => proxy.stop())

for (const { model, adapter } of channels) {
  describe(adapter, () => {
    for (const stream of [false, true]) {
      test(`three turns with two tools, ${stream ? 'streamed' : 'whole'}`, async () => {
        const called = []
        const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
        const runner = new Anthropic({ baseURL: proxy.url, apiKey: clientKey, maxRetries: 0 }).beta.messages.toolRunner({
          model,
          max_tokens: 2000,
          stream,
          messages: [{ role: 'user', content: 'case:runner' }],
          tools: [
            betaTool({
              name: 'weather',
              description: 'The weather of a city',
              inputSchema: city,
              run: input => { called.push(input.city); return input.city === 'Rome' ? 'Rome: 30' : 'Paris: 22' },
            }),
            betaTool({
              name: 'camera',
              description: 'A picture of a city',
              inputSchema: city,
              run: input => {
                called.push(`camera ${input.city}`)
                return [{ type: 'text', text: `the picture of ${input.city}` }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: redDot } }]
              },
            }),
          ],
        })
        const m = await runner.runUntilDone()
        assert.deepEqual(called, ['Paris "P"', 'Rome', 'camera Rome'])
        assert.equal(m.content.at(-1).text, 'Paris 22, Rome 30, and a red dot.')
        assert.equal(m.stop_reason, 'end_turn')
      })
    }
  })
}
