import { day, minute } from '../../../base/duration.ts'
import { errcode } from '../../../wechat/errcode.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import { judgeAnswer } from '../refusal.ts'

/** A receipt takes seconds; so many pushes without a single one are no chance. */
const receiptTime = 10 * minute
const enoughPushes = 5
const mostPushes = 500
const wholeLoss = 100

export const callbackChecks: Check[] = [
  {
    name: 'callback_settings',
    of: 'account',
    run({ config: { callback, appid, accountsFile } }) {
      if (callback === undefined) return warn('callbackSettings.none')
      const path = accountsFile === undefined ? '/wechat/callback' : `/wechat/callback/${appid}`
      return callback.encodingAesKeys.length === 0
        ? warn('callbackSettings.plain', { path })
        : ok('callbackSettings.ok', { path })
    },
  },
  {
    name: 'callback',
    of: 'account',
    isSlow: true,
    async run({ config, wechat }) {
      if (config.callback === undefined) return skip('callback.none')
      const asked = await wechat.callbackCheck()
      if (asked !== 'no_token' && 'refusal' in asked && asked.refusal.errcode === errcode.noCallbackUrl) {
        return fail('callback.noUrl')
      }
      return judgeAnswer(asked, ({ addresses, lossPercents }) => {
        if (addresses.length === 0) return fail('callback.noAddress')
        const facts = { addresses: addresses.join(', '), loss: Math.max(0, ...lossPercents) }
        if (lossPercents.length > 0 && lossPercents.every((loss) => loss >= wholeLoss)) {
          return fail('callback.unreachable', { addresses: facts.addresses })
        }
        return facts.loss > 0
          ? warn('callback.losses', facts)
          : ok('callback.ok', { addresses: facts.addresses })
      })
    },
  },
  {
    name: 'receipts',
    of: 'tables',
    async run({ config }, { pushes }) {
      const now = Date.now()
      let sent = 0
      let told = 0
      for await (const row of pushes.history({ since: now - day, limit: mostPushes })) {
        if (row.sentAt === null || row.sentAt > now - receiptTime) continue
        if (row.status === 'sent') sent++
        else if (row.status === 'delivered' || row.status === 'undelivered') told++
      }
      const facts = { pushes: sent + told, told }
      if (facts.pushes === 0) return skip('receipts.noPushes')
      if (config.callback === undefined) return skip('callback.none')
      if (told === 0 && facts.pushes >= enoughPushes) return fail('receipts.none', facts)
      return told < facts.pushes / 2 ? warn('receipts.few', facts) : ok('receipts.ok', facts)
    },
  },
]
