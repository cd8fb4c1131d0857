import { resolve } from 'node:path'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { findBroadcastOwner, listBroadcastsAmong } from '../../operations/broadcasts/among.ts'
import {
  type Broadcast,
  type BroadcastDeps,
  type BroadcastInput,
  cancelOne,
  createOne,
  findBroadcast,
  pauseOne,
  planOne,
  resumeOne,
  retryOne,
} from '../../operations/broadcasts/broadcasts.ts'
import { isPushReason } from '../../push/status.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount, withAccounts } from '../accounts/withAccounts.ts'
import { type Args, UsageError } from '../args.ts'
import { defineCommand, toCount, toExpected } from '../command.ts'
import { canConfirm, confirm } from '../confirm.ts'
import { NegativeAnswer } from '../failure.ts'
import type { Output } from '../output.ts'
import { parseSince } from '../since.ts'
import { getLanguage, inWords, phrase, toPlural } from '../text/phrase.ts'
import type { Reader } from './ends.ts'
import { writeSkipped } from './skippedFile.ts'
import { toBroadcastText, toCreatedText, toPlanText } from './text.ts'
import { watchBroadcast } from './watch.ts'

const args = {
  action: { type: 'positional', description: 'create, list, show, pause, resume, cancel or retry' },
  id: { type: 'positional', required: false, description: 'of all but create and list' },
  template: { type: 'string', valueHint: 'id', description: 'id of the template' },
  data: {
    type: 'string',
    valueHint: 'json',
    description: 'its keywords and texts, {{column}} from the file',
  },
  url: { type: 'string', description: 'page that the message opens' },
  'mp-appid': { type: 'string', valueHint: 'appid', description: 'mini-program that it opens' },
  'mp-path': { type: 'string', valueHint: 'page', description: 'page of the mini-program' },
  all: { type: 'boolean', description: 'to all followers' },
  tag: { type: 'string', valueHint: 'number', description: 'to followers with this tag' },
  scene: { type: 'string', description: 'to those who came by it, such as ADD_SCENE_QR_CODE' },
  since: { type: 'string', valueHint: 'time', description: 'to those who followed since: 30d, 2026-11-20' },
  file: {
    type: 'string',
    valueHint: 'path',
    description: 'to those in a .csv or .jsonl; - is JSONL on stdin',
  },
  except: { type: 'string', valueHint: 'id', description: 'but those who got that broadcast' },
  name: { type: 'string', description: 'for people' },
  at: { type: 'string', valueHint: 'time', description: 'not before, ISO 8601 with offset' },
  expires: { type: 'string', valueHint: 'time', description: 'not after, ISO 8601 with offset' },
  rate: { type: 'string', valueHint: 'number', description: 'sends per second at most' },
  window: { type: 'string', valueHint: 'hours', description: 'only then: 09:00-21:00' },
  canary: { type: 'string', valueHint: 'share', description: '1% or a number first; the rest if delivered' },
  'max-failures': { type: 'string', valueHint: 'share', description: 'pause above it; default 20%' },
  'dry-run': { type: 'boolean', description: 'only tell what would happen' },
  skipped: { type: 'string', valueHint: 'path', description: 'a CSV of those who get nothing, and why' },
  yes: { type: 'boolean', description: 'create without being asked' },
  watch: { type: 'boolean', description: 'of show: until it ends' },
  reason: { type: 'string', description: 'of retry: only those with this reason' },
  limit: { type: 'string', valueHint: 'count', description: 'of list: at most so many; default 100' },
  ...accountArg,
} as const

const actions = ['create', 'list', 'show', 'pause', 'resume', 'cancel']

type BroadcastArgs = Args<typeof args>

export const broadcastCommand = defineCommand({
  name: 'broadcast',
  description: 'Send one message to many, and control it',
  args,
  examples: [
    [
      `unionpush broadcast create --all --canary 1% \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"门店营业时间调整","time2":"2026-12-12 10:00"}'`,
      'to every follower; one in a hundred first',
    ],
    [
      `unionpush broadcast create --file users.csv --dry-run \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"{{name}}"}'`,
      'who would get what, and how long it takes',
    ],
    ['unionpush broadcast show b1 --watch', 'follow it until it ends'],
    ['unionpush broadcast pause b1', 'within a second, until resume'],
  ],
  run(given, out) {
    const { action, id } = given
    if (action === 'create' || action === 'list') {
      if (id !== undefined) throw new UsageError(say('usage.unexpected', { word: id }))
      return action === 'create' ? create(given, out) : list(given, out)
    }
    if (id === undefined) throw new UsageError(say('usage.idMissing', { action }))
    return withAccounts(out, given.account, async ({ accounts }) =>
      control(await findBroadcastOwner(accounts, id), action, id, given, out),
    )
  },
})

