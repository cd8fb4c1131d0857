import type { SharedConfig, WebhookConfig } from '../../base/config.ts'
import { ConfigError } from '../../base/configError.ts'
import { say } from '../../base/sentences/sentence.ts'
import {
  enableWebhooks,
  listWebhooks,
  retryWebhooks,
  testWebhook,
  type WebhookDeliveryAnswer,
} from '../../operations/webhooks.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { UsageError } from '../args.ts'
import { defineCommand } from '../command.ts'
import { parseSince } from '../since.ts'
import { inWords, phrase, toPlural } from '../text/phrase.ts'

const args = {
  action: { type: 'positional', description: 'webhooks.action' },
  since: {
    type: 'string',
    valueHint: 'time',
    description: 'webhooks.since',
  },
  ...accountsArg,
} as const

const actions = ['list', 'retry', 'enable', 'test']

export const webhooksCommand = defineCommand({
  name: 'webhooks',
  description: 'webhooks',
  args,
  examples: [
    ['unionpush webhooks test', 'webhooks.example.test'],
    ['unionpush webhooks list', 'webhooks.example.list'],
    ['unionpush webhooks retry', 'webhooks.example.retry'],
    ['unionpush webhooks retry --since 2h', 'webhooks.example.since'],
    ['unionpush webhooks enable', 'webhooks.example.enable'],
  ],
  run({ action, since, account }, out) {
    if (!actions.includes(action)) {
      const expected = say('expected.oneOf', { names: actions.join(', ') })
      throw new UsageError(say('usage.unexpectedOf', { word: action, expected }))
    }
    if (since !== undefined && action !== 'retry') {
      throw new UsageError(say('usage.goesWith', { option: 'since', command: 'webhooks retry' }))
    }
    return withAccounts(out, account, async ({ accounts, runtime, config }) => {
      const webhooks = runtime.database.webhooks()
      if (action === 'list') {
        const count = await out.printAll(await listWebhooks(webhooks), toLine)
        const endpoint = await webhooks.findEndpoint()
        if (endpoint?.offDetail) out.remark(phrase('webhooks.off', { detail: endpoint.offDetail }))
        else if (count === 0) out.remark(phrase('webhooks.allTaken'))
        return 0
      }
      const webhook = getWebhook(config)
      if (action === 'test') {
        const answer = await testWebhook(webhook, config.proxy)
        await out.print(answer, ({ error, durationMs }) =>
          error === null
            ? phrase('webhooks.taken', { duration: String(durationMs) })
            : phrase('webhooks.notTaken', { error }),
        )
        return answer.status === 'delivered' ? 0 : 1
      }
      if (action === 'enable') {
        await out.print(await enableWebhooks(webhooks), ({ wasOff }) =>
          phrase(wasOff ? 'webhooks.onAgain' : 'webhooks.on'),
        )
        return 0
      }
      const from = since === undefined ? undefined : parseSince(since, config.timezone)
      const appids = accounts.map(({ appid }) => appid)
      await out.print(await retryWebhooks(webhooks, { since: from, appids }), ({ retried, repeated }) => {
        const tried = say('webhooks.due', { count: toPlural('message', retried) })
        if (from === undefined) return inWords(tried)
        return phrase('webhooks.repeated', { tried, count: toPlural('record', repeated) })
      })
      return 0
    })
  },
})

function getWebhook({ webhook }: Pick<SharedConfig, 'webhook'>): WebhookConfig {
  if (webhook) return webhook
  throw new ConfigError([
    { variable: 'WEBHOOK_URL', expected: say('expected.webhookUrl'), found: say('found.nothing') },
  ])
}

function toLine({ id, type, attempts, nextAt, lastError }: WebhookDeliveryAnswer): string {
  const next = nextAt === null ? say('webhooks.givenUp') : say('webhooks.next', { time: nextAt })
  const facts = { id, type, attempts: toPlural('attempt', attempts), next, error: lastError ?? '' }
  return phrase('webhooks.line', facts)
}
