import { renderStored, toStored } from '../base/sentences/stored.ts'
import type { SyncRunRow, SyncRuns } from '../db/syncRuns.ts'
import type { SyncAlert } from '../health/alertText.ts'
import { isStoppedOnRequest, toErrorSentence } from './sentence.ts'
import type { SyncResult } from './syncFollowers.ts'

interface SyncAlertsDeps {
  syncRuns: Pick<SyncRuns, 'findLast'>
  post: (change: SyncAlert) => void
  /** For failures that leave no run on record, of which the receiver of webhooks would not hear. */
  tell: (detail: string) => Promise<unknown>
}

/**
 * Tells when syncs begin to fail, fail otherwise than the one before, or are complete again; the one before may have been
 * that of another process.
 */
export function createSyncAlerts({ syncRuns, post, tell }: SyncAlertsDeps) {
  let thrown: string | undefined

  return async (sync: () => Promise<SyncResult>): Promise<SyncResult> => {
    let before: string | undefined
    try {
      before = toState(await syncRuns.findLast())
      const result = await sync()
      if (result.status === 'busy') return result
      const state = toState(result)
      if (state === undefined) {
        if (result.status === 'complete' && (before ?? thrown) !== undefined) post({ kind: 'sync_complete' })
      } else if (state !== before && result.status !== 'complete') {
        post({ kind: 'sync_failed', status: result.status, detail: result.error ?? '' })
      }
      thrown = undefined
      return result
    } catch (error) {
      const detail = toStored(toErrorSentence(error))
      if (thrown !== detail) {
        post({ kind: 'sync_failed', status: 'failed', detail })
        // It may have been the database that failed.
        await tell(detail).catch(() => {})
      }
      thrown = detail
      throw error
    }
  }
}

/** Undefined while there is nothing to tell: what somebody stops is no failure. Figures and ids differ from run to run and make no other state. */
function toState(run: Pick<SyncRunRow, 'status' | 'error'> | SyncResult | undefined): string | undefined {
  if (run === undefined || run.error === null || isStoppedOnRequest(run.error)) return undefined
  const why = renderStored(run.error, 'en')
  return `${run.status}: ${why.replace(/\brid:? [\da-f-]+/g, '').replace(/\d[\d,]*/g, '#')}`
}
