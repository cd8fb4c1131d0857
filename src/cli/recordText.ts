import type { ShownPush } from '../operations/show.ts'
import type { PushRecord } from '../push/record.ts'
import { createTimeFormat } from './format.ts'
import { pad, renderFields } from './table.ts'
import { phrase } from './text/phrase.ts'

/** Everything about one push. */
export function createRecordText(timezone: string): (record: ShownPush) => string {
  const formatTime = createTimeFormat(timezone)
  return (record) =>
    renderFields([
      [phrase('label.id'), record.id],
      [phrase('label.status'), [record.status, record.reason].filter(Boolean).join(', ')],
      ...toField(phrase('label.detail'), record.detail),
      [phrase('label.account'), record.way?.map(({ account }) => account).join(' > ') ?? record.account],
      ...toField(phrase('label.next'), record.next),
      ...toField(phrase('label.broadcast'), record.broadcast),
      ...toField('Unionid', record.unionid),
      ...toField('Openid', record.openid),
      [phrase('label.template'), record.templateId],
      ...toField('Msgid', record.msgid),
      ...toField(
        'Errcode',
        record.errcode === null ? null : [record.errcode, record.errmsg].filter(Boolean).join(', '),
      ),
      ...toField('Rid', record.rid),
      [phrase('label.attempts'), String(record.attempts)],
      [phrase('label.created'), formatTime(record.createdAt)],
      ...toField(phrase('label.sent'), record.sentAt && formatTime(record.sentAt)),
      ...toField(phrase('label.finished'), record.finishedAt && formatTime(record.finishedAt)),
    ])
}

function toField(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]]
}

/**
 * One push of a list: a line, and under it why it was not sent. Columns are fixed, as lists have no end. In a list of
 * several accounts a line ends with the name of its own.
 */
export function createRecordLine(timezone: string, accounts: number): (record: PushRecord) => string {
  const formatTime = createTimeFormat(timezone)
  return ({ createdAt, status, unionid, openid, id, account, reason, detail }) => {
    const who = unionid ?? openid ?? '-'
    const words = [formatTime(createdAt).slice(0, 16), pad(status, 11), pad(who, 28), id]
    const line = [...words, ...(accounts > 1 ? [account] : [])].join('  ')
    const why = [reason, detail].filter(Boolean).join(': ')
    return why === '' ? line : `${line}\n    ${why}`
  }
}
