import type { Row } from './database.ts'

export interface Receipt {
  msgid: string
  status: string
  /** Whether it was answered with `success`. */
  isTaken: boolean
}

interface ReceiptBooks {
  receipts: readonly Receipt[]
  lostReceipts: ReadonlySet<string>
}

/** Of messages that WeChat accepted. */
export const sentStatuses = ['sent', 'delivered', 'undelivered']

/** Records of messages whose receipts were taken and are not on record. */
export function findOpenReceipts(
  rows: readonly Row[],
  receipts: readonly Receipt[],
  lost: ReadonlySet<string>,
): Row[] {
  const taken = new Set(receipts.filter(({ isTaken }) => isTaken).map(({ msgid }) => msgid))
  return rows.filter(
    ({ status, msgid }) => status === 'sent' && msgid && taken.has(msgid) && !lost.has(msgid),
  )
}

/** What the receipts said is on record, and nothing that they did not say. */
export function findReceiptFaults(row: Row | undefined, { receipts, lostReceipts }: ReceiptBooks): string[] {
  if (!row || !sentStatuses.includes(row.status)) return []
  const { status, reason, msgid } = row
  if (status === 'sent') {
    const isOpen = findOpenReceipts([row], receipts, lostReceipts).length > 0
    return isOpen ? ['its receipt was taken, and it is not on record'] : []
  }
  const own = receipts.filter((receipt) => receipt.msgid === msgid)
  const isSaid = own.some((receipt) => (reasons[receipt.status] ?? null) === reason)
  return isSaid ? [] : [`${status} (${reason}), which no receipt said`]
}

/** What is on record after which word of WeChat's; null after `success`. */
const reasons: Record<string, string> = {
  'failed:user block': 'user_block',
  'failed: system failed': 'system_failed',
}
