import * as z from 'zod'
import { keptText, keptTextRule } from '../../base/keptText.ts'
import { say, verbatim } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { AccountState } from '../../db/accountState.ts'
import type { Alerts } from '../../health/alerts.ts'
import { manualPause } from '../../push/status.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { pausedSchema, toPaused } from './paused.ts'

export const pauseInputSchema = z.strictObject({
  /** Why, for those who ask for the status. */
  reason: z.string().regex(keptText, keptTextRule).optional(),
})
export type PauseInput = z.infer<typeof pauseInputSchema>

/** The state after `pause` and `resume`; somebody else may have changed it since. */
export const pauseOutputSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  paused: pausedSchema.nullable(),
})
export type PauseOutput = z.infer<typeof pauseOutputSchema>

interface PauseDeps {
  name: string
  appid: string
  accountState: Pick<AccountState, 'find' | 'pauseByHand' | 'resume'>
  openQueue(): Pick<ProducerQueue, 'run'>
  alerts: Pick<Alerts, 'post'>
}

export interface PauseResult {
  answer: PauseOutput
  /** False when it was so before. */
  hasChanged: boolean
  /** Why the queue could not be told; its workers find out by themselves once they reach it. */
  unreachable: QueueUnavailableError | undefined
}

/** Stops the sends of an account until `resumeAccount`, whatever stopped them before. */
export async function pauseAccount(deps: PauseDeps, { reason: why }: PauseInput): Promise<PauseResult> {
  const detail = toStored(why === undefined ? say('pause.by_person') : verbatim(why))
  const hasChanged = await deps.accountState.pauseByHand({ detail, since: Date.now() })
  if (hasChanged) deps.alerts.post({ kind: 'paused', reason: manualPause, detail, probeAt: null })
  return finish(deps, 'pause', hasChanged)
}

/** Ends any pause. What WeChat still refuses is paused again by the next send. */
export async function resumeAccount(deps: PauseDeps): Promise<PauseResult> {
  const reason = (await deps.accountState.find())?.pausedReason
  const hasChanged = await deps.accountState.resume()
  if (hasChanged) deps.alerts.post({ kind: 'resumed', reason: reason ?? manualPause })
  return finish(deps, 'resume', hasChanged)
}

/** The queue is told also when the row was right before: a process may have ended between the two. */
async function finish(deps: PauseDeps, word: 'pause' | 'resume', hasChanged: boolean): Promise<PauseResult> {
  const unreachable = await tellQueue(deps, word)
  const paused = toPaused(await deps.accountState.find())
  return { answer: { account: deps.name, appid: deps.appid, paused }, hasChanged, unreachable }
}

async function tellQueue(
  { openQueue }: PauseDeps,
  word: 'pause' | 'resume',
): Promise<QueueUnavailableError | undefined> {
  try {
    await openQueue().run((queue) => queue[word]())
    return undefined
  } catch (error) {
    if (error instanceof QueueUnavailableError) return error
    throw error
  }
}
