// Changes of plugins.yaml from screens: saved with the state they were made from, confirmed where keys could travel, and
// undone by going back to the version before.
import { call, get, problem, type Options } from './call'
import { confirm } from '../ui/confirm'
import { toast } from '../ui/toast'
import { t } from '../lib/i18n'
import type { Changed, History } from './types'

export interface Edit extends Options {
  /** The state that the change is based on. */
  etag: string
  /** What the toast says; no toast without it. */
  done?: string
  /** Called after an undo. */
  undone?: () => void
}

/** Makes a change. Where keys would go to another address, asks for the access key and tries again. Throws a Problem; code "cancelled" when the user thinks better of it. */
export async function edit<T extends Changed = Changed>(method: string, path: string, o: Edit): Promise<T> {
  const changed = await confirmed<T>(method, path, o)
  if (o.done) {
    const undo = changed.diff ? { action: { label: t('ui.undo'), run: () => void back(o.etag, changed.etag, o.undone) } } : {}
    const bad = changed.reload && !changed.reload.ok
    toast(o.done, bad ? { tone: 'bad', detail: changed.reload!.problems[0]?.message ?? '' } : { ...undo, ...(changed.reload?.restart_needed.length ? { detail: t('config.restart', { what: changed.reload.restart_needed.join(', ') }) } : {}) })
  }
  return changed
}

async function confirmed<T>(method: string, path: string, o: Edit): Promise<T> {
  let error: string | undefined
  for (let key: string | undefined; ; ) {
    try {
      return await call<T>(method, path, key ? { ...o, confirm: key } : o)
    } catch (e) {
      const p = problem(e)
      if (p.code === 'confirmation_refused') error = p.text
      else if (p.code !== 'keys_carried_away' || o.dryRun) throw p
      const answer = await confirm({ title: t('confirm.carried'), text: t('confirm.carriedText', { channels: (p.wire.channels ?? []).join(', ') }), yes: t('ui.save'), key: true, ...(error ? { error } : {}) })
      if (typeof answer !== 'string') throw p
      key = answer
    }
  }
}

async function back(to: string, from: string, undone?: () => void): Promise<void> {
  try {
    const { items } = await get<History>('config/history')
    const version = items.find((x) => x.etag === to)
    if (!version) throw new Error(t('config.undoGone'))
    await call<Changed>('POST', 'config/rollback', { body: { id: version.id }, etag: from })
    toast(t('ui.undone'))
    undone?.()
  } catch (e) {
    toast(t('config.undoFailed'), { tone: 'bad', detail: problem(e).text })
  }
}
