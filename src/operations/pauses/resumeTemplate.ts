import * as z from 'zod'
import type { PushRows } from '../../db/pushes.ts'
import type { TemplatePauses } from '../../db/templates.ts'
import type { Alerts } from '../../health/alerts.ts'
import { releaseTemplate } from '../../push/releaseTemplate.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import { count } from '../values.ts'

export const resumeTemplateOutputSchema = z.strictObject({
  account: z.string(),
  appid: z.string(),
  templateId: z.string(),
  /** False when its pushes did not wait. */
  resumed: z.boolean(),
  /** Pushes that go out now. */
  released: count,
})
export type ResumeTemplateOutput = z.infer<typeof resumeTemplateOutputSchema>

interface ResumeTemplateDeps {
  name: string
  appid: string
  openQueue(): Pick<ProducerQueue, 'run'>
  alerts: Pick<Alerts, 'post'>
  templatePauses: Pick<TemplatePauses, 'resume'>
  pushes: Pick<PushRows, 'history'>
}

/** Has the pushes of one template go out that waited for it. What WeChat still refuses is paused again by the next. */
export async function resumeTemplate(
  { name, appid, templatePauses, pushes, openQueue, alerts }: ResumeTemplateDeps,
  templateId: string,
): Promise<ResumeTemplateOutput> {
  const resumed = await templatePauses.resume(templateId)
  if (resumed) alerts.post({ kind: 'template_resumed', template: templateId })
  const released = await openQueue().run((queue) => releaseTemplate({ queue, pushes }, templateId))
  return { account: name, appid, templateId, resumed, released }
}
