import * as z from 'zod'
import { toIso } from '../../base/time.ts'
import type { TemplatePauses } from '../../db/templates.ts'
import { isoTime } from '../values.ts'

/** Why the pushes of one template wait, while all others go out. */
export const pausedTemplateSchema = z.strictObject({
  templateId: z.string(),
  reason: z.string(),
  detail: z.string(),
  since: isoTime,
  /** From when on one of its pushes may try whether it can be sent again. */
  probeAt: isoTime,
})
export type PausedTemplate = z.infer<typeof pausedTemplateSchema>

export async function listPausedTemplates(pauses: Pick<TemplatePauses, 'list'>): Promise<PausedTemplate[]> {
  const rows = await pauses.list()
  return rows.map(({ templateId, reason, detail, since, probeAt }) => {
    return { templateId, reason, detail, since: toIso(since), probeAt: toIso(probeAt) }
  })
}
