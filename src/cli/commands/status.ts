import { say } from '../../base/sentences/sentence.ts'
import { type AccountStatus, loadStatus, type Status } from '../../operations/status.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatCount, formatDuration } from '../format.ts'
import { toPausedText } from '../paused.ts'
import { renderFields } from '../table.ts'
import { join, keptInWords, phrase } from '../text/phrase.ts'

export const statusCommand = defineCommand({
  name: 'status',
  description: 'status',
  args: accountsArg,
  examples: [
    ['unionpush status', 'status.example.all'],
    ["unionpush status --json | jq '.accounts[0].paused'", 'status.example.monitor'],
  ],
  run: ({ account }, out) =>
    withAccounts(out, account, async ({ accounts, config }) => {
      const status = await loadStatus(accounts)
      for (const problem of new Set(status.accounts.flatMap(({ queueProblems }) => queueProblems))) {
        out.remark(keptInWords(problem))
      }
      await out.print(status, (status) => toText(status, config.timezone))
      return 0
    }),
})

function toText({ accounts, database, queueBackend }: Status, timezone: string): string {
  const formatTime = createTimeFormat(timezone)
  const texts = accounts.map((account) => renderFields(toFields(account, formatTime)))
  return [
    ...texts,
    renderFields([
      [phrase('label.database'), database.address],
      [phrase('label.queueIn'), queueBackend],
    ]),
  ].join('\n\n')
}

function toFields(account: AccountStatus, formatTime: (iso: string | null) => string): [string, string][] {
  const { paused, pausedTemplates, circuit, rate, queue, token, followers, lastSync, today } = account
  return [
    [
      phrase('label.account'),
      account.account === account.appid ? account.appid : `${account.account} (${account.appid})`,
    ],
    [
      phrase('label.sending'),
      paused === null ? phrase('status.notPaused') : toPausedText(paused, formatTime),
    ],
    ...pausedTemplates.map((template) => toTemplateField(template, formatTime)),
    ...(circuit === null ? [] : [toCircuitField(circuit, formatTime)]),
    [phrase('label.rate'), toRateText(rate)],
    [phrase('label.queue'), queue === null ? phrase('status.noQueue') : toQueueText(queue)],
    [phrase('label.today'), toTodayText(today)],
    [phrase('label.followers'), phrase('status.followers', followers)],
    [
      phrase('label.lastSync'),
      lastSync === null ? phrase('status.noSync') : toSyncText(lastSync, formatTime),
    ],
    [
      phrase('label.token'),
      token === null
        ? phrase('status.noToken')
        : phrase('status.token', { time: formatTime(token.expiresAt) }),
    ],
  ]
}

function toTemplateField(
  { templateId, since, probeAt, detail }: AccountStatus['pausedTemplates'][number],
  formatTime: (iso: string | null) => string,
): [string, string] {
  const facts = { template: templateId, since: formatTime(since), time: formatTime(probeAt), detail }
  return [phrase('label.template'), phrase('status.templatePaused', facts)]
}

function toCircuitField(
  { need, detail, since }: NonNullable<AccountStatus['circuit']>,
  formatTime: (iso: string | null) => string,
): [string, string] {
  const facts = { need: say(`status.need.${need}`), since: formatTime(since), detail }
  return [phrase('label.waitsFor'), phrase('status.waitsFor', facts)]
}

function toRateText({ perSecond, limit }: AccountStatus['rate']): string {
  const most = limit === null ? say('status.noLimit') : say('status.limit', { limit: formatCount(limit) })
  return phrase('status.rate', { rate: formatCount(perSecond), limit: most })
}

function toQueueText({
  waiting,
  active,
  delayed,
  held,
  failed,
}: NonNullable<AccountStatus['queue']>): string {
  const counts = { waiting, active, delayed, held, failed }
  const names = ['waiting', 'active', 'delayed', 'held', 'failed'] as const
  return join(names.map((name) => say(`status.${name}`, { count: counts[name] })))
}

function toTodayText(today: AccountStatus['today']): string {
  return join(Object.entries(today).map(([status, count]) => say('status.ended', { count, status })))
}

function toSyncText(
  { status, startedAt, seen, durationMs, error }: NonNullable<AccountStatus['lastSync']>,
  formatTime: (iso: string | null) => string,
): string {
  const facts = { status, time: formatTime(startedAt), seen, duration: formatDuration(durationMs) }
  const line = phrase('status.sync', facts)
  return error === null ? line : `${line}\n${error}`
}
