import type { SimulatedInterception } from '../../options.ts'
import type { Call, Endpoints, Refuse } from '../answers.ts'
import type { TemplateLibrary } from './templateLibrary.ts'

interface InterceptionsOptions {
  templates: TemplateLibrary
  clock: () => number
  refuse: Refuse
}

const mostAtOnce = 100

export type Interceptions = ReturnType<typeof createInterceptions>

/** Messages that the review kept from their users, template by template, oldest first. */
export function createInterceptions({ templates, clock, refuse }: InterceptionsOptions) {
  const rows: Record<string, string | number>[] = []
  const ofTemplate = new Map<string, typeof rows>()
  const find = (templateId: unknown) =>
    templates.list().find((template) => template.templateId === templateId)

  function query(call: Call): string {
    const { tmpl_msg_id: templateId, largest_id: last, limit } = call.json
    if (typeof last !== 'number' || typeof limit !== 'number') return refuse(call, 47001)
    if (limit < 1 || limit > mostAtOnce) return refuse(call, 40035)
    if (find(templateId) === undefined) return refuse(call, 40037)
    const listed = ofTemplate.get(String(templateId)) ?? []
    const msginfo = listed.filter(({ id }) => Number(id) > last).slice(0, limit)
    return JSON.stringify({ errcode: 0, errmsg: 'ok', msginfo })
  }

  return {
    add(openid: string, { templateId, content }: SimulatedInterception): void {
      const template = find(templateId)
      const row = {
        id: String(rows.length + 1),
        tmpl_msg_id: `intercepted${rows.length + 1}`,
        title: template?.title ?? '',
        content: content ?? template?.content ?? '',
        send_timestamp: Math.floor(clock() / 1_000),
        openid,
      }
      rows.push(row)
      ofTemplate.set(templateId, [...(ofTemplate.get(templateId) ?? []), row])
    },
    endpoints: {
      '/wxa/sec/queryblocktmplmsg': {
        method: 'POST',
        token: 'account',
        quota: 'intercepted',
        handle: query,
      },
    } satisfies Endpoints,
  }
}
