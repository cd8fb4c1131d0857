import { minute } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { parseStored, toStored } from '../base/sentences/stored.ts'
import type { Intercepted, InterceptedPush, Interception } from '../db/intercepted/intercepted.ts'
import type { ReceiptedPush, Receipts } from '../db/receipts.ts'
import type { Templates } from '../db/templates.ts'
import { interceptedPath, type WechatApi } from '../wechat/api.ts'
import { concernsTemplate, errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { InterceptedMessage } from '../wechat/types.ts'

interface AskDeps {
  api: Pick<WechatApi, 'getIntercepted' | 'getQuota'>
  templates: Pick<Templates, 'list'>
  intercepted: Pick<Intercepted, 'findLast' | 'record'>
  receipts: Pick<Receipts, 'findLatest' | 'findByMsgid'>
  log: Log
  now?: () => number
}

/** Part of what is left of the day's calls that this may take: other programs of the account may want to ask, too. */
const shareOfQuota = 0.5
/** A day's calls where WeChat does not tell the quota; each gives a hundred messages. */
const mostCalls = 1_000
/** Between the time that WeChat has of a message and that of its record. */
const tolerance = 10 * minute
const longestContent = 200

/**
 * Asks which messages WeChat's review kept from their users, template by template, from where it last was told, and says so
 * on the records of pushes, recipients of broadcasts among them, that WeChat accepted and did not deliver. What the quota
 * leaves no call for waits for the next day.
 */
export async function askIntercepted(
  deps: AskDeps,
  signal: AbortSignal,
): Promise<{ told: number; explained: number }> {
  const { api, templates, intercepted, log, now = Date.now } = deps
  const counts = { told: 0, explained: 0 }
  let calls = await countAllowed(api, signal)
  for (const { templateId } of await templates.list()) {
    for (let last = await intercepted.findLast(templateId); !signal.aborted; ) {
      if (calls-- <= 0) return endEarly()
      const messages = await ask(templateId, last)
      if (messages === 'quota') return endEarly()
      const next = Math.max(last, ...messages.map(({ id }) => id))
      if (next === last) break
      const found = await identify(deps, templateId, messages)
      await intercepted.record(templateId, found, now())
      counts.told += found.length
      counts.explained += found.filter(({ push }) => push !== null).length
      last = next
    }
  }
  if (counts.told > 0) log.info(counts, 'WeChat told which messages it intercepted')
  return counts

  function endEarly() {
    log.info(counts, 'no calls are left today to ask which messages WeChat intercepted, goes on tomorrow')
    return counts
  }

  async function ask(templateId: string, last: number): Promise<InterceptedMessage[] | 'quota'> {
    try {
      return await api.getIntercepted(templateId, last, signal)
    } catch (error) {
      if (!(error instanceof WechatApiError)) throw error
      if (error.errcode === errcode.dailyQuota) return 'quota'
      // It is gone from the account since the templates were listed.
      if (concernsTemplate(error.errcode)) return []
      throw error
    }
  }
}

async function countAllowed(api: AskDeps['api'], signal: AbortSignal): Promise<number> {
  try {
    const { dailyLimit, remain } = await api.getQuota(interceptedPath, signal)
    return dailyLimit === 0 ? mostCalls : Math.min(mostCalls, Math.floor(remain * shareOfQuota))
  } catch (error) {
    // It has no quota that can be asked for.
    if (error instanceof WechatApiError && error.class === 'O') return mostCalls
    throw error
  }
}

async function identify(
  deps: AskDeps,
  templateId: string,
  messages: readonly InterceptedMessage[],
): Promise<Interception[]> {
  const matched = new Set<string>()
  const found: Interception[] = []
  for (const message of messages) {
    const push = await findPush(deps, templateId, message, matched)
    if (push) matched.add(push.id)
    found.push({ id: message.id, push: push ? toExplained(push, message) : null })
  }
  return found
}

function toExplained(
  { id, generation, recipient }: ReceiptedPush,
  message: InterceptedMessage,
): InterceptedPush {
  const detail = toStored(say('receipt.intercepted', toFacts(message)))
  return { id, generation, detail, ...(recipient && { recipient }) }
}

/** WeChat names the user and the second, so it is the push to that user that went out at about that time. */
async function findPush(
  { receipts }: AskDeps,
  templateId: string,
  { messageId, openid, sentAt }: InterceptedMessage,
  matched: ReadonlySet<string>,
): Promise<ReceiptedPush | undefined> {
  const named = await receipts.findByMsgid(messageId)
  const latest = named ? [named] : await receipts.findLatest(openid)
  const distance = (push: ReceiptedPush) => Math.abs(push.sentAt - sentAt)
  const near = latest
    .filter((push) => push.templateId === templateId && isUnexplained(push) && !matched.has(push.id))
    .filter((push) => named || distance(push) <= tolerance)
  return near.sort((a, b) => distance(a) - distance(b))[0]
}

function isUnexplained({ status, detail }: ReceiptedPush): boolean {
  if (status !== 'sent' && status !== 'undelivered') return false
  return detail === null || parseStored(detail)?.key !== 'receipt.intercepted'
}

/** The text has a line for each keyword. */
function toFacts({ title, content }: InterceptedMessage) {
  const line = content.trim().replaceAll(/\s*\n\s*/g, ' / ')
  return {
    title,
    content: line.length > longestContent ? `${line.slice(0, longestContent)}…` : line,
  }
}
