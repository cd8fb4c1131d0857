import { resumeAccount } from '../../operations/pauses/pause.ts'
import { type ResumeTemplateOutput, resumeTemplate } from '../../operations/pauses/resumeTemplate.ts'
import { accountArg } from '../accounts/accountArg.ts'
import { withAccount } from '../accounts/withAccounts.ts'
import { defineCommand } from '../command.ts'
import { remarkUnreachable } from '../paused.ts'
import { phrase } from '../text/phrase.ts'

export const resumeCommand = defineCommand({
  name: 'resume',
  description: 'resume',
  args: {
    template: { type: 'string', valueHint: 'id', description: 'resume.template' },
    ...accountArg,
  },
  examples: [
    ['unionpush resume', 'resume.example.all'],
    ['unionpush resume --account shop-a', 'resume.example.account'],
    ['unionpush resume --template ngqIpbwh8b', 'resume.example.template'],
  ],
  run: ({ account: word, template }, out) =>
    withAccount(out, word, async (account) => {
      if (template !== undefined) {
        const resumed = await resumeTemplate(account, template)
        await out.print(resumed, toTemplateText)
        return 0
      }
      const { answer, hasChanged, unreachable } = await resumeAccount(account)
      await out.print(answer, ({ account, paused }) => {
        if (paused !== null) return phrase('resume.pausedAgain', { account, detail: paused.detail ?? '' })
        return phrase(hasChanged ? 'resume.done' : 'resume.notPaused', { account })
      })
      remarkUnreachable(out, unreachable)
      return 0
    }),
})

function toTemplateText({ account, templateId, resumed, released }: ResumeTemplateOutput): string {
  const facts = { template: templateId, account }
  if (!resumed && released === 0) return phrase('resume.templateNotPaused', facts)
  return phrase('resume.template', { ...facts, count: released })
}
