// What this browser remembers: how things look, never what they are.
import { reactive, watch } from 'vue'

export type Theme = 'auto' | 'light' | 'dark'
const prefix = 'claude-proxy.'

function load(name: string, fallback: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? fallback
  } catch {
    return fallback
  }
}

function save(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value)
  } catch {
    // storage may be forbidden; the choice then lasts for this page
  }
}

export const prefs = reactive({ theme: load('theme', 'auto') as Theme, rail: load('rail', 'wide') as 'wide' | 'narrow', shell: load('shell', /Win/.test(navigator.userAgent) ? 'powershell' : 'bash') })

watch(() => prefs.theme, (v) => { document.documentElement.dataset.theme = v; save('theme', v) })
watch(() => prefs.rail, (v) => save('rail', v))
watch(() => prefs.shell, (v) => save('shell', v))
