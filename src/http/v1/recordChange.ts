import { type AccountName, findAccount } from '../../base/accounts/accountName.ts'
import type { Log } from '../../base/log.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { Audit, AuditOutcome } from '../../db/audit/audit.ts'
import type { Change, RecordChange } from './route.ts'

type Keep = Pick<Audit, 'add' | 'change' | 'remove'>

interface RecordChangeDeps {
  /** They share the database that keeps it. */
  accounts(): readonly (AccountName & { runtime: { database: { audit(): Keep } } })[]
  log: Log
}

/** Of what a caller says, texts as long as they like are kept in part. */
const longest = 500
/** What is left of a change whose process was killed on the way. */
const begun = say('audit.begun')
const unclear = say('audit.unclear')

/** Keeps who changes what, before it is made and with what became of it. What cannot be kept is logged, and made all the same. */
export function createRecordChange({ accounts, log }: RecordChangeDeps): RecordChange {
  let audit: Keep | undefined
  return async ({ name: keyName, role }, action, given) => {
    const known = { ...given, account: given.account && findAccount(accounts(), given.account)?.name }
    async function keep<T>(write: (audit: Keep) => Promise<T>): Promise<T | undefined> {
      try {
        audit ??= accounts()[0]?.runtime.database.audit()
        return audit && (await write(audit))
      } catch (error) {
        log.error({ err: error, keyName, action }, 'a change over HTTP could not be kept in the audit')
        return undefined
      }
    }
    const entry = { at: Date.now(), ...{ keyName, role, action } }
    const id = await keep((audit) => audit.add({ ...entry, ...toOutcome({ ...known, detail: begun }) }))
    const end = (change: Change) =>
      keep(async (audit) => {
        if (id !== undefined) await audit.change(id, toOutcome(change))
        else await audit.add({ ...entry, ...toOutcome(change) })
      })
    return {
      made: end,
      failed: () => end({ ...known, detail: unclear }),
      async refused() {
        if (id !== undefined) await keep((audit) => audit.remove(id))
      },
    }
  }
}

function toOutcome({ account, target, detail }: Change): AuditOutcome {
  return {
    account: account ?? null,
    target: target?.slice(0, longest) ?? null,
    detail: toKept(detail),
  }
}

function toKept(detail: string | Sentence = ''): string | null {
  if (typeof detail === 'string') return detail.slice(0, longest) || null
  const facts = Object.entries(detail.facts).map(([name, fact]) => [
    name,
    typeof fact === 'string' ? fact.slice(0, longest) : fact,
  ])
  return toStored({ ...detail, facts: Object.fromEntries(facts) })
}
