import type { TemplateRow } from '../../db/sqlite/templates.ts'
import { WechatNetworkError } from '../../wechat/errors.ts'
import { parseTemplateFields } from '../../wechat/template.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatPlural, toIso } from '../format.ts'
import { withApp } from '../withApp.ts'

export const templates = defineCommand({
  name: 'templates',
  description: 'List the templates with their fields and types',
  args: {},
  examples: [['unionpush templates', 'see what --template and --data have to be']],
  run: (_, out) =>
    withApp(out, async ({ config, templates, refreshTemplates }) => {
      try {
        await refreshTemplates()
      } catch (error) {
        if (!(error instanceof WechatNetworkError)) throw error
        const [known] = await templates.list()
        if (known === undefined) throw error
        const formatTime = createTimeFormat(config.timezone)
        out.remark(`WeChat gave no usable answer; these are as of ${formatTime(toIso(known.fetchedAt))}`)
      }
      const rows = await templates.list()
      const count = await out.printAll(rows.map(toAnswer), toText)
      out.remark(`${formatPlural(count, 'template')}`)
      return 0
    }),
})

type Answer = ReturnType<typeof toAnswer>

function toAnswer({ appid: _, fetchedAt, ...template }: TemplateRow) {
  return { ...template, fields: parseTemplateFields(template.content), fetchedAt: toIso(fetchedAt) }
}

function toText({ templateId, title, fields }: Answer): string {
  const names = fields.map(({ key, type }) => (type === 'free' ? `${key} (free text)` : key))
  return `${templateId}  ${title}\n    ${names.join(', ')}`
}
