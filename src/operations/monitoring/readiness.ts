import * as z from 'zod'
import type { AccountName } from '../../base/accounts/accountName.ts'
import { second } from '../../base/duration.ts'
import { rememberFor } from '../../base/monitoring/rememberFor.ts'
import { tryFor } from '../../base/monitoring/tryFor.ts'
import type { AccountState } from '../../db/accountState.ts'
import { manualPause } from '../../push/status.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import type { TokenSource } from '../../wechat/token.ts'
import { nullableText } from '../values.ts'

const needSchema = z.enum(['ok', 'away'])

/** Whether a process can do its work; no more than that, as nobody needs a key to ask. */
export const readinessSchema = z.strictObject({
  ok: z.boolean(),
  queue: needSchema,
  database: needSchema,
  accounts: z.array(z.strictObject({ account: z.string(), token: needSchema, paused: nullableText })),
})
export type Readiness = z.infer<typeof readinessSchema>

export interface ReadinessDeps extends AccountName {
  accountState: Pick<AccountState, 'find'>
  tokens: Pick<TokenSource, 'get'>
  openQueue(): Pick<ProducerQueue, 'run'>
}

interface ReadinessOptions {
  /** Those of the process just now. */
  accounts(): readonly ReadinessDeps[]
  /** Whether it calls WeChat by itself: then one account at least has to have a token, and not to be paused by a fault. */
  callsWechat(): boolean
}

/** Less than probes wait for an answer. */
const patience = 3 * second
/** Whoever asks more often is told the same: the address may be open to everybody. */
const answerLife = second
/** For as long a token that could not be had is not asked for again. */
const tokenFailureLife = 30 * second

/** Looks whether a process can do its work. Never rejects. */
export function createReadinessCheck({ accounts, callsWechat }: ReadinessOptions): () => Promise<Readiness> {
  const tokenFailures = new WeakMap<ReadinessDeps, number>()
  return rememberFor(answerLife, look)

  async function look(): Promise<Readiness> {
    const known = accounts()
    const [first] = known
    const [counts, looks] = await Promise.all([
      first &&
        tryFor(
          patience,
          first.openQueue().run((queue) => queue.getJobCounts('active')),
        ),
      Promise.all(known.map(lookAt)),
    ])
    const hasQueue = counts !== undefined
    const hasDatabase = first !== undefined && looks.every(({ isKnown }) => isKnown)
    const mayCall = looks.some(({ hasToken, paused }) => hasToken && (paused ?? manualPause) === manualPause)
    return {
      ok: hasQueue && hasDatabase && (mayCall || !callsWechat()),
      queue: toWord(hasQueue),
      database: toWord(hasDatabase),
      accounts: looks.map(({ account, hasToken, paused }) => ({ account, token: toWord(hasToken), paused })),
    }
  }

  async function lookAt(known: ReadinessDeps) {
    const [state, hasToken] = await Promise.all([
      tryFor(patience, known.accountState.find()),
      findToken(known),
    ])
    const paused = state?.value?.pausedReason ?? null
    return { account: known.name, isKnown: state !== undefined, hasToken, paused }
  }

  async function findToken(known: ReadinessDeps): Promise<boolean> {
    const failedAt = tokenFailures.get(known)
    if (failedAt !== undefined && performance.now() - failedAt < tokenFailureLife) return false
    const token = await tryFor(patience, known.tokens.get())
    if (token) tokenFailures.delete(known)
    else tokenFailures.set(known, performance.now())
    return token !== undefined
  }
}

function toWord(isThere: boolean): 'ok' | 'away' {
  return isThere ? 'ok' : 'away'
}
