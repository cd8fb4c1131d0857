import type { CallbackEvents, StoredEvent } from '../db/callbackEvents.ts'
import type { Write } from '../db/database.ts'
import type { FollowerCheck } from './checkFollower.ts'
import { toReceiptOutcome } from './event.ts'

interface FollowUpsDeps {
  /** The service account. */
  appid: string
  events: Pick<CallbackEvents, 'findApplied' | 'toUpdate'>
  write(statements: Write[]): Promise<void>
  checkFollower: FollowerCheck
  /** Sends once more what a receipt says WeChat failed to deliver; absent = that is not wanted. */
  resendFailed?: ((event: StoredEvent) => Promise<number | null>) | undefined
  /** One has come as far as it can now. */
  onDone(): void
  onError(error: unknown): void
  /** Ends the calls under way. */
  signal: AbortSignal
  now(): number
}

export interface FollowUps {
  /** When there is more to do about an event that has just had its effect; null = never. */
  toDueAt(event: StoredEvent): number | null
  /** Begins what is due and not begun yet. */
  begin(): Promise<void>
  /** Resolves when one of those under way has ended; undefined when there is none. */
  untilNext(): Promise<void> | undefined
  untilAllEnd(): Promise<unknown>
}

const mostAtOnce = 10

/** The second half of what some events need: calls to WeChat, made after the event has had its effect. */
export function createFollowUps(deps: FollowUpsDeps): FollowUps {
  const { appid, events, write, checkFollower, resendFailed, onDone, onError, signal, now } = deps
  const underWay = new Map<number, Promise<void>>()

  return {
    toDueAt: (event) => (isNeeded(event) ? now() : null),
    async begin() {
      // The answer of a database across a network may still have what ends while it travels.
      const before = new Set(underWay.keys())
      const due = await events.findApplied(now(), mostAtOnce + before.size)
      const waiting = due.filter(({ id }) => !before.has(id))
      for (const event of waiting.slice(0, mostAtOnce - underWay.size)) {
        underWay.set(event.id, run(event))
      }
    },
    untilNext: () => (underWay.size > 0 ? Promise.race(underWay.values()) : undefined),
    untilAllEnd: () => Promise.all(underWay.values()),
  }

  /** A follower is to be asked about, or a lost push to be sent again. */
  function isNeeded({ kind, app, msgid, status }: StoredEvent): boolean {
    if (kind === 'subscribe') return true
    if (kind === 'user_info_modified' || kind === 'user_authorization_revoke')
      return app === '' || app === appid
    const isLost = kind === 'receipt' && msgid !== '0' && toReceiptOutcome(status) === 'system_failed'
    return isLost && resendFailed !== undefined
  }

  async function run(event: StoredEvent): Promise<void> {
    const isWritten = await progress(event).then(() => true, onError)
    underWay.delete(event.id)
    if (isWritten) onDone()
  }

  async function progress(event: StoredEvent): Promise<void> {
    const { id, kind, tries } = event
    const dueAt = kind === 'receipt' ? await resendFailed?.(event) : await checkFollower(event, signal)
    await write([events.toUpdate([{ id, tries: tries + 1, dueAt: dueAt ?? null }])])
  }
}
