import type { Account } from '../../account.ts'
import { listTemplates, type TemplateAnswer } from '../../operations/templates.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { toFailure } from '../failure.ts'
import { createTimeFormat, formatPlural } from '../format.ts'
import type { Output } from '../output.ts'

export const templatesCommand = defineCommand({
  name: 'templates',
  description: 'List the templates with their fields and types',
  args: accountsArg,
  examples: [['unionpush templates', 'see what --template and --data have to be']],
  run: ({ account: word }, out) =>
    withAccounts(out, word, async ({ accounts }) => {
      if (accounts.length === 1) return printTemplates(accounts[0], out)
      let exitCode = 0
      for (const account of accounts) {
        out.remark(`${account.name}:`)
        try {
          await printTemplates(account, out)
        } catch (error) {
          process.stderr.write(
            `unionpush templates: ${account.name}: ${toFailure(error, 'templates').message}\n`,
          )
          exitCode = 1
        }
      }
      return exitCode
    }),
})

async function printTemplates(account: Account, out: Output): Promise<number> {
  const { items, listedBefore } = await listTemplates(account)
  if (listedBefore !== null) {
    const formatTime = createTimeFormat(account.config.timezone)
    out.remark(`WeChat gave no usable answer; these are as of ${formatTime(listedBefore)}`)
  }
  const count = await out.printAll(items, toText)
  out.remark(`${formatPlural(count, 'template')}`)
  return 0
}

function toText({ templateId, title, fields }: TemplateAnswer): string {
  const names = fields.map(({ key, type }) => (type === 'free' ? `${key} (free text)` : key))
  return `${templateId}  ${title}\n    ${names.join(', ')}`
}
