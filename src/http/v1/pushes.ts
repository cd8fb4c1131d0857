import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { findPushAmong } from '../../operations/show.ts'
import { pushRecordSchema } from '../../push/recordSchema.ts'
import { type ApiAccount, chooseAccounts } from './accounts.ts'
import { ProblemError } from './problem.ts'
import { accountQuery } from './reads.ts'
import type { AddRoute } from './route.ts'

interface PushRoutesDeps {
  accounts(): readonly ApiAccount[]
}

export const pushParams = z.object({ id: z.string() })
export const shownPushSchema = pushRecordSchema.extend({
  way: z
    .array(pushRecordSchema)
    .optional()
    .describe('its records in the accounts that it was offered to, in their order'),
})

/** One push. */
export function pushRoutes(addRoute: AddRoute, { accounts }: PushRoutesDeps): void {
  addRoute(
    {
      method: 'GET',
      path: '/pushes/:id',
      summary: 'What has become of a push',
      tag: 'pushes',
      roles: ['push', 'view', 'operate'],
      params: pushParams,
      query: accountQuery,
      answers: { 200: ['its record', shownPushSchema] },
      problems: [404],
    },
    async ({ params: { id }, query }) => {
      const push = await findPushAmong(chooseAccounts(accounts(), query.account), id)
      if (!push) throw new ProblemError(404, say('http.unknown_push', { id }))
      return push
    },
  )
}
