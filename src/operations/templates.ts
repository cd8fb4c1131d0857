import * as z from 'zod'
import type { Language } from '../base/sentences/language.ts'
import { render } from '../base/sentences/render.ts'
import { asSentence } from '../base/sentences/sentence.ts'
import { toIso } from '../base/time.ts'
import type { TemplatePauses, TemplateRow, Templates } from '../db/templates.ts'
import { checkMessage } from '../push/message.ts'
import { WechatNetworkError } from '../wechat/errors.ts'
import { fillTemplate, findMissingKeywords, findUnknownKeywords } from '../wechat/keywords.ts'
import { parseTemplateFields } from '../wechat/template.ts'
import { typedKeywords } from '../wechat/types.ts'
import { listPausedTemplates, type PausedTemplate, pausedTemplateSchema } from './pauses/pausedTemplates.ts'
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
  /** Why its pushes wait; null = they go out. */
  paused: pausedTemplateSchema.omit({ templateId: true }).nullable(),
  /** When WeChat listed it. */
  fetchedAt: isoTime,
})
export type TemplateAnswer = z.infer<typeof templateSchema>

interface TemplatesDeps {
  name: string
  templates: Pick<Templates, 'list'>
  templatePauses: Pick<TemplatePauses, 'list'>
  /** Makes the templates equal to WeChat's list. */
  refreshTemplates(): Promise<void>
}

export interface TemplateList {
  items: TemplateAnswer[]
  /** Those whose pushes wait, also when WeChat lists them no more. */
  paused: PausedTemplate[]
  /** When they were listed, if WeChat gave no usable answer now; else null. */
  listedBefore: string | null
}

/** The templates of the account as WeChat lists them, or else as it last did. Rejects with both errors of WeChat. */
export async function listTemplates({
  name,
  templates,
  templatePauses,
  refreshTemplates,
}: TemplatesDeps): Promise<TemplateList> {
  let failure: WechatNetworkError | undefined
  try {
    await refreshTemplates()
  } catch (error) {
    if (!(error instanceof WechatNetworkError)) throw error
    failure = error
  }
  const paused = await listPausedTemplates(templatePauses)
  const items = (await templates.list()).map((row) => toTemplate(row, name, paused))
  const [first] = items
  if (!failure) return { items, paused, listedBefore: null }
  if (!first) throw failure
  return { items, paused, listedBefore: first.fetchedAt }
}

function toTemplate(
  { fetchedAt, ...template }: TemplateRow,
  account: string,
  pauses: readonly PausedTemplate[],
): TemplateAnswer {
  const { templateId: _, ...paused } = pauses.find((pause) => pause.templateId === template.templateId) ?? {}
  return {
    account,
    ...template,
    fields: parseTemplateFields(template.content),
    paused: 'reason' in paused ? paused : null,
    fetchedAt: toIso(fetchedAt),
  }
}

export const templatePreviewSchema = z.strictObject({
  ...templateSchema.shape,
  /** The message as the user sees it; what has no value stands there by its name in brackets. */
  preview: z.string(),
  /** Keywords that the data have no value for. */
  missing: z.array(z.string()),
  /** Keys of the data that the template has no place for. */
  unknown: z.array(z.string()),
  /** Values that break the rule of their keyword. */
  problems: z.array(z.strictObject({ field: z.string(), rule: z.string() })),
})
export type TemplatePreview = z.infer<typeof templatePreviewSchema>

/** One template with a message made of it, its faults in the language; undefined when the account has none of that id. Rejects as `listTemplates`. */
export async function previewTemplate(
  deps: TemplatesDeps,
  templateId: string,
  data: Record<string, unknown> | undefined,
  language: Language,
): Promise<TemplatePreview | undefined> {
  const { items } = await listTemplates(deps)
  const template = items.find((item) => item.templateId === templateId)
  if (template === undefined) return undefined
  const { content, example } = template
  // WeChat's own example is all there is to show without data.
  if (data === undefined)
    return { ...template, preview: example || fillTemplate(content, {}), ...nothingWrong }
  const checked = checkMessage({ unionid: 'anybody', templateId, data })
  const problems = 'problems' in checked ? checked.problems : []
  return {
    ...template,
    preview: fillTemplate(content, 'message' in checked ? checked.message.data : toTexts(data)),
    missing: findMissingKeywords(content, data),
    unknown: findUnknownKeywords(content, data),
    problems: problems.map(({ field, rule }) => ({ field, rule: render(asSentence(rule), language).seen })),
  }
}

const nothingWrong = { missing: [], unknown: [], problems: [] }

function toTexts(data: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]))
}

export const templateChangeSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  templateId: z.string(),
  title: z.string(),
  /** The content as it was listed last, and as it is now. */
  before: z.string().nullable(),
  after: z.string().nullable(),
})
export type TemplateChange = z.infer<typeof templateChangeSchema>

/** What WeChat lists otherwise than it last did; it counts as listed then. Rejects with both errors of WeChat. */
export async function diffTemplates({
  name,
  appid,
  templates,
  refreshTemplates,
}: TemplatesDeps & { appid: string }): Promise<TemplateChange[]> {
  const before = new Map((await templates.list()).map((row) => [row.templateId, row]))
  await refreshTemplates()
  const after = new Map((await templates.list()).map((row) => [row.templateId, row]))
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((templateId) => {
    const [old, now] = [before.get(templateId), after.get(templateId)]
    if (old?.content === now?.content && old?.title === now?.title) return []
    const change = old === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    const title = now?.title ?? old?.title ?? ''
    const contents = { before: old?.content ?? null, after: now?.content ?? null }
    return [{ account: name, appid, change, templateId, title, ...contents } as const]
  })
}
