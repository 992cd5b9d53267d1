// Reads a stream of server-sent events out of a fetch answer.
export interface SSE { name: string; data: string; atMs: number }

/** Events as they come, with milliseconds since start. Any split of the bytes gives the same events. */
export async function* readEvents(body: ReadableStream<Uint8Array>, start = performance.now()): AsyncGenerator<SSE> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  let name = ''
  let data: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      // A carriage return at the end may be half of a line break.
      const usable = !done && rest.endsWith('\r') ? rest.length - 1 : rest.length
      const lines = rest.slice(0, usable).split(/\r\n|\n|\r/)
      rest = lines.pop()! + rest.slice(usable)
      for (const line of lines) {
        if (line === '') {
          if (data.length) yield { name: name || 'message', data: data.join('\n'), atMs: performance.now() - start }
          name = ''
          data = []
        } else if (line.startsWith('event:')) name = line.slice(6).trimStart()
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
      }
      if (done) return // what has no empty line behind it is no event
    }
  } finally {
    // Who stops listening ends the request.
    await reader.cancel().catch(() => {})
  }
}

/** The text that a Claude event adds to the answer; thinking is told apart. */
export function delta(e: SSE): { text?: string; thinking?: string; stop?: string; error?: string; usage?: Record<string, number> } {
  try {
    const d = JSON.parse(e.data) as { type?: string; delta?: { type?: string; text?: string; thinking?: string; partial_json?: string; stop_reason?: string }; content_block?: { type?: string; name?: string }; error?: { message?: string; type?: string }; usage?: Record<string, number>; message?: { usage?: Record<string, number> } }
    if (d.type === 'content_block_start' && d.content_block?.type === 'tool_use') return { text: `\n[${d.content_block.name}] ` }
    if (d.type === 'content_block_delta') return d.delta?.text !== undefined ? { text: d.delta.text } : d.delta?.thinking !== undefined ? { thinking: d.delta.thinking } : d.delta?.partial_json !== undefined ? { text: d.delta.partial_json } : {}
    if (d.type === 'message_start') return d.message?.usage ? { usage: d.message.usage } : {}
    if (d.type === 'message_delta') return { ...(d.delta?.stop_reason ? { stop: d.delta.stop_reason } : {}), ...(d.usage ? { usage: d.usage } : {}) }
    if (d.type === 'error') return { error: d.error?.message ?? d.error?.type ?? 'error' }
  } catch {
    // not JSON; it adds no text
  }
  return {}
}
