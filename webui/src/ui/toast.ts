// Short messages at the edge of the page. One that offers an action stays ten seconds, an error until it is closed.
import { reactive } from 'vue'

export interface Toast { id: number; tone: 'ok' | 'bad'; text: string; detail?: string; action?: { label: string; run: () => void } }
export const toasts = reactive<Toast[]>([])
let last = 0

export function toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  const item: Toast = { id: ++last, tone: 'ok', text, ...options }
  if (toasts.length > 3) toasts.shift()
  toasts.push(item)
  if (item.tone === 'ok') setTimeout(() => dismiss(item.id), item.action ? 10_000 : 4_000)
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((x) => x.id === id)
  if (at >= 0) toasts.splice(at, 1)
}
