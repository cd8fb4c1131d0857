import { listTemplates, type TemplateAnswer } from '../../operations/templates.ts'
import { defineCommand } from '../command.ts'
import { createTimeFormat, formatPlural } from '../format.ts'
import { withAccount } from '../withAccount.ts'

export const templatesCommand = defineCommand({
  name: 'templates',
  description: 'List the templates with their fields and types',
  args: {},
  examples: [['unionpush templates', 'see what --template and --data have to be']],
  run: (_, out) =>
    withAccount(out, async (account) => {
      const { items, listedBefore } = await listTemplates(account)
      if (listedBefore !== null) {
        const formatTime = createTimeFormat(account.config.timezone)
        out.remark(`WeChat gave no usable answer; these are as of ${formatTime(listedBefore)}`)
      }
      const count = await out.printAll(items, toText)
      out.remark(`${formatPlural(count, 'template')}`)
      return 0
    }),
})

function toText({ templateId, title, fields }: TemplateAnswer): string {
  const names = fields.map(({ key, type }) => (type === 'free' ? `${key} (free text)` : key))
  return `${templateId}  ${title}\n    ${names.join(', ')}`
}
