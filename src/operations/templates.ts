import * as z from 'zod'
import { toIso } from '../base/time.ts'
import type { TemplateRow, Templates } from '../db/templates.ts'
import { WechatNetworkError } from '../wechat/errors.ts'
import { parseTemplateFields } from '../wechat/template.ts'
import { typedKeywords } from '../wechat/types.ts'
import { isoTime } from './values.ts'

export const templateSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  templateId: z.string(),
  title: z.string(),
  content: z.string(),
  example: z.string(),
  primaryIndustry: z.string(),
  deputyIndustry: z.string(),
  /** The keywords in `content`. */
  fields: z.array(z.strictObject({ key: z.string(), type: z.enum([...typedKeywords, 'free']) })),
  /** When WeChat listed it. */
  fetchedAt: isoTime,
})
export type TemplateAnswer = z.infer<typeof templateSchema>

interface TemplatesDeps {
  name: string
  templates: Pick<Templates, 'list'>
  /** Makes the templates equal to WeChat's list. */
  refreshTemplates(): Promise<void>
}

export interface TemplateList {
  items: TemplateAnswer[]
  /** When they were listed, if WeChat gave no usable answer now; else null. */
  listedBefore: string | null
}

/** The templates of the account as WeChat lists them, or else as it last did. Rejects with both errors of WeChat. */
export async function listTemplates({
  name,
  templates,
  refreshTemplates,
}: TemplatesDeps): Promise<TemplateList> {
  let failure: WechatNetworkError | undefined
  try {
    await refreshTemplates()
  } catch (error) {
    if (!(error instanceof WechatNetworkError)) throw error
    failure = error
  }
  const items = (await templates.list()).map((row) => toTemplate(row, name))
  const [first] = items
  if (!failure) return { items, listedBefore: null }
  if (!first) throw failure
  return { items, listedBefore: first.fetchedAt }
}

function toTemplate({ fetchedAt, ...template }: TemplateRow, account: string): TemplateAnswer {
  return { account, ...template, fields: parseTemplateFields(template.content), fetchedAt: toIso(fetchedAt) }
}
