import type { Account } from '../account.ts'
import { second } from '../base/duration.ts'
import type { AccountCounts } from '../base/monitoring/metrics.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { HeldPushes } from '../db/heldPushes.ts'
import { cancelled, type PushRow, type PushRows } from '../db/pushes.ts'
import type { TokenRows } from '../db/tokens.ts'
import type { WechatApi } from '../wechat/api.ts'
import { WechatApiError } from '../wechat/errors.ts'

/** The same account, whose pushes, sends and syncs are counted where they are written down. */
export function countAccount(account: Account, counts: AccountCounts): Account {
  const { pushes, broadcasts, held, api, sync } = account
  return {
    ...account,
    pushes: countPushes(pushes, counts),
    broadcasts: countRecipients(broadcasts, counts),
    held: countHeld(held, counts),
    api: countSends(api, counts),
    async sync(options) {
      const result = await sync(options)
      if (result.status !== 'busy') counts.syncEnded(result.durationMs / second)
      return result
    },
  }
}

export function countTokens(tokens: TokenRows, counts: AccountCounts): TokenRows {
  return {
    load: tokens.load,
    save(appid, token) {
      counts.tokenFetched()
      return tokens.save(appid, token)
    },
  }
}

function countPushes(pushes: PushRows, { pushReached }: AccountCounts): PushRows {
  const counted = (write: PushRows['add']) => async (row: PushRow) => {
    const isWritten = await write(row)
    if (isWritten) pushReached(row.status, row.reason)
    return isWritten
  }
  return {
    ...pushes,
    add: counted(pushes.add),
    record: counted(pushes.record),
    recordUnchanged: counted(pushes.recordUnchanged),
    async recordSent(acceptance) {
      const isRecorded = await pushes.recordSent(acceptance)
      if (isRecorded) pushReached('sent', null)
      return isRecorded
    },
    async recordResent(rows) {
      await pushes.recordResent(rows)
      for (const _ of rows) pushReached('queued', 'retry')
    },
    async cancel(id, at) {
      const isCancelled = await pushes.cancel(id, at)
      if (isCancelled) pushReached(cancelled.status, cancelled.reason)
      return isCancelled
    },
  }
}

function countRecipients(broadcasts: Broadcasts, { pushReached }: AccountCounts): Broadcasts {
  return {
    ...broadcasts,
    async record(no, outcomes) {
      await broadcasts.record(no, outcomes)
      for (const { status, reason } of outcomes) pushReached(status, reason)
    },
  }
}

function countHeld(held: HeldPushes, { pushReached }: AccountCounts): HeldPushes {
  return {
    ...held,
    async hold(...push) {
      const isHeld = await held.hold(...push)
      if (isHeld) pushReached('queued', 'hold')
      return isHeld
    },
    async expire(now) {
      const expired = await held.expire(now)
      for (let n = 0; n < expired; n += 1) pushReached('skipped', 'expired')
      return expired
    },
  }
}

function countSends(api: WechatApi, { sendEnded }: AccountCounts): WechatApi {
  return {
    ...api,
    async sendTemplate(message, signal) {
      const start = performance.now()
      const since = () => (performance.now() - start) / second
      try {
        const answer = await api.sendTemplate(message, signal)
        sendEnded('accepted', 0, since())
        return answer
      } catch (error) {
        if (error instanceof WechatApiError) sendEnded('refused', error.errcode, since())
        else sendEnded('no_answer', 0, since())
        throw error
      }
    },
  }
}
