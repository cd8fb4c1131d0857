import { hour, minute, second } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { type PushLinesOutput, pushLines } from '../../operations/push.ts'
import type { WaitGoal } from '../../push/wait.ts'
import { accountArg, chooseAccount } from '../accounts/accountArg.ts'
import { withAccount } from '../accounts/withAccounts.ts'
import { type Args, UsageError } from '../args.ts'
import { defineCommand, toExpected } from '../command.ts'
import { parseData } from '../messages/dataOption.ts'
import { readMessageFile } from '../messages/messageFile.ts'
import type { Output } from '../output.ts'
import { pushAndWait, toReceiptText } from '../pushAndWait.ts'
import { createStopSignal } from '../signals.ts'
import { phrase, toPlural } from '../text/phrase.ts'
import { type ChooseAccounts, withProducer } from '../withProducer.ts'

const timeUnits: Record<string, number> = { s: second, m: minute, h: hour }
/** The most that a timer takes is less than 25 days. */
const longestTimeout = 500 * hour

const args = {
  unionid: { type: 'string', description: 'push.unionid' },
  openid: { type: 'string', description: 'push.openid' },
  template: { type: 'string', valueHint: 'id', description: 'message.template' },
  data: { type: 'string', valueHint: 'json', description: 'push.data' },
  url: { type: 'string', description: 'message.url' },
  'mp-appid': { type: 'string', valueHint: 'appid', description: 'message.mp-appid' },
  'mp-path': { type: 'string', valueHint: 'page', description: 'message.mp-path' },
  id: { type: 'string', description: 'push.id' },
  ...accountArg,
  at: { type: 'string', valueHint: 'time', description: 'message.at' },
  expires: { type: 'string', valueHint: 'time', description: 'message.expires' },
  hold: { type: 'boolean', description: 'push.hold' },
  wait: { type: 'boolean', description: 'push.wait' },
  until: { type: 'string', valueHint: 'goal', description: 'push.until' },
  timeout: { type: 'string', valueHint: 'time', description: 'push.timeout' },
  file: { type: 'string', valueHint: 'path', description: 'push.file' },
} as const

type PushArgs = Args<typeof args>

export const pushCommand = defineCommand({
  name: 'push',
  description: 'push',
  args,
  examples: [
    [
      `unionpush push --unionid o6_bmjrPTlm6_2sgVt7hMZOPfL2M --id order-42 \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"订单已发货","time2":"2026-11-20 15:01"}'`,
      'push.example.one',
    ],
    ['unionpush push --file users.csv', 'push.example.csv'],
    ['unionpush push --file users.jsonl', 'push.example.jsonl'],
  ],
  run: (given, out) => (given.file === undefined ? runOne(given, out) : runFile(given.file, given, out)),
})

async function runOne(given: PushArgs, out: Output): Promise<number> {
  const message = toMessage(given)
  const until = toGoal(given)
  const timeoutMs = toTimeout(given)
  if (until !== undefined)
    return withAccount(out, given.account, (account) =>
      pushAndWait(account, message, { until, timeoutMs }, out),
    )
  const choose: ChooseAccounts = (accounts) => [chooseAccount(accounts, given.account)]
  return withProducer(choose, async (producer) => {
    await out.print(await producer.push(message), toReceiptText)
    return 0
  })
}

function toGoal({ wait, until = 'sent' }: PushArgs): WaitGoal | undefined {
  if (until !== 'sent' && until !== 'delivered') {
    throw toExpected('until', say('option.until'), until)
  }
  if (!wait && until === 'delivered') throw toNeedsWait('until')
  return wait ? until : undefined
}

function toTimeout({ wait, timeout }: PushArgs): number | undefined {
  if (timeout === undefined) return undefined
  if (!wait) throw toNeedsWait('timeout')
  const [, count, unit = ''] = /^([1-9]\d{0,4})([smh])$/.exec(timeout) ?? []
  const ms = Number(count) * (timeUnits[unit] ?? Number.NaN)
  if (!(ms <= longestTimeout)) throw toExpected('timeout', say('option.timeout'), timeout)
  return ms
}

function toNeedsWait(option: string): UsageError {
  return new UsageError(say('usage.goesWith', { option, command: '--wait' }))
}

/** What is missing or wrong in it is for the library to say. */
function toMessage(given: PushArgs): Record<string, unknown> {
  const { unionid, openid, template, url, id, at, expires } = given
  if (template === undefined) throw new UsageError(say('usage.missingOrFile', { option: 'template' }))
  const miniprogram =
    given['mp-appid'] === undefined && given['mp-path'] === undefined
      ? undefined
      : { appid: given['mp-appid'], pagepath: given['mp-path'] }
  return {
    unionid,
    openid,
    templateId: template,
    data: toData(given.data),
    url,
    miniprogram,
    id,
    sendAt: at,
    expiresAt: expires,
    ...(given.hold && { hold: true }),
  }
}

function toData(json: string | undefined): unknown {
  if (json === undefined) throw new UsageError(say('usage.missing', { option: 'data' }))
  return parseData(json)
}

/** Each line names its own, where there are several. */
const chooseAll: ChooseAccounts = (accounts) => accounts

async function runFile(path: string, given: PushArgs, out: Output): Promise<number> {
  const other = Object.entries(given).find(([name, value]) => name in args && name !== 'file' && value)
  if (other !== undefined) throw new UsageError(say('usage.notWithFile', { option: other[0] }))
  return withProducer(chooseAll, async (producer) => {
    const progress = out.createProgress(phrase('push.lines'))
    const stop = createStopSignal()
    let lines = 0
    try {
      const onLine = (count: number) => {
        lines = count
        progress.update(count, undefined)
      }
      const receipt = await pushLines({ producer, stop, onLine }, readMessageFile(path))
      progress.end()
      await out.print(receipt, toFileText)
      if (stop.aborted) out.remark(phrase('push.stopped', { count: toPlural('line', lines), path }))
      return receipt.invalid.length === 0 && !stop.aborted ? 0 : 1
    } finally {
      progress.end()
    }
  })
}

function toFileText({ queued, duplicates, invalid }: PushLinesOutput): string {
  const lines = invalid.map(({ line, reason }) => phrase('push.badLine', { line: String(line), reason }))
  const facts = { queued, duplicates: toPlural('duplicate', duplicates), invalid: invalid.length }
  const counts = phrase('push.fileCounts', facts)
  return [...lines, counts].join('\n')
}
