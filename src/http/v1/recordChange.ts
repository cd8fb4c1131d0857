import type { Log } from '../../base/log.ts'
import type { Audit } from '../../db/audit/audit.ts'
import type { RecordChange } from './route.ts'

interface RecordChangeDeps {
  /** They share the database that keeps it. */
  accounts(): readonly { runtime: { database: { audit(): Pick<Audit, 'add'> } } }[]
  log: Log
}

/** Of what a caller says, texts as long as they like are kept in part. */
const longest = 500

/** Keeps who changed what. The change has been made by then, so what cannot be kept is logged and the caller is answered. */
export function createRecordChange({ accounts, log }: RecordChangeDeps): RecordChange {
  let audit: Pick<Audit, 'add'> | undefined
  return async ({ name: keyName, role }, action, { account, target, detail }) => {
    const entry = {
      at: Date.now(),
      ...{ keyName, role, action },
      account: account ?? null,
      target: target?.slice(0, longest) ?? null,
      detail: detail?.slice(0, longest) ?? null,
    }
    try {
      audit ??= accounts()[0]?.runtime.database.audit()
      await audit?.add(entry)
    } catch (error) {
      log.error({ err: error, keyName, action }, 'a change over HTTP could not be kept in the audit')
    }
  }
}
