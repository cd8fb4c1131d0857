import * as z from 'zod'
import type { AtLeastOne } from '../../../base/accounts/accountsSchema.ts'
import { rule } from '../../../base/sentences/rule.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { findBroadcastOwner } from '../../../operations/broadcasts/among.ts'
import { retryOne } from '../../../operations/broadcasts/broadcasts.ts'
import { cursorSchema } from '../../../operations/listing/cursor.ts'
import { loadPushPage, pushPageSchema } from '../../../operations/listing/pushPage.ts'
import { historyFilterSchema } from '../../../operations/pushFilter.ts'
import { retryFailed, retryInputSchema, retryPart, retryPartOutputSchema } from '../../../operations/retry.ts'
import { type ApiAccount, chooseAccounts, toAuditAccount } from '../accounts.ts'
import { timeParameter } from '../parameters.ts'
import { toBadInput } from '../problems/toProblemError.ts'
import { type AddRoute, operators, readers } from '../route.ts'

interface PushListRoutesDeps {
  accounts(): readonly ApiAccount[]
}

const mostItems = 500
const fields = {
  account: z.string().optional().describe('name or AppID; default: every account'),
  template: historyFilterSchema.shape.templateId,
  since: timeParameter.optional().describe('asked for at this time or later'),
  until: timeParameter.optional().describe('asked for before this time'),
}

const listQuery = historyFilterSchema.omit({ templateId: true }).extend({
  ...fields,
  limit: z.coerce.number().int().min(1).max(mostItems).default(50),
  cursor: cursorSchema.optional().describe('`next` of the page before'),
})

const retryBody = retryInputSchema
  .omit({ templateId: true })
  .extend({
    ...fields,
    broadcast: z.string().optional().describe('with nothing else but a reason'),
    cursor: cursorSchema
      .nullable()
      .optional()
      .describe('in parts of `limit` (default 500): null for the first, then `next` of the answer before'),
  })
  .refine(({ status, reason }) => status !== undefined || reason !== undefined, {
    message: rule(say('field.statusOrReason')),
    path: ['status'],
  })

/** Many pushes, by what they have in common. */
export function pushListRoutes(addRoute: AddRoute, { accounts }: PushListRoutesDeps): void {
  addRoute(
    {
      method: 'GET',
      path: '/pushes',
      summary: 'Pushes, newest first, page by page',
      description:
        'Neither repeats nor skips while pushes arrive. Those that no worker has touched yet are listed with status=queued only, for which the whole queue is read; of a broadcast its recipients come in the order of sending.',
      tag: 'pushes',
      roles: readers,
      query: listQuery,
      answers: { 200: ['a page', pushPageSchema] },
      problems: [404],
    },
    ({ query: { account, template: templateId, limit, cursor, ...filter } }) =>
      loadPushPage(chooseAccounts(accounts(), account), { ...filter, templateId }, { limit, cursor }),
  )
  addRoute(
    {
      method: 'POST',
      path: '/pushes/retry',
      summary: 'Send those that failed once more, as new messages',
      description:
        'At least a status (rejected, undelivered, unknown) or a reason has to be given. With dryRun they are only counted. Many are better sent in parts, between which one can stop: that goes through the list once, so that none of them is sent twice.',
      tag: 'pushes',
      roles: operators,
      action: 'retry',
      body: retryBody,
      answers: { 200: ['how many are queued again', retryPartOutputSchema] },
      problems: [404, 409],
    },
    async ({ body, tell }) => {
      const { account, broadcast, template: templateId, cursor, ...others } = body
      const filter = { ...others, templateId }
      const chosen = chooseAccounts(accounts(), account)
      const answer =
        broadcast !== undefined
          ? await retryBroadcastOf(chosen, broadcast, { ...filter, ...(cursor !== undefined && { cursor }) })
          : cursor === undefined
            ? await retryFailed(chosen, filter)
            : await retryPart(chosen, { ...filter, after: cursor ?? undefined })
      const detail = say('audit.retriedOf', { retried: answer.retried, asked: JSON.stringify(body) })
      if (!filter.dryRun) tell({ account: toAuditAccount(chosen, account), target: broadcast, detail })
      return answer
    },
  )
}

/** The recipients of a broadcast are sent to again by it. */
async function retryBroadcastOf(
  accounts: AtLeastOne<ApiAccount>,
  id: string,
  { reason, ...others }: z.output<typeof retryInputSchema> & { cursor?: unknown },
): Promise<{ retried: number }> {
  const surplus = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (surplus !== undefined || reason === undefined) {
    throw toBadInput([{ pointer: `/${surplus ?? 'reason'}`, message: say('field.onlyReason') }])
  }
  return retryOne(await findBroadcastOwner(accounts, id), id, reason)
}
