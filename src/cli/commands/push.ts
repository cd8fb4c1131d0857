import { setTimeout as sleep } from 'node:timers/promises'
import type { Account } from '../../account.ts'
import { loadProducerConfig } from '../../base/config.ts'
import { hour, minute, second } from '../../base/duration.ts'
import type { PushRow, PushRows } from '../../db/sqlite/pushes.ts'
import { createControlClient } from '../../push/controlClient.ts'
import { createProducer } from '../../push/producer.ts'
import type { PushReceipt } from '../../push/pushAnswers.ts'
import { toPushRecord } from '../../push/toPushRecord.ts'
import { hasReached, type WaitGoal } from '../../push/wait.ts'
import { openControlQueue, openProducerQueue } from '../../queue/producerQueue.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { type Args, UsageError } from '../args.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer } from '../failure.ts'
import { formatCount, formatDuration, formatPlural } from '../format.ts'
import { type PushFileReceipt, pushFile } from '../messages/pushFile.ts'
import type { Output } from '../output.ts'
import { createRecordText } from '../recordText.ts'
import { createStopSignal } from '../signals.ts'
import { withApp } from '../withApp.ts'

const lookInterval = 100
const timeUnits: Record<string, number> = { s: second, m: minute, h: hour }
/** The most that a timer takes is less than 25 days. */
const longestTimeout = 500 * hour
/** With the 5 s that a question waits for its answer, a missing worker is told after 10 s. */
const askAfter = 5 * second

const args = {
  unionid: { type: 'string', description: 'whom: by unionid' },
  openid: { type: 'string', description: 'or by openid of the service account' },
  template: { type: 'string', valueHint: 'id', description: 'id of the template' },
  data: { type: 'string', valueHint: 'json', description: 'its keywords and their texts' },
  url: { type: 'string', description: 'page that the message opens' },
  'mp-appid': { type: 'string', valueHint: 'appid', description: 'mini-program that it opens' },
  'mp-path': { type: 'string', valueHint: 'page', description: 'page of the mini-program' },
  id: { type: 'string', description: 'the same id is sent once' },
  at: { type: 'string', valueHint: 'time', description: 'not before, ISO 8601 with offset' },
  expires: { type: 'string', valueHint: 'time', description: 'not after, ISO 8601 with offset' },
  hold: { type: 'boolean', description: 'wait for the user to follow, until --expires' },
  wait: { type: 'boolean', description: 'wait for the end; exit 1 unless sent' },
  until: { type: 'string', valueHint: 'goal', description: 'of --wait: sent, or delivered for the receipt' },
  timeout: { type: 'string', valueHint: 'time', description: 'of --wait: 30s, 5m, 2h; then exit 1' },
  file: { type: 'string', valueHint: 'path', description: '.jsonl or .csv with many; - is JSONL on stdin' },
} as const

type PushArgs = Args<typeof args>

export const push = defineCommand({
  name: 'push',
  description: 'Queue one push, or a file of them',
  args,
  examples: [
    [
      `unionpush push --unionid o6_bmjrPTlm6_2sgVt7hMZOPfL2M --id order-42 \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"订单已发货","time2":"2026-11-20 15:01"}'`,
      'tell one user; asking twice sends once',
    ],
    ['unionpush push --file users.csv', 'columns unionid, templateId, data.thing1, data.time2, ...'],
    ['unionpush push --file users.jsonl', 'lines {"unionid":"...","templateId":"...","data":{...}}'],
  ],
  run: (given, out) => (given.file === undefined ? runOne(given, out) : runFile(given.file, given, out)),
})

async function runOne(given: PushArgs, out: Output): Promise<number> {
  const message = toMessage(given)
  const until = toGoal(given)
  const timeoutMs = toTimeout(given)
  if (until !== undefined) return withApp(out, (app) => pushAndWait(app, message, { until, timeoutMs }, out))
  const config = loadProducerConfig()
  const queue = openProducerQueue(config.queue, config.appid)
  try {
    const receipt = await createProducer(queue).push(message)
    await out.print(receipt, toReceiptText)
  } finally {
    await queue.close()
  }
  return 0
}

function toReceiptText({ id, status }: PushReceipt): string {
  return status === 'queued'
    ? `Queued as ${id}. What becomes of it: unionpush show ${id}`
    : `${id} is known already: asking again sends nothing`
}

function toGoal({ wait, until = 'sent' }: PushArgs): WaitGoal | undefined {
  if (until !== 'sent' && until !== 'delivered') {
    throw new UsageError(`--until expects sent or delivered, got '${until}'`)
  }
  if (!wait && until === 'delivered') throw new UsageError('--until goes with --wait')
  return wait ? until : undefined
}

