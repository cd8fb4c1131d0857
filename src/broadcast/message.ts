import type { BroadcastRecipient } from '../db/broadcasts/recipients.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import { toCleanText } from '../push/keyword.ts'
import type { PushJob } from '../queue/job.ts'
import type { MessageTemplate } from './messageTemplate.ts'

/** What a row has to fill in. */
export type Columns = Record<string, string>

const placeholder = /\{\{\s*([^{}\s][^{}]*?)\s*\}\}/g

/** The columns that a message asks for. */
export function findColumns({ data, url, miniprogram }: MessageTemplate): string[] {
  const texts = [...Object.values(data), url ?? '', miniprogram?.pagepath ?? '']
  return [...new Set(texts.flatMap((text) => [...text.matchAll(placeholder)].map(([, name = '']) => name)))]
}

/** Whether a text has anything that a row fills in. */
export const hasColumns = (text: string) => text.search(placeholder) !== -1

/**
 * In a link and in the path of a page a value is a part of it, so it is encoded, unless it begins it: then it is the
 * link of this row, or its first part.
 */
export function fillIn({ data, url, miniprogram }: MessageTemplate, columns: Columns): MessageTemplate {
  const plain = (text: string) => text.replaceAll(placeholder, (_, name: string) => columns[name] ?? '')
  const encoded = (text: string) =>
    text.replaceAll(placeholder, (_, name: string, at: number) =>
      at === 0 ? (columns[name] ?? '') : encodeURIComponent(columns[name] ?? ''),
    )
  return {
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, toCleanText(key, plain(text))])),
    url: url === undefined ? undefined : encoded(url),
    miniprogram: miniprogram && {
      ...miniprogram,
      pagepath: miniprogram.pagepath === undefined ? undefined : encoded(miniprogram.pagepath),
    },
  }
}

/** Makes the push of each recipient out of the message that is kept once. */
export function createPushMaker(
  row: Pick<BroadcastRow, 'id' | 'templateId' | 'message' | 'createdAt' | 'expiresAt'>,
): (recipient: BroadcastRecipient) => PushJob {
  const template: MessageTemplate = JSON.parse(row.message)
  return (recipient) => {
    const { data, url, miniprogram } =
      recipient.columns === null ? template : fillIn(template, JSON.parse(recipient.columns))
    const push: PushJob = {
      v: 1,
      id: toRecordId(row.id, recipient),
      templateId: row.templateId,
      data,
      createdAt: row.createdAt,
    }
    if (recipient.isByUnionid) push.unionid = recipient.unionid ?? ''
    else push.openid = recipient.openid ?? ''
    if (url !== undefined) push.url = url
    if (miniprogram !== undefined) push.miniprogram = miniprogram
    if (row.expiresAt !== null) push.expiresAt = row.expiresAt
    return push
  }
}

/** The id of a recipient's record: by what he was named. */
function toRecordId(
  broadcast: string,
  { isByUnionid, openid, unionid }: Pick<BroadcastRecipient, 'isByUnionid' | 'openid' | 'unionid'>,
): string {
  return `${broadcast}:${isByUnionid ? unionid : openid}`
}
