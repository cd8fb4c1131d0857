import * as z from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { toFact } from '../../base/sentences/stored.ts'
import {
  pauseAccount,
  pauseInputSchema,
  pauseOutputSchema,
  resumeAccount,
} from '../../operations/pauses/pause.ts'
import { resumeTemplate, resumeTemplateOutputSchema } from '../../operations/pauses/resumeTemplate.ts'
import { beginSync, syncInputSchema } from '../../operations/sync.ts'
import { type ApiAccount, chooseOneAccount } from './accounts.ts'
import { ProblemError } from './problems/problem.ts'
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
      description: 'With `template` only the pushes that wait for that template.',
      tag: 'account',
      roles: operators,
      action: 'resume',
      body: pauseInputSchema.extend({ account, template: z.string().optional() }).prefault({}),
      answers: { 200: ['how it is now', z.union([pauseOutputSchema, resumeTemplateOutputSchema])] },
    },
    async ({ body: { account: word, reason, template }, tell }) => {
      if (template !== undefined) {
        const resumed = await resumeTemplate(chooseOneAccount(accounts(), word), template)
        tell({ account: resumed.account, target: template, detail: reason })
        return resumed
      }
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
      throw new ProblemError(409, say('http.busy', { why: toFact(begun.busy) }))
    },
  )
}
