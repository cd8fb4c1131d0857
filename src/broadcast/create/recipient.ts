import { type Sentence, say } from '../../base/sentences/sentence.ts'
import type { NewRecipient } from '../../db/broadcasts/recipients.ts'
import { toFaultSentence } from '../../push/invalidPush.ts'
import { checkMessage } from '../../push/message.ts'
import { type Columns, fillIn } from '../message.ts'
import type { MessageTemplate } from '../messageTemplate.ts'
import type { AudienceRow } from './rows.ts'

export interface InvalidRow {
  line: number
  reason: Sentence
}

export const idPattern = /^[\w-]{1,128}$/

/** Makes recipients of rows: who it is, and what the message needs of it, checked like any message. */
export function createRecipientCheck(
  templateId: string,
  template: MessageTemplate,
  needed: readonly string[],
): (row: AudienceRow) => NewRecipient | InvalidRow {
  return (row) => {
    if ('reason' in row) return row
    const { line, values } = row
    const openid = toId(values.openid)
    const unionid = toId(values.unionid)
    if (openid === null && unionid === null) return { line, reason: say('line.noIds') }
    const odd = [openid, unionid].find((id) => id !== null && !idPattern.test(id))
    if (odd !== undefined) {
      return { line, reason: say('line.badId', { id: odd?.slice(0, 30) ?? '' }) }
    }
    const columns: Columns = {}
    for (const name of needed) {
      const text = toText(values[name])
      if (text === undefined) return { line, reason: say('line.noColumn', { name }) }
      columns[name] = text
    }
    const reason = needed.length === 0 ? undefined : findFault(templateId, fillIn(template, columns))
    if (reason !== undefined) return { line, reason }
    return {
      seq: line,
      openid,
      unionid,
      isByUnionid: openid === null,
      columns: needed.length === 0 ? null : JSON.stringify(columns),
    }
  }
}

/** What is wrong with a message that everybody gets, or one of them. */
function findFault(templateId: string, message: MessageTemplate): Sentence | undefined {
  const checked = checkMessage({ openid: 'o', templateId, ...message })
  return 'problems' in checked ? toFaultSentence(checked.problems) : undefined
}

function toId(value: unknown): string | null {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? null : text
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
