// The address of a screen lives behind the '#', so that the server needs one page and the UI works under any path.
import { reactive } from 'vue'

/** Where we are: #/logs?status=error is { name: 'logs', rest: [], query }. */
export const route = reactive({ name: 'overview', rest: [] as string[], query: new URLSearchParams() })

function read(): void {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
  const [name = '', ...rest] = path.split('/').map(decode)
  route.name = name || 'overview'
  route.rest = rest
  route.query = new URLSearchParams(query)
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The address of a screen, for links. */
export function to(name: string, rest: string[] = [], query: Record<string, string> = {}): string {
  const q = new URLSearchParams(query).toString()
  return '#/' + [name, ...rest].map(encodeURIComponent).join('/') + (q ? '?' + q : '')
}

export function go(name: string, rest: string[] = [], query: Record<string, string> = {}): void {
  location.hash = to(name, rest, query)
}

/** Changes the query of the address in place, without a step in the history. */
export function setQuery(query: Record<string, string>): void {
  const kept = Object.fromEntries(Object.entries(query).filter(([, v]) => v !== ''))
  history.replaceState(null, '', to(route.name, route.rest, kept))
  route.query = new URLSearchParams(kept)
}

/** Follows the address. */
export function startRouting(): void {
  read()
  addEventListener('hashchange', read)
}
