// Colours for YAML and JSON: pieces of text with a class, which Vue renders as text. A hint for the eye, not a parser.
export interface Piece { text: string; kind?: 'key' | 'str' | 'num' | 'note' | 'add' | 'del' | 'mark' }

const yaml = /^(\s*(?:- )*)(?:("[^"]*"|'[^']*'|[^\s#:'"{}[\],&*!|>-][^:#]*?)(:)(?=\s|$))?/
const value = /("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(\s#.*$|^#.*$)|(\$\{[^}]*\})|\b(true|false|null|\d[\d.]*(?:ms|s|m|h|KiB|MiB|GiB)?)\b/g
const json = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b/g

/** One line of YAML in pieces. */
export function yamlLine(line: string): Piece[] {
  if (/^\s*#/.test(line)) return [{ text: line, kind: 'note' }]
  const out: Piece[] = []
  const head = yaml.exec(line)
  let rest = line
  if (head) {
    if (head[1]) out.push({ text: head[1] })
    if (head[2]) out.push({ text: head[2], kind: 'key' }, { text: ':' })
    rest = line.slice(head[0].length)
  }
  let at = 0
  for (const m of rest.matchAll(value)) {
    if (m.index > at) out.push({ text: rest.slice(at, m.index) })
    out.push({ text: m[0], kind: m[1] ? 'str' : m[2] ? 'note' : 'num' })
    at = m.index + m[0].length
  }
  if (at < rest.length) out.push({ text: rest.slice(at) })
  return out
}

/** One line of JSON in pieces. */
export function jsonLine(line: string): Piece[] {
  const out: Piece[] = []
  let at = 0
  for (const m of line.matchAll(json)) {
    if (m.index > at) out.push({ text: line.slice(at, m.index) })
    if (m[1]) out.push({ text: m[1], kind: m[2] ? 'key' : 'str' })
    if (m[2]) out.push({ text: m[2] })
    if (m[3]) out.push({ text: m[3], kind: 'num' })
    at = m.index + m[0].length
  }
  if (at < line.length) out.push({ text: line.slice(at) })
  return out
}

/** JSON with line breaks, or the text as it stands when it is none. Bounded: what is long is cut with a mark. */
export function pretty(text: string, limit = 200_000): string {
  try {
    text = JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // shown as it came
  }
  return text.length > limit ? text.slice(0, limit) + '\n…' : text
}
