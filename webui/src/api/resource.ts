// Something loaded from the API, with its states: loading, there, failed, and stale while the server is gone.
import { nextTick, onScopeDispose, shallowReactive } from 'vue'
import { problem, type Problem } from './call'
import { on } from './live'

export interface Resource<T> {
  data: T | undefined
  error: Problem | undefined
  loading: boolean
  /** Loads it anew; what is there stays until the answer comes. */
  load: () => Promise<void>
}

/** Who works with keys and loses the row they were at goes on from the screen, not from the top of the page. */
function keepFocus(held: Element | null): void {
  if (held && held !== document.body && !held.isConnected && document.activeElement === document.body) document.querySelector<HTMLElement>('main[tabindex]')?.focus({ preventScroll: true })
}

/** Loads at once, again whenever the events may have gaps, and on the named events. */
export function resource<T>(fetch: () => Promise<T>, refreshOn: string[] = []): Resource<T> {
  let turn = 0
  const r: Resource<T> = shallowReactive({
    data: undefined, error: undefined, loading: true,
    load: async () => {
      const mine = ++turn
      r.loading = true
      try {
        const data = await fetch()
        if (mine !== turn) return
        const held = document.activeElement
        r.data = data
        r.error = undefined
        void nextTick(() => keepFocus(held))
      } catch (e) {
        if (mine === turn) r.error = problem(e)
      } finally {
        if (mine === turn) r.loading = false
      }
    },
  })
  let due: ReturnType<typeof setTimeout> | undefined
  const soon = (): void => { due ??= setTimeout(() => { due = undefined; void r.load() }, 150) }
  for (const type of ['resync', ...refreshOn]) on(type, soon)
  onScopeDispose(() => clearTimeout(due))
  void r.load()
  return r
}
