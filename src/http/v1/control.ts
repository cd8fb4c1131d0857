import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { pauseAccount, pauseInputSchema, pauseOutputSchema, resumeAccount } from '../../operations/pause.ts'
import { beginSync, syncInputSchema } from '../../operations/sync.ts'
import { type ApiAccount, chooseOneAccount } from './accounts.ts'
import { ProblemError } from './problem.ts'
import { type AddRoute, operators } from './route.ts'

interface ControlRoutesDeps {
  accounts(): readonly ApiAccount[]
  /** Ends what runs on behind an answer. */
  stop: AbortSignal
}

const account = z.string().optional().describe('name or AppID, where there are several')

/** What changes an account. */
export function controlRoutes(addRoute: AddRoute, { accounts, stop }: ControlRoutesDeps): void {
  addRoute(
    {
      method: 'POST',
      path: '/pause',
      summary: 'Send nothing until it is resumed',
      tag: 'account',
      roles: operators,
      action: 'pause',
      body: pauseInputSchema.extend({ account }).prefault({}),
      answers: { 200: ['how it is now', pauseOutputSchema] },
    },
    async ({ body: { account: word, reason }, tell }) => {
      const { answer } = await pauseAccount(chooseOneAccount(accounts(), word), { reason })
      tell({ account: answer.account, detail: reason })
      return answer
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/resume',
      summary: 'Send again, whatever it was paused for',
      tag: 'account',
      roles: operators,
      action: 'resume',
      body: pauseInputSchema.extend({ account }).prefault({}),
      answers: { 200: ['how it is now', pauseOutputSchema] },
    },
    async ({ body: { account: word, reason }, tell }) => {
      const { answer } = await resumeAccount(chooseOneAccount(accounts(), word))
      tell({ account: answer.account, detail: reason })
      return answer
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/sync',
      summary: 'Begin a follower sync, or go on with an interrupted one',
      description: 'It runs on after the answer; `lastSync` of /v1/status tells how far it is.',
      tag: 'account',
      roles: operators,
      action: 'sync',
      body: syncInputSchema.extend({ account, reason: pauseInputSchema.shape.reason }).prefault({}),
      answers: { 202: ['it runs', z.strictObject({ runId: z.int() })] },
      problems: [409],
    },
    async ({ body: { account: word, reason, full, force }, tell }) => {
      const chosen = chooseOneAccount(accounts(), word)
      const begun = await beginSync(chosen, { full, force }, stop)
      if ('runId' in begun) {
        tell({ account: chosen.name, target: String(begun.runId), detail: reason })
        return begun
      }
      throw new ProblemError(409, say('http.busy', { why: begun.busy }))
    },
  )
}
