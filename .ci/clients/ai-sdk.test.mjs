// The Vercel AI SDK through the proxy: text, streams, tools over several steps, pictures, a second turn, objects.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createAnthropic } from '@ai-sdk/anthropic'
import { generateObject, generateText, stepCountIs, streamText, tool } from 'ai'
import { z } from 'zod'
import { channels, clientKey, redDot, startProxy, upstreamKey } from './harness.mjs'

const always = { times: -1 }
const on = text => ({ match: { body_contains: text } })
const script = {
  exhausted: 'error',
  steps: [
    { ...on('and tomorrow'), ...always, answer: { parts: [{ text: 'Tomorrow the same.' }] } },
    { ...on('22 degrees'), ...always, answer: { parts: [{ text: 'Paris 22, Rome 22.' }] } },
    {
      ...on('case:tools'),
      ...always,
      answer: {
        parts: [
          { text: 'Let me look.' },
          { tool: { name: 'weather', args: { city: 'Paris "P"' } } },
          { tool: { name: 'weather', args: { city: 'Rome' } } },
        ],
      },
    },
    { ...on('case:text'), ...always, answer: { parts: [{ text: 'Grüße, "世界" 🌍\nsecond line' }], usage: { input: 11, cached: 5, output: 7 } } },
    { ...on('case:image'), ...always, answer: { parts: [{ text: 'a red dot' }] } },
    { ...on('case:object'), ...always, answer: { parts: [{ tool: { name: 'json', args: { city: 'Rome', degrees: 30 } } }] } },
    { ...on('case:bad'), ...always, error: { status: 400, message: 'temperature is out of range' } },
  ],
}

let proxy
before(async () => { proxy = await startProxy(script) })
after(async () => {
  await proxy.stop()
  for (const secret of [clientKey, upstreamKey]) assert.ok(!proxy.output().includes(secret), 'the proxy printed a key')
})

const weather = tool({
  description: 'The weather of a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `22 degrees in ${city}`,
})

for (const { model: name, adapter } of channels) {
  describe(adapter, () => {
    const model = () => createAnthropic({ baseURL: `${proxy.url}/v1`, apiKey: clientKey })(name)
    const more = { maxRetries: 0, maxOutputTokens: 500 }

    test('text', async () => {
      const r = await generateText({ model: model(), prompt: 'case:text', ...more })
      assert.equal(r.text, 'Grüße, "世界" 🌍\nsecond line')
      assert.equal(r.finishReason, 'stop')
      assert.equal(r.usage.inputTokens, 16)
      assert.equal(r.usage.outputTokens, 7)
    })

    test('stream', async () => {
      const r = streamText({ model: model(), prompt: 'case:text', ...more })
      let text = ''
      for await (const piece of r.textStream) text += piece
      assert.equal(text, 'Grüße, "世界" 🌍\nsecond line')
      assert.equal((await r.usage).outputTokens, 7)
    })

    for (const streamed of [false, true]) {
      test(`tools, ${streamed ? 'streamed' : 'whole'}, and a second turn`, async () => {
        const options = { model: model(), tools: { weather }, stopWhen: stepCountIs(4), ...more }
        const messages = [{ role: 'user', content: 'case:tools' }]
        const r = streamed ? streamText({ ...options, messages }) : await generateText({ ...options, messages })
        assert.equal(await r.text, 'Paris 22, Rome 22.')
        const steps = await r.steps
        assert.equal(steps.length, 2)
        assert.deepEqual(steps[0].toolCalls.map(c => c.input), [{ city: 'Paris "P"' }, { city: 'Rome' }])
        messages.push(...(await r.response).messages, { role: 'user', content: 'and tomorrow?' })
        assert.equal((await generateText({ ...options, messages })).text, 'Tomorrow the same.')
      })
    }

    test('picture', async () => {
      const content = [{ type: 'text', text: 'case:image' }, { type: 'image', image: Buffer.from(redDot, 'base64'), mediaType: 'image/png' }]
      assert.equal((await generateText({ model: model(), messages: [{ role: 'user', content }], ...more })).text, 'a red dot')
    })

    test('object', async () => {
      const r = await generateObject({ model: model(), prompt: 'case:object', schema: z.object({ city: z.string(), degrees: z.number() }), ...more })
      assert.deepEqual(r.object, { city: 'Rome', degrees: 30 })
    })

    test('error', async () => {
      await assert.rejects(generateText({ model: model(), prompt: 'case:bad', ...more }), /temperature is out of range/)
    })
  })
}
