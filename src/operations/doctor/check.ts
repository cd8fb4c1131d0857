import * as z from 'zod'
import type { Catalogue, FactsOf, Sentence, SentenceKey } from '../../base/sentences/sentence.ts'
import type { CheckedAccount, Installation, Machine, Tables } from './subjects.ts'

const checkStatuses = ['ok', 'warn', 'fail', 'skipped'] as const
export type CheckStatus = (typeof checkStatuses)[number]

/** What a check found: what was seen and what to do are in the sentence. */
export interface Finding {
  status: CheckStatus
  sentence: Sentence
}

type Findings = Finding | Promise<Finding>

/** By what it looks at, and so by what has to be there before it can look. */
export type Check = { name: string; isSlow?: true } & (
  | { of: 'machine'; run(machine: Machine): Findings }
  | { of: 'installation'; run(installation: Installation): Findings }
  | { of: 'account'; run(account: CheckedAccount): Findings }
  | { of: 'tables'; run(account: CheckedAccount, tables: Tables): Findings }
)

export const checkResultSchema = z.strictObject({
  name: z.string(),
  /** Only where there are several: the account a result is about. */
  account: z.string().optional(),
  status: z.enum(checkStatuses),
  /** What was seen. */
  detail: z.string(),
  /** What to do about it. */
  hint: z.string().nullable(),
})
export type CheckResult = z.infer<typeof checkResultSchema>

export const doctorSchema = z.strictObject({
  /** False if a check says `fail`. */
  ok: z.boolean(),
  checks: z.array(checkResultSchema),
})

type Facts<K extends SentenceKey> = keyof FactsOf<K> extends never ? [] : [facts: FactsOf<K>]

function toFinding(status: CheckStatus) {
  return <K extends keyof Catalogue>(key: K, ...facts: Facts<K>): Finding => ({
    status,
    sentence: { key, facts: facts[0] ?? {} },
  })
}

export const ok = toFinding('ok')
export const warn = toFinding('warn')
export const fail = toFinding('fail')
export const skip = toFinding('skipped')
