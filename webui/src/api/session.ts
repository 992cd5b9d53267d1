// Who is signed in, and whether the first-run wizard is due.
import { reactive } from 'vue'
import { call, get, problem, signInWanted, type Problem } from './call'
import { connect } from './live'
import { go, route } from '../lib/route'
import type { FirstRun, Session } from './types'

export const session = reactive({
  state: 'unknown' as 'unknown' | 'out' | 'in' | 'unreachable',
  who: null as Session | null,
  /** Why the one-time link did not work. */
  refused: null as Problem | null,
})

/** Signs in with a one-time code, or finds out whether somebody is. */
export async function enter(code = ''): Promise<void> {
  try {
    if (code) {
      try {
        return await entered(await call<Session>('POST', 'session', { body: { code }, quiet: true }))
      } catch (e) {
        session.refused = problem(e) // perhaps somebody is signed in all the same
      }
    }
    await entered(await get<Session>('session', { quiet: true }))
  } catch (e) {
    const p = problem(e)
    if (p.status === 401) session.state = 'out'
    else if (p.code === 'unreachable') {
      session.state = 'unreachable'
      setTimeout(() => void enter(), 1500)
    } else {
      session.refused = p
      session.state = 'out'
    }
  }
}

/** Signs in with an access key. Throws a Problem. */
export async function signInWith(key: string): Promise<void> {
  const who = await call<Session>('POST', 'session', { body: { key }, quiet: true })
  if (signInWanted.value) {
    session.who = who
    signInWanted.value.done()
  } else await entered(who)
}

async function entered(who: Session): Promise<void> {
  session.who = who
  session.refused = null
  if (route.name === 'overview' && (await get<FirstRun>('first-run').catch(() => null))?.needed) go('welcome')
  session.state = 'in'
  connect()
}

export async function signOut(): Promise<void> {
  await call('DELETE', 'session', { quiet: true }).catch(() => {})
  location.reload()
}
