// Asks before something cannot be undone. The answer is a promise; the dialog is part of the shell.
import { shallowRef } from 'vue'

export interface Question { title: string; text: string; yes: string; danger?: boolean; /** Asks for the access key too; the answer carries it. */ key?: boolean; error?: string }
export const question = shallowRef<(Question & { answer: (value: string | boolean) => void }) | null>(null)

/** true, or the typed access key where one was asked for; false when the user thinks better of it. */
export function confirm(q: Question): Promise<string | boolean> {
  return new Promise((resolve) => {
    question.value = { ...q, answer: (v) => { question.value = null; resolve(v) } }
  })
}
