import type { Account } from '../../account.ts'
import { say } from '../../base/sentences/sentence.ts'
import {
  diffTemplates,
  listTemplates,
  previewTemplate,
  type TemplateAnswer,
  type TemplateChange,
  type TemplatePreview,
} from '../../operations/templates.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { withAccounts } from '../accounts/withAccounts.ts'
import { UsageError } from '../args.ts'
import { defineCommand } from '../command.ts'
import { NegativeAnswer, toFailure } from '../failure.ts'
import { createTimeFormat } from '../format.ts'
import { parseDataObject } from '../messages/dataOption.ts'
import type { Output } from '../output.ts'
import { getLanguage, inWords, phrase, toPlural } from '../text/phrase.ts'

export const templatesCommand = defineCommand({
  name: 'templates',
  description: 'templates',
  args: {
    action: {
      type: 'positional',
      required: false,
      description: 'templates.action',
    },
    data: { type: 'string', valueHint: 'json', description: 'templates.data' },
    ...accountsArg,
  },
  takesMore: true,
  examples: [
    ['unionpush templates', 'templates.example.list'],
    [
      `unionpush templates show ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY \\
      --data '{"thing1":"订单已发货","time2":"2026-11-20 15:01"}'`,
      'templates.example.show',
    ],
    ['unionpush templates diff', 'templates.example.diff'],
  ],
  run({ action, data, account: word }, out, [id, ...more]) {
    const [unexpected] = action === 'show' ? more : [id]
    if (unexpected !== undefined) throw new UsageError(say('usage.unexpected', { word: unexpected }))
    if (action !== 'show' && data !== undefined) {
      throw new UsageError(say('usage.goesWith', { option: 'data', command: 'templates show' }))
    }
    if (action === 'show') return show(id, data, word, out)
    if (action !== undefined && action !== 'diff') {
      const expected = say('usage.orNothing', { words: 'show, diff' })
      throw new UsageError(say('usage.unexpectedOf', { word: action, expected }))
    }
    const print = action === 'diff' ? printChanges : printTemplates
    return withAccounts(out, word, async ({ accounts }) => {
      if (accounts.length === 1) return print(accounts[0], out)
      let exitCode = 0
      for (const account of accounts) {
        out.remark(`${account.name}:`)
        try {
          await print(account, out)
        } catch (error) {
          process.stderr.write(
            `unionpush templates: ${account.name}: ${toFailure(error, 'templates').message}\n`,
          )
          exitCode = 1
        }
      }
      return exitCode
    })
  },
})

async function printTemplates(account: Account, out: Output): Promise<number> {
  const { items, paused, listedBefore } = await listTemplates(account)
  if (listedBefore !== null) {
    const formatTime = createTimeFormat(account.config.timezone)
    out.remark(phrase('templates.asOf', { time: formatTime(listedBefore) }))
  }
  const count = await out.printAll(items, toText)
  for (const { templateId, detail } of paused) {
    out.remark(
      `the pushes of ${templateId} wait: ${detail}\n(unionpush resume --template ${templateId} tries at once)`,
    )
  }
  out.remark(inWords(toPlural('template', count)))
  return 0
}

function toText({ templateId, title, fields }: TemplateAnswer): string {
  const names = fields.map(({ key, type }) => (type === 'free' ? phrase('templates.freeText', { key }) : key))
  return `${templateId}  ${title}\n    ${names.join(', ')}`
}

/** A template belongs to one account, so it is looked for in all of them. */
async function show(
  id: string | undefined,
  json: string | undefined,
  word: string | undefined,
  out: Output,
): Promise<number> {
  if (id === undefined) throw new UsageError(say('usage.templateId'))
  const data = json === undefined ? undefined : parseDataObject(json)
  return withAccounts(out, word, async ({ accounts }) => {
    for (const account of accounts) {
      const preview = await previewTemplate(account, id, data, getLanguage())
      if (preview === undefined) continue
      await out.print(preview, toPreviewText)
      return preview.missing.length + preview.problems.length === 0 ? 0 : 1
    }
    const names = accounts.map(({ name }) => name).join(', ')
    throw new NegativeAnswer('template_unknown', say('failure.unknownTemplate', { id, names }))
  })
}

function toPreviewText({ title, preview, missing, unknown, problems }: TemplatePreview): string {
  const remarks = [
    ...missing.map((key) => phrase('templates.missing', { key })),
    ...unknown.map((key) => phrase('templates.unknown', { key })),
    ...problems.map(({ field, rule }) => phrase('templates.problem', { field, rule })),
  ]
  return [
    title,
    '',
    ...preview
      .trim()
      .split('\n')
      .map((line) => `    ${line}`),
    ...(remarks.length > 0 ? ['', ...remarks] : []),
  ].join('\n')
}

async function printChanges(account: Account, out: Output): Promise<number> {
  const count = await out.printAll(await diffTemplates(account), toChangeText)
  out.remark(count === 0 ? phrase('templates.unchanged') : inWords(toPlural('change', count)))
  return 0
}

function toChangeText({ change, templateId, title, before, after }: TemplateChange): string {
  const lines = (sign: string, content: string | null) =>
    content === null
      ? []
      : content
          .trim()
          .split('\n')
          .map((line) => `    ${sign} ${line}`)
  return [
    phrase(`templates.${change}`, { template: templateId, title }),
    ...lines('-', before),
    ...lines('+', after),
  ].join('\n')
}
