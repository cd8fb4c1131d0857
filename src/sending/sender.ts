import { say } from '../base/sentences/sentence.ts'
import type { Acceptance, PushRow } from '../db/pushes.ts'
import type { KnownTries, Sender } from '../push/sender.ts'
import type { PushJob } from '../queue/job.ts'
import { toEnded } from './processor/end.ts'
import { toQueuedRow } from './processor/pushRow.ts'
import { hasLeft } from './processor/resolve.ts'
import { type Processed, type TryDeps, tryInSlot } from './processor/tryOnce.ts'

interface SenderDeps {
  appid: string
  /** As single pushes are tried. */
  tries: TryDeps
  note(processed: Processed): Promise<void>
  isOneByOne(): boolean
  noteDatabaseError(error: Error): void
}

/** Tries messages whose records somebody else keeps, by the same table of outcomes as single pushes. */
export function createSender({ appid, tries, note, ...state }: SenderDeps): Sender {
  // A broadcast has hours of its own, and pauses as a whole when its template is gone.
  const lent: TryDeps = { ...tries, userLimits: undefined, templateGuard: undefined }
  return {
    ...state,
    mayTry: tries.mayTry,
    concurrency: tries.concurrency,
    async send(push, known, isWanted) {
      let row = toRow(appid, push, known)
      if (known.hasLeft) {
        return {
          kind: 'ended',
          row: toEnded(row, { status: 'skipped', reason: 'not_following', detail: hasLeft }),
        }
      }
      let wasTried = false
      const keep = async (next: PushRow) => {
        row = next
        return true
      }
      // The first record of a try tells who is meant, and comes before the call.
      let isTaken = false
      const add = async (next: PushRow) => {
        isTaken = next.openid !== null && (await known.isTaken?.(next.openid)) === true
        return !isTaken && keep(next)
      }
      const deps: TryDeps = {
        ...lent,
        mayTry() {
          wasTried = tries.mayTry() && isWanted()
          return wasTried
        },
        pushes: { add, record: keep, recordSent: (accepted) => keep(toSent(row, accepted)) },
      }
      const task = { push, row, starts: known.starts + 1, isNew: true }
      const step = await tryInSlot(deps, task, tries.slots.acquireLast)
      if (!wasTried) return { kind: 'not_tried' }
      if (isTaken) return { kind: 'ended', row: toEnded(row, duplicate) }
      if (step.kind !== 'superseded') await note(step)
      return step.kind === 'later' ? { kind: 'later', row, delay: step.delay } : { kind: 'ended', row }
    },
  }
}

const duplicate = {
  status: 'skipped',
  reason: 'duplicate',
  detail: say('outcome.same_person'),
} as const

function toSent(row: PushRow, { msgid, attempts, sentAt }: Acceptance): PushRow {
  return {
    ...row,
    status: 'sent',
    reason: null,
    detail: null,
    msgid,
    errcode: null,
    errmsg: null,
    rid: null,
    attempts,
    unknownSince: null,
    sentAt,
    finishedAt: sentAt,
  }
}

function toRow(appid: string, push: PushJob, known: KnownTries): PushRow {
  return toQueuedRow(appid, push, {
    jobId: null,
    // Its broadcast keeps the message once for all.
    message: '',
    createdAt: push.createdAt ?? 0,
    generation: known.generation,
    attempts: known.attempts,
    errcode: known.errcode,
    unknownSince: known.unknownSince,
  })
}
