import type * as z from 'zod'
import { second } from '../../base/duration.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { isSentenceKey, type Sentence } from '../../base/sentences/sentence.ts'
import { type Check, type CheckResult, type doctorSchema, type Finding, fail, skip } from './check.ts'
import { checks } from './checks/checks.ts'
import type { CheckedAccount, Installation, Machine } from './subjects.ts'

/** All that can be looked at; what cannot be opened for what is wrong with the settings is undefined. */
export interface Examined {
  machine: Machine
  installation: Installation | undefined
  accounts: readonly CheckedAccount[]
}

/** So that the whole has an end, whatever does not answer. */
const patience = 9 * second

/** The names of the checks, with what each is about. */
export function listChecks(language: Language): { name: string; description: string }[] {
  return checks.map(({ name }) => {
    const key = `about.${name}`
    const description = isSentenceKey(key) ? render({ key, facts: {} }, language).seen : ''
    return { name, description }
  })
}

/** All of them begin at once; the results come in the order of the list. */
export async function* runChecks(
  examined: Examined,
  names: readonly string[],
  language: Language,
): AsyncGenerator<CheckResult> {
  const chosen = names.length === 0 ? checks : checks.filter(({ name }) => names.includes(name))
  const isAlone = examined.accounts.length <= 1
  const findings = chosen.flatMap((check) => {
    const isShared = check.of === 'machine' || check.of === 'installation'
    if (isShared || isAlone) return [{ name: check.name, finding: findFinding(check, examined) }]
    return examined.accounts.map((account) => ({
      name: check.name,
      account: account.name,
      finding: findFinding(check, { ...examined, accounts: [account] }),
    }))
  })
  for (const { finding, ...subject } of findings) {
    const { status, sentence } = await finding
    yield { ...subject, status, ...toWords(sentence, language) }
  }
}

/** The same as one answer. */
export async function loadDoctor(
  examined: Examined,
  names: readonly string[],
  language: Language,
): Promise<z.infer<typeof doctorSchema>> {
  const results: CheckResult[] = []
  for await (const result of runChecks(examined, names, language)) results.push(result)
  return { ok: results.every(({ status }) => status !== 'fail'), checks: results }
}

/** What one check says, of the first account where it is about one. Never rejects. */
export function findFinding(check: Check, { machine, installation, accounts }: Examined): Promise<Finding> {
  return inTime(async () => {
    if (check.of === 'machine') return check.run(machine)
    const [account] = accounts
    if (installation === undefined || account === undefined) return skip('needs.config')
    if (check.of === 'installation') return check.run(installation)
    if (check.of === 'account') return check.run(account)
    return account.tables === undefined ? skip('needs.database') : check.run(account, account.tables)
  })
}

/** A check that cannot be carried through is a finding too, and no reason to tell nothing of the others. */
async function inTime(run: () => Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve(fail('check.tooLong', { seconds: patience / second })), patience)
  })
  try {
    return await Promise.race([run(), tooLate])
  } catch (error) {
    return fail('check.failed', { why: error instanceof Error ? error.message : String(error) })
  } finally {
    clearTimeout(timer)
  }
}

function toWords(sentence: Sentence, language: Language): Pick<CheckResult, 'detail' | 'hint'> {
  const { seen, advice } = render(sentence, language)
  return { detail: seen, hint: advice }
}