async function pushAndWait(
  app: Account,
  message: Record<string, unknown>,
  { until, timeoutMs }: { until: WaitGoal; timeoutMs: number | undefined },
  out: Output,
): Promise<number> {
  const receipt = await createProducer(app.openQueue()).push(message)
  out.remark(`${toReceiptText(receipt)}\nWaiting for a worker to send it; Ctrl-C leaves it queued`)
  const stop = createStopSignal()
  const timeout = timeoutMs === undefined ? [] : [AbortSignal.timeout(timeoutMs)]
  const done = new AbortController()
  const remarked = remarkMissingWorker(app, receipt.id, out, AbortSignal.any([stop, ...timeout, done.signal]))
  const row = await untilReached(app.pushes, receipt.id, until, AbortSignal.any([stop, ...timeout]))
  done.abort()
  await remarked
  if (row === undefined) {
    throw stop.aborted
      ? new NegativeAnswer('stopped', `Stopped waiting; ${receipt.id} stays queued`)
      : new NegativeAnswer(
          'timeout',
          `${receipt.id} was not ${until} within ${formatDuration(timeoutMs ?? 0)}; it goes on all the same`,
        )
  }
  await out.print(toPushRecord(row), createRecordText(app.config.timezone))
  return row.status === 'sent' || row.status === 'delivered' ? 0 : 1
}

/** A worker that cannot be asked cannot send either. */
async function remarkMissingWorker(
  { config }: Account,
  id: string,
  out: Output,
  ended: AbortSignal,
): Promise<void> {
  const isDue = await sleep(askAfter, true, { signal: ended }).catch(() => false)
  if (!isDue) return
  const control = openControlQueue(config.queue, config.account.appid)
  const close = () => control.close()
  ended.addEventListener('abort', close)
  try {
    await createControlClient(control).find(id)
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    if (!ended.aborted) out.remark(`${error.message}. ${id} stays queued`)
  } finally {
    await close()
  }
}

/** The record is written by the process of the worker; undefined when stopped before. */
async function untilReached(
  { find }: Pick<PushRows, 'find'>,
  id: string,
  until: WaitGoal,
  stop: AbortSignal,
): Promise<PushRow | undefined> {
  while (!stop.aborted) {
    const row = await find(id)
    if (row !== undefined && hasReached(row, until)) return row
    await sleep(lookInterval, undefined, { signal: stop }).catch(() => {})
  }
  return undefined
}

function toTimeout({ wait, timeout }: PushArgs): number | undefined {
  if (timeout === undefined) return undefined
  if (!wait) throw new UsageError('--timeout goes with --wait')
  const [, count, unit = ''] = /^([1-9]\d{0,4})([smh])$/.exec(timeout) ?? []
  const ms = Number(count) * (timeUnits[unit] ?? Number.NaN)
  if (!(ms <= longestTimeout)) throw new UsageError(`--timeout expects 30s, 5m or 2h, got '${timeout}'`)
  return ms
}

/** What is missing or wrong in it is for the library to say. */
function toMessage(given: PushArgs): Record<string, unknown> {
  const { unionid, openid, template, url, id, at, expires } = given
  if (template === undefined) throw new UsageError('--template is missing (or --file)')
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
  if (json === undefined) throw new UsageError('--data is missing')
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`--data is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function runFile(path: string, given: PushArgs, out: Output): Promise<number> {
  const other = Object.entries(given).find(([name, value]) => name in args && name !== 'file' && value)
  if (other !== undefined)
    throw new UsageError(`--${other[0]} does not go with --file: each line says it itself`)
  const config = loadProducerConfig()
  const queue = openProducerQueue(config.queue, config.appid)
  const progress = out.createProgress('Lines')
  const stop = createStopSignal()
  let lines = 0
  try {
    const receipt = await pushFile(createProducer(queue), path, stop, (count) => {
      lines = count
      progress.update(count, undefined)
    })
    progress.end()
    await out.print(receipt, toFileText)
    if (stop.aborted)
      out.remark(`Stopped after ${formatPlural(lines, 'line')}; the rest of ${path} is not queued`)
    return receipt.invalid.length === 0 && !stop.aborted ? 0 : 1
  } finally {
    progress.end()
    await queue.close()
  }
}

function toFileText({ queued, duplicates, invalid }: PushFileReceipt): string {
  const lines = invalid.map(({ line, reason }) => `line ${line}: ${reason}`)
  const counts = `${formatCount(queued)} queued, ${formatPlural(duplicates, 'duplicate')}, ${formatCount(invalid.length)} invalid`
  return [...lines, counts].join('\n')
}