async function create(given: BroadcastArgs, out: Output): Promise<number> {
  const asked = toInput(given)
  refuseOwnFile(given)
  return withAccount(out, given.account, async (account) => {
    const reader = toReader(account)
    const since = given.since === undefined ? undefined : parseSince(given.since, account.config.timezone)
    const input = since === undefined ? asked : { ...asked, audience: { ...asked.audience, since } }
    const told = <T>(call: (whole: BroadcastInput) => Promise<T>) =>
      given.skipped === undefined
        ? call(input)
        : writeSkipped(given.skipped, (onSkipped) => call({ ...input, onSkipped }))
    if (given['dry-run']) {
      const plan = await told((whole) => planOne(account, whole, reader.language))
      await out.print(plan, (one) => toPlanText(one, reader))
      return plan.invalid.length === 0 ? 0 : 1
    }
    if (!given.yes && !out.json && given.file !== '-' && canConfirm()) {
      out.remark(toPlanText(await told((whole) => planOne(account, whole, reader.language)), reader))
      if (!(await confirm(phrase('broadcast.send')))) {
        out.remark(phrase('broadcast.nothing'))
        return 1
      }
    }
    const created = await told((whole) => createOne(account, whole, reader.language))
    await out.print(created, (one) => toCreatedText(one, reader))
    return created.invalid.length === 0 ? 0 : 1
  })
}

/** What is missing or wrong in it is for the library to say. */
function toInput(given: BroadcastArgs): BroadcastInput {
  const { template, url, name, at, expires, rate, window, canary, except } = given
  if (template === undefined) throw new UsageError(say('usage.missing', { option: 'template' }))
  const miniprogram =
    given['mp-appid'] === undefined && given['mp-path'] === undefined
      ? undefined
      : { appid: given['mp-appid'] ?? '', pagepath: given['mp-path'] }
  return {
    ...{ templateId: template, data: toData(given.data), url, miniprogram, name, window, canary, except },
    audience: toAudience(given),
    startAt: at,
    expiresAt: expires,
    rate: rate === undefined ? undefined : toRate(rate),
    maxFailures: given['max-failures'],
  }
}

/** What is written there would be read from it. */
function refuseOwnFile({ skipped, file }: BroadcastArgs): void {
  if (skipped === undefined) return
  if (skipped === '-') throw toExpectedOnly(say('option.noStdout'))
  if (file !== undefined && resolve(file) === resolve(skipped)) {
    throw toExpectedOnly(say('option.otherFile'))
  }
}

function toExpectedOnly(expected: Sentence): UsageError {
  return new UsageError(say('usage.expectsOnly', { option: 'skipped', expected }))
}

function toAudience({ all, tag, scene, since, file }: BroadcastArgs): BroadcastInput['audience'] {
  const some = tag !== undefined || scene !== undefined || since !== undefined
  if (Number(all) + Number(some) + Number(file !== undefined) !== 1) {
    throw new UsageError(say('usage.whom'))
  }
  if (all) return { all }
  if (file !== undefined) return { file }
  return { tag: tag === undefined ? undefined : toCount('tag', tag), scene }
}

function toRate(text: string): number {
  const rate = /^\d{1,6}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(rate > 0)) throw toExpected('rate', say('option.rate'), text)
  return rate
}

function toData(json: string | undefined): BroadcastInput['data'] {
  if (json === undefined) throw new UsageError(say('usage.missing', { option: 'data' }))
  try {
    return JSON.parse(json)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(say('usage.notJson', { option: 'data', message }))
  }
}

async function list({ limit, account }: BroadcastArgs, out: Output): Promise<number> {
  const most = limit === undefined ? 100 : toCount('limit', limit, 1)
  return withAccounts(out, account, async ({ accounts, config }) => {
    const reader = toReader({ config })
    const newest = await listBroadcastsAmong(accounts, most)
    const toText = (one: Broadcast) => toBroadcastText(one, reader)
    const toNamed = (one: Broadcast) => `${one.account}  ${toText(one)}`
    const total = await out.printAll(newest, accounts.length > 1 ? toNamed : toText)
    out.remark(inWords(toPlural('broadcast', total)))
    return 0
  })
}

async function control(
  account: BroadcastDeps,
  action: string,
  id: string,
  { watch, reason }: BroadcastArgs,
  out: Output,
): Promise<number> {
  switch (action) {
    case 'show':
      return watch ? watchBroadcast(account, id, toReader(account), out) : show(account, id, out)
    case 'pause':
      return print(account, out, await pauseOne(account, id))
    case 'resume':
      return print(account, out, await resumeOne(account, id))
    case 'cancel': {
      const cancelled = await cancelOne(account, id)
      await out.print(cancelled, (answer) =>
        [
          toBroadcastText(answer, toReader(account)),
          phrase('broadcast.inFlight', { count: answer.inFlight }),
        ].join('\n'),
      )
      return 0
    }
    case 'retry': {
      if (reason !== undefined && !isPushReason(reason)) {
        throw toExpected('reason', say('option.reason'), reason)
      }
      const retried = await retryOne(account, id, reason)
      await out.print(retried, (answer) =>
        phrase('broadcast.retried', { count: toPlural('recipient', answer.retried) }),
      )
      return 0
    }
    default:
      throw new UsageError(say('usage.unknownAction', { action, known: actions.join(', '), last: 'retry' }))
  }
}

async function show(account: BroadcastDeps, id: string, out: Output): Promise<number> {
  const broadcast = await findBroadcast(account, id)
  if (!broadcast) throw new NegativeAnswer('unknown_broadcast', say('broadcast.unknown', { id }))
  return print(account, out, broadcast)
}

async function print(account: BroadcastDeps, out: Output, broadcast: Broadcast): Promise<number> {
  await out.print(broadcast, (one) => toBroadcastText(one, toReader(account)))
  return 0
}

function toReader({ config: { timezone } }: { config: { timezone: string } }): Reader {
  return { language: getLanguage(), timezone }
}
