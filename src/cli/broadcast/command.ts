import {
  type Broadcast,
  type BroadcastDeps,
  type BroadcastInput,
  cancelOne,
  createOne,
  findBroadcast,
  listBroadcasts,
  pauseOne,
  planOne,
  resumeOne,
  retryOne,
} from '../../operations/broadcasts/broadcasts.ts'
import { isPushReason } from '../../push/status.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount, withAccounts } from '../accounts/withAccounts.ts'
import { type Args, UsageError } from '../args.ts'
import { defineCommand, toCount } from '../command.ts'
import { canConfirm, confirm } from '../confirm.ts'
import { NegativeAnswer } from '../failure.ts'
import { formatCount, formatPlural } from '../format.ts'
import type { Output } from '../output.ts'
import { parseSince } from '../since.ts'
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
  canary: { type: 'string', valueHint: 'share', description: '1% or a number first, then wait for resume' },
  'max-failures': { type: 'string', valueHint: 'share', description: 'pause above it; default 20%' },
  'dry-run': { type: 'boolean', description: 'only tell what would happen' },
  yes: { type: 'boolean', description: 'create without being asked' },
  watch: { type: 'boolean', description: 'of show: until it ends' },
  reason: { type: 'string', description: 'of retry: only those with this reason' },
  limit: { type: 'string', valueHint: 'count', description: 'of list: at most so many; default 100' },
  ...accountArg,
} as const

type BroadcastArgs = Args<typeof args>

export const broadcastCommand = defineCommand({
  name: 'broadcast',
  description: 'Send one message to many, and control it',
  args,
  examples: [
    [
      `unionpush broadcast create --all --canary 1% \\
      --template ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"周年庆开始了","time2":"2026-12-12 10:00"}'`,
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
      if (id !== undefined) throw new UsageError(`Unexpected argument '${id}'`)
      return action === 'create' ? create(given, out) : list(given, out)
    }
    if (id === undefined) throw new UsageError(`The id of a broadcast is missing: broadcast ${action} <id>`)
    return withAccount(out, given.account, (account) => control(account, action, id, given, out))
  },
})

async function create(given: BroadcastArgs, out: Output): Promise<number> {
  const asked = toInput(given)
  return withAccount(out, given.account, async (account) => {
    const since = given.since === undefined ? undefined : parseSince(given.since, account.config.timezone)
    const input = since === undefined ? asked : { ...asked, audience: { ...asked.audience, since } }
    if (given['dry-run']) {
      const plan = await planOne(account, input)
      await out.print(plan, toPlanText)
      return plan.invalid.length === 0 ? 0 : 1
    }
    if (!given.yes && !out.json && given.file !== '-' && canConfirm()) {
      out.remark(toPlanText(await planOne(account, input)))
      if (!(await confirm('Send it?'))) {
        out.remark('Nothing was created')
        return 1
      }
    }
    const created = await createOne(account, input)
    await out.print(created, toCreatedText)
    return created.invalid.length === 0 ? 0 : 1
  })
}

/** What is missing or wrong in it is for the library to say. */
function toInput(given: BroadcastArgs): BroadcastInput {
  const { template, url, name, at, expires, rate, window, canary, except } = given
  if (template === undefined) throw new UsageError('--template is missing')
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

function toAudience({ all, tag, scene, since, file }: BroadcastArgs): BroadcastInput['audience'] {
  const some = tag !== undefined || scene !== undefined || since !== undefined
  if (Number(all) + Number(some) + Number(file !== undefined) !== 1) {
    throw new UsageError('Whom? One of --all, --file, and --tag, --scene and --since together')
  }
  if (all) return { all }
  if (file !== undefined) return { file }
  return { tag: tag === undefined ? undefined : toCount('tag', tag), scene }
}

function toRate(text: string): number {
  const rate = /^\d{1,6}(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(rate > 0)) throw new UsageError(`--rate expects sends per second, got '${text}'`)
  return rate
}

function toData(json: string | undefined): Record<string, string> {
  if (json === undefined) throw new UsageError('--data is missing')
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`--data is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function list({ limit, account }: BroadcastArgs, out: Output): Promise<number> {
  const most = limit === undefined ? 100 : toCount('limit', limit, 1)
  return withAccounts(out, account, async ({ accounts }) => {
    const lists = await Promise.all(accounts.map((opened) => listBroadcasts(opened, most)))
    const total = await out.printAll(lists.flat(), toBroadcastText)
    out.remark(formatPlural(total, 'broadcast'))
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
      return watch ? watchBroadcast(account, id, out) : show(account, id, out)
    case 'pause':
      return print(out, await pauseOne(account, id))
    case 'resume':
      return print(out, await resumeOne(account, id))
    case 'cancel': {
      const cancelled = await cancelOne(account, id)
      await out.print(cancelled, (answer) =>
        [toBroadcastText(answer), `${formatCount(answer.inFlight)} sends under way end as they end`].join(
          '\n',
        ),
      )
      return 0
    }
    case 'retry': {
      if (reason !== undefined && !isPushReason(reason)) {
        throw new UsageError(`--reason expects a reason such as retries_exhausted, got '${reason}'`)
      }
      const retried = await retryOne(account, id, reason)
      await out.print(retried, (answer) => `${formatPlural(answer.retried, 'recipient')} waits again`)
      return 0
    }
    default:
      throw new UsageError(`Unknown action '${action}': create, list, show, pause, resume, cancel or retry`)
  }
}

async function show(account: BroadcastDeps, id: string, out: Output): Promise<number> {
  const broadcast = await findBroadcast(account, id)
  if (!broadcast) throw new NegativeAnswer('unknown_broadcast', `No broadcast with the id ${id} is known`)
  return print(out, broadcast)
}

async function print(out: Output, broadcast: Broadcast): Promise<number> {
  await out.print(broadcast, toBroadcastText)
  return 0
}
