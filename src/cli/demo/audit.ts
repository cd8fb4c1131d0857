import type { PushRows } from '../../db/pushes.ts'
import type { Simulator } from '../../simulator/controls.ts'
import { keptInWords } from '../text/phrase.ts'
import type { Crowd } from './crowd.ts'

interface GroupCount {
  name: string
  asked: number
  sent: number
  skipped: number
  rejected: number
}

export interface DemoAudit {
  groups: GroupCount[]
  total: GroupCount
  /** What WeChat told of the messages it had accepted. */
  receipts: { delivered: number; undelivered: number }
  /** What WeChat counted by itself. */
  wechat: { accepted: number; acceptedTwice: number; refused: number; busy: number; tokens: number }
  /** Everything that does not add up; empty if all is well. */
  problems: string[]
}

/** Messages whose users have blocked the account. */
export const blockers = 30

const sendPath = '/cgi-bin/message/template/send'

/** Compares push by push what was asked, what our records say and what WeChat's own books hold. */
export async function audit(
  crowd: Crowd,
  pushes: Pick<PushRows, 'find'>,
  simulator: Simulator,
): Promise<DemoAudit> {
  const accepted = new Map([...simulator.accepted()].map((message) => [message.msgid, message.openid]))
  const openids = new Set(accepted.values())
  const groups = new Map(crowd.plans.map(({ name }) => [name, createCount(name)]))
  const problems: string[] = []
  const receipts = { delivered: 0, undelivered: 0 }

  for (const { plan, openid, message } of crowd.asks) {
    const row = await pushes.find(message.id)
    const count = groups.get(plan.name)
    if (count === undefined) continue
    count.asked++
    const isReceived = row?.status === 'delivered' || row?.status === 'undelivered'
    if (isReceived) receipts[row.status === 'delivered' ? 'delivered' : 'undelivered']++
    const status = isReceived ? 'sent' : row?.status
    if (status === 'sent' || status === 'skipped' || status === 'rejected') count[status]++
    if (status !== plan.status || (!isReceived && row?.reason !== plan.reason)) {
      const found = [row?.status ?? 'no record', row?.reason, row?.detail && keptInWords(row.detail)]
        .filter(Boolean)
        .join(', ')
      problems.push(`${message.id} (${plan.name}): ${found}`)
    }
    const isInBooks = status === 'sent' ? accepted.get(row?.msgid ?? '') === openid : !openids.has(openid)
    if (!isInBooks)
      problems.push(`${message.id} (${plan.name}): WeChat's books say otherwise than ${row?.status}`)
  }

  const total = [...groups.values()].reduce(add, createCount('total'))
  const { errcodes } = simulator.stats()
  const answers = errcodes[sendPath] ?? {}
  const wechat = {
    accepted: accepted.size,
    acceptedTwice: accepted.size - openids.size,
    refused: (answers['43004'] ?? 0) + (answers['47003'] ?? 0),
    busy: answers['-1'] ?? 0,
    tokens: simulator.stats().tokens.issued,
  }
  check('sent + skipped + rejected', total.sent + total.skipped + total.rejected, 'asked', total.asked)
  check('sent', total.sent, 'accepted by WeChat', wechat.accepted)
  check('delivered', receipts.delivered, 'accepted without the blocked ones', wechat.accepted - blockers)
  check('undelivered', receipts.undelivered, 'blocked', blockers)
  check('rejected', total.rejected, 'refused by WeChat', wechat.refused)
  check('accepted twice', wechat.acceptedTwice, 'none', 0)
  return { groups: [...groups.values()], total, receipts, wechat, problems }

  function check(name: string, count: number, otherName: string, other: number): void {
    if (count !== other) problems.push(`${name}: ${count}, but ${otherName}: ${other}`)
  }
}

function createCount(name: string): GroupCount {
  return { name, asked: 0, sent: 0, skipped: 0, rejected: 0 }
}

function add(sum: GroupCount, { asked, sent, skipped, rejected }: GroupCount): GroupCount {
  return {
    name: sum.name,
    asked: sum.asked + asked,
    sent: sum.sent + sent,
    skipped: sum.skipped + skipped,
    rejected: sum.rejected + rejected,
  }
}
