import type { ShownPush } from '../operations/show.ts'
import type { PushRecord } from '../push/record.ts'
import { createTimeFormat } from './format.ts'
import { pad, renderFields } from './table.ts'

/** Everything about one push. */
export function createRecordText(timezone: string): (record: ShownPush) => string {
  const formatTime = createTimeFormat(timezone)
  return (record) =>
    renderFields([
      ['Id', record.id],
      ['Status', [record.status, record.reason].filter(Boolean).join(', ')],
      ...toField('Detail', record.detail),
      ['Account', record.way?.map(({ account }) => account).join(' > ') ?? record.account],
      ...toField('Next', record.next),
      ...toField('Broadcast', record.broadcast),
      ...toField('Unionid', record.unionid),
      ...toField('Openid', record.openid),
      ['Template', record.templateId],
      ...toField('Msgid', record.msgid),
      ...toField(
        'Errcode',
        record.errcode === null ? null : [record.errcode, record.errmsg].filter(Boolean).join(', '),
      ),
      ...toField('Rid', record.rid),
      ['Attempts', String(record.attempts)],
      ['Created', formatTime(record.createdAt)],
      ...toField('Sent', record.sentAt && formatTime(record.sentAt)),
      ...toField('Finished', record.finishedAt && formatTime(record.finishedAt)),
    ])
}

function toField(name: string, value: string | null): [string, string][] {
  return value === null ? [] : [[name, value]]
}

/** One push of a list: a line, and under it why it was not sent. Columns are fixed, as lists have no end. */
export function createRecordLine(timezone: string): (record: PushRecord) => string {
  const formatTime = createTimeFormat(timezone)
  return ({ createdAt, status, unionid, openid, id, reason, detail }) => {
    const who = unionid ?? openid ?? '-'
    const line = `${formatTime(createdAt).slice(0, 16)}  ${pad(status, 11)}  ${pad(who, 28)}  ${id}`
    const why = [reason, detail].filter(Boolean).join(': ')
    return why === '' ? line : `${line}\n    ${why}`
  }
}
