import * as z from 'zod'
import { day, second } from '../../base/duration.ts'
import { rememberFor } from '../../base/monitoring/rememberFor.ts'
import type { Language } from '../../base/sentences/language.ts'
import { say } from '../../base/sentences/sentence.ts'
import { doctorSchema } from '../../operations/doctor/check.ts'
import { listChecks } from '../../operations/doctor/run.ts'
import { type AuditAnswer, auditEntrySchema, listAudit } from '../../operations/reports/audit.ts'
import {
  bucketSchema,
  countBuckets,
  loadOutcomes,
  mostBuckets,
  outcomesSchema,
} from '../../operations/reports/outcomes.ts'
import { type ApiAccount, chooseAccounts } from './accounts.ts'
import { timeParameter } from './parameters.ts'
import { toBadInput } from './problems/toProblemError.ts'
import { accountQuery } from './reads.ts'
import { type AddRoute, readers } from './route.ts'

export type RunDoctor = (
  appids: readonly string[],
  checks: readonly string[],
  language: Language,
) => Promise<z.infer<typeof doctorSchema>>

interface ReportRoutesDeps {
  accounts(): readonly ApiAccount[]
  runDoctor: RunDoctor
}

const outcomesQuery = accountQuery.extend({
  since: timeParameter.optional().describe('default: a day before until'),
  until: timeParameter.optional().describe('default: now'),
  bucket: bucketSchema.default('hour').describe('a day begins in Asia/Shanghai'),
})

const auditQuery = accountQuery.extend({
  account: accountQuery.shape.account.describe(
    'name or AppID; default: every account, and changes of several at once',
  ),
  since: timeParameter.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

/** It calls WeChat, and more than one look in so much time tells nothing new. */
const doctorLife = 10 * second
const mostRemembered = 100
/** Pages that follow the same events all ask at the same moment. */
const outcomesLife = second / 5

export function reportRoutes(addRoute: AddRoute, { accounts, runDoctor }: ReportRoutesDeps): void {
  const remembered = new Map<string, () => ReturnType<RunDoctor>>()
  const outcomes = new Map<string, () => ReturnType<typeof loadOutcomes>>()

  addRoute(
    {
      method: 'GET',
      path: '/outcomes',
      summary: 'How pushes ended, by when they did, for charts',
      tag: 'pushes',
      roles: readers,
      query: outcomesQuery,
      answers: { 200: ['steps of time, those without a push too', outcomesSchema] },
    },
    ({ query }) => {
      const { account, until = Date.now(), since = until - day, bucket } = query
      const steps = countBuckets({ since, until, bucket })
      if (steps > mostBuckets) {
        const message = say('field.steps', { steps, most: mostBuckets })
        throw toBadInput([{ pointer: '/bucket', message }])
      }
      const isUpToNow = query.until === undefined && query.since !== undefined
      const asked = isUpToNow ? JSON.stringify([account, since, bucket]) : undefined
      return rememberIn(outcomes, asked, outcomesLife, async () =>
        loadOutcomes(chooseAccounts(accounts(), account), {
          since,
          until: query.until ?? Date.now(),
          bucket,
        }),
      )
    },
  )
  addRoute(
    {
      method: 'GET',
      path: '/doctor',
      summary: 'Everything that can be wrong, what was seen and what to do',
      description: 'In the language of Accept-Language. It takes up to 10 s, and is the same for 10 s.',
      tag: 'account',
      roles: readers,
      query: accountQuery.extend({ checks: z.string().optional().describe('names, separated by commas') }),
      answers: { 200: ['as the command doctor', doctorSchema] },
    },
    ({ query, language }) => {
      const appids = chooseAccounts(accounts(), query.account).map(({ appid }) => appid)
      const checks = query.checks?.split(',').map((name) => name.trim()) ?? []
      const known = listChecks(language).map(({ name }) => name)
      const unknown = checks.find((check) => !known.includes(check))
      if (unknown !== undefined) {
        throw toBadInput([
          { pointer: '/checks', message: say('field.noCheck', { check: unknown, known: known.join(', ') }) },
        ])
      }
      return remember(appids, checks, language)
    },
  )

  addRoute(
    {
      method: 'GET',
      path: '/audit',
      summary: 'What was changed over HTTP, and with which key, newest first',
      tag: 'api',
      roles: readers,
      query: auditQuery,
      answers: { 200: ['the newest', z.strictObject({ items: z.array(auditEntrySchema) })] },
    },
    async ({ query }) => {
      const { account: word, ...filter } = query
      const [first] = chooseAccounts(accounts(), word)
      const account = word === undefined ? undefined : first
      const items: AuditAnswer[] = []
      const entries = listAudit(first.runtime.database.audit(), { ...filter, account })
      for await (const entry of entries) items.push(entry)
      return { items }
    },
  )

  function remember(...asked: Parameters<RunDoctor>): ReturnType<RunDoctor> {
    return rememberIn(remembered, JSON.stringify(asked), doctorLife, () => runDoctor(...asked))
  }
}

/** Without a key nothing is remembered. */
function rememberIn<T>(
  remembered: Map<string, () => Promise<T>>,
  key: string | undefined,
  life: number,
  look: () => Promise<T>,
): Promise<T> {
  if (key === undefined) return look()
  const known = remembered.get(key)
  if (known) return known()
  if (remembered.size >= mostRemembered) remembered.clear()
  const ask = rememberFor(life, look)
  remembered.set(key, ask)
  return ask()
}
