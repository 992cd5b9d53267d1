// The official TypeScript SDK through the proxy: create, stream helpers, parallel tools, images and error classes.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import Anthropic from '@anthropic-ai/sdk'
import { channels, clientKey, redDot, startProxy, upstreamKey } from './harness.mjs'

const always = { times: -1 }
const on = text => ({ match: { body_contains: text } })

const script = {
  steps: [
    { ...on('case:text'), ...always, answer: { parts: [{ text: 'Grüße, "世界" 🌍\nsecond line' }], usage: { input: 11, cached: 5, output: 7 } } },
    { ...on('case:cut-off'), ...always, answer: { parts: [{ text: 'half a sen' }], stop: 'max_tokens' } },
    { match: { body_contains: '22 degrees' }, ...always, answer: { parts: [{ text: 'Paris 22, Rome 30.' }] } },
    {
      ...on('case:tools'),
      ...always,
      answer: {
        parts: [
          { text: 'Let me look.' },
          { tool: { id: 'call_paris', name: 'weather', args: { city: 'Paris "P"', days: [1, 2] } } },
          { tool: { id: 'call_rome', name: 'weather', args: { city: 'Rome' } } },
          { tool: { id: 'call_now', name: 'now' } },
        ],
      },
    },
    { ...on('case:image'), ...always, answer: { parts: [{ text: 'a red dot' }] } },
    { ...on('case:overloaded'), ...always, error: { status: 529, message: 'too much to do' } },
    { ...on('case:limited'), ...always, error: { status: 429, message: 'slow down' }, headers: { 'retry-after': '7' } },
    { ...on('case:bad'), ...always, error: { status: 400, message: 'temperature is out of range', type: 'invalid_request_error' } },
    { ...on('case:refused-key'), ...always, error: { status: 401, message: 'bad key', echo_key: true } },
  ],
}

const tools = [
  { name: 'weather', description: 'The weather', input_schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } }, required: ['city'] } },
  { name: 'now', description: 'The time', input_schema: { type: 'object', properties: {} } },
]


let proxy
before(async () => { proxy = await startProxy(script) })
after(async () => {
  await proxy.stop()
  for (const secret of [clientKey, upstreamKey]) assert.ok(!proxy.output().includes(secret), 'the proxy printed a key')
})

const sdk = (options = {}) => new Anthropic({ baseURL: proxy.url, apiKey: clientKey, maxRetries: 0, ...options })
const ask = (model, content, more = {}) => ({ model, max_tokens: 300, messages: [{ role: 'user', content }], ...more })

for (const { model, adapter } of channels) {
  describe(adapter, () => {
    test('create', async () => {
      const m = await sdk().messages.create(ask(model, 'case:text'))
      assert.equal(m.content[0].text, 'Grüße, "世界" 🌍\nsecond line')
      assert.equal(m.stop_reason, 'end_turn')
      assert.equal(m.usage.input_tokens, 11)
      assert.equal(m.usage.cache_read_input_tokens, 5)
      assert.equal(m.usage.output_tokens, 7)
      assert.match(m.id, /^msg_/)
    })

    test('stream helper', async () => {
      const stream = sdk().messages.stream(ask(model, 'case:text'))
      let text = ''
      let events = 0
      stream.on('text', t => { text += t })
      stream.on('streamEvent', () => { events++ })
      const m = await stream.finalMessage()
      assert.equal(text, 'Grüße, "世界" 🌍\nsecond line')
      assert.equal(m.content[0].text, text)
      assert.equal(m.usage.input_tokens, 11)
      assert.equal(m.usage.cache_read_input_tokens, 5)
      assert.equal(m.usage.output_tokens, 7)
      assert.ok(events > 6, `only ${events} events`)
    })

    test('max_tokens', async () => {
      assert.equal((await sdk().messages.create(ask(model, 'case:cut-off'))).stop_reason, 'max_tokens')
    })

    for (const streaming of [false, true]) {
      test(`parallel tools, ${streaming ? 'streamed' : 'whole'}`, async () => {
        const client = sdk()
        const call = body => streaming ? client.messages.stream(body).finalMessage() : client.messages.create(body)
        const body = ask(model, 'case:tools', { tools })
        const m = await call(body)
        assert.equal(m.stop_reason, 'tool_use')
        const calls = m.content.filter(b => b.type === 'tool_use')
        assert.deepEqual(calls.map(c => c.input), [{ city: 'Paris "P"', days: [1, 2] }, { city: 'Rome' }, {}])
        assert.deepEqual(calls.map(c => c.name), ['weather', 'weather', 'now'])
        assert.equal(new Set(calls.map(c => c.id)).size, 3)
        body.messages.push({ role: 'assistant', content: m.content }, {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: calls[0].id, content: '22 degrees' },
            { type: 'tool_result', tool_use_id: calls[1].id, content: [{ type: 'text', text: '30 degrees' }] },
            { type: 'tool_result', tool_use_id: calls[2].id, content: 'no clock', is_error: true },
          ],
        })
        assert.equal((await call(body)).content[0].text, 'Paris 22, Rome 30.')
      })
    }

    test('image', async () => {
      const m = await sdk().messages.create(ask(model, [
        { type: 'text', text: 'case:image what is this?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: redDot } },
      ]))
      assert.equal(m.content[0].text, 'a red dot')
    })

    // Each of these leaves its key cooling, so each has a proxy of its own.
    test('error classes', async () => {
      const fails = async (content, kind, message, check = () => {}) => {
        const own = await startProxy(script)
        await assert.rejects(sdk({ baseURL: own.url }).messages.create(ask(model, content)), err => {
          assert.ok(err instanceof kind, `${err.constructor.name} is no ${kind.name}: ${err.message}`)
          assert.match(err.message, message)
          assert.ok(err.requestID?.startsWith('req_'), 'no request id')
          assert.ok(!err.message.includes(upstreamKey), 'the upstream key leaked')
          check(err)
          return true
        })
        await own.stop()
      }
      await fails('case:bad', Anthropic.BadRequestError, /temperature is out of range/)
      await fails('case:limited', Anthropic.RateLimitError, /slow down/, err => assert.equal(err.headers.get('retry-after'), '7'))
      await fails('case:refused-key', Anthropic.InternalServerError, /credentials/, err => {
        assert.equal(err.status, 502)
        assert.equal(err.headers.get('x-should-retry'), 'false')
      })
    })

    test('an overloaded upstream ends as 529 for the stream helper too', async () => {
      const own = await startProxy(script)
      await assert.rejects(sdk({ baseURL: own.url }).messages.stream(ask(model, 'case:overloaded')).finalMessage(), err => err.status === 529)
      await own.stop()
    })
  })
}

test('a wrong client key is refused at once', async () => {
  const started = Date.now()
  await assert.rejects(sdk({ apiKey: 'canary-wrong-key', maxRetries: 2 }).messages.create(ask('via-openai', 'hi')), Anthropic.AuthenticationError)
  assert.ok(Date.now() - started < 2000, 'the SDK retried')
})

test('an unknown model is not found', async () => {
  await assert.rejects(sdk().messages.create(ask('via-opanai', 'hi')), err => err instanceof Anthropic.NotFoundError && /via-openai/.test(err.message))
})

test('count_tokens and models', async () => {
  const client = sdk()
  for (const { model } of channels) {
    const n = await client.messages.countTokens({ model, messages: [{ role: 'user', content: 'one two three' }] })
    assert.ok(n.input_tokens > 0)
  }
  const ids = []
  for await (const m of client.models.list()) ids.push(m.id)
  assert.deepEqual(ids.sort(), channels.map(c => c.model).sort())
})
