// One clock for everything that counts down; it stands still while nobody watches.
import { onScopeDispose, ref } from 'vue'

const now = ref(Date.now())
let watchers = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The present time, once a second, while the calling component lives. */
export function useNow(): typeof now {
  watchers++
  now.value = Date.now()
  timer ??= setInterval(() => { if (!document.hidden) now.value = Date.now() }, 1000)
  onScopeDispose(() => {
    if (--watchers > 0) return
    clearInterval(timer)
    timer = undefined
  })
  return now
}
