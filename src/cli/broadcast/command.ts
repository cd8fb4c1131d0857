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
  action: { type: 'positional', description: 'broadcast.action' },
  id: { type: 'positional', required: false, description: 'broadcast.id' },
  template: { type: 'string', valueHint: 'id', description: 'message.template' },
  data: {
    type: 'string',
    valueHint: 'json',
    description: 'broadcast.data',
  },
  url: { type: 'string', description: 'message.url' },
  'mp-appid': { type: 'string', valueHint: 'appid', description: 'message.mp-appid' },
  'mp-path': { type: 'string', valueHint: 'page', description: 'message.mp-path' },
  all: { type: 'boolean', description: 'broadcast.all' },
  tag: { type: 'string', valueHint: 'number', description: 'broadcast.tag' },
  scene: { type: 'string', description: 'broadcast.scene' },
  since: { type: 'string', valueHint: 'time', description: 'broadcast.since' },
  file: {
    type: 'string',
    valueHint: 'path',
    description: 'broadcast.file',
  },
  except: { type: 'string', valueHint: 'id', description: 'broadcast.except' },
  name: { type: 'string', description: 'broadcast.name' },
  at: { type: 'string', valueHint: 'time', description: 'message.at' },
  expires: { type: 'string', valueHint: 'time', description: 'message.expires' },
  rate: { type: 'string', valueHint: 'number', description: 'broadcast.rate' },
  window: { type: 'string', valueHint: 'hours', description: 'broadcast.window' },
  canary: { type: 'string', valueHint: 'share', description: 'broadcast.canary' },
  'max-failures': { type: 'string', valueHint: 'share', description: 'broadcast.max-failures' },
  'dry-run': { type: 'boolean', description: 'broadcast.dry-run' },
  skipped: { type: 'string', valueHint: 'path', description: 'broadcast.skipped' },
  yes: { type: 'boolean', description: 'broadcast.yes' },
  watch: { type: 'boolean', description: 'broadcast.watch' },
  reason: { type: 'string', description: 'broadcast.reason' },
  limit: { type: 'string', valueHint: 'count', description: 'broadcast.limit' },
  ...accountArg,
} as const

const actions = ['create', 'list', 'show', 'pause', 'resume', 'cancel']

type BroadcastArgs = Args<typeof args>

export const broadcastCommand = defineCommand({
  name: 'broadcast',
  description: 'broadcast',
  args,
  examples: [
    [
      `unionpush broadcast create --all --canary 1% \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"门店营业时间调整","time2":"2026-12-12 10:00"}'`,
      'broadcast.example.canary',
    ],
    [
      `unionpush broadcast create --file users.csv --dry-run \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"{{name}}"}'`,
      'broadcast.example.dryRun',
    ],
    ['unionpush broadcast show b1 --watch', 'broadcast.example.watch'],
    ['unionpush broadcast pause b1', 'broadcast.example.pause'],
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
      await out.print(retried, (answer) => phrase('broadcast.retried', { count: answer.retried }))
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
