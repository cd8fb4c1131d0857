import { day } from '../../../base/duration.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { toFact } from '../../../base/sentences/stored.ts'
import type { TemplateRow } from '../../../db/templates.ts'
import type { Template } from '../../../wechat/types.ts'
import { type Check, fail, ok, skip, warn } from '../check.ts'
import { judgeAnswer } from '../refusal.ts'
import type { Tables } from '../subjects.ts'

/** Pushes of so many days are looked at, and no more than so many. */
const lookBack = 7 * day
const mostPushes = 5_000

export const templateChecks: Check[] = [
  {
    name: 'templates',
    of: 'account',
    isSlow: true,
    async run({ wechat }) {
      return judgeAnswer(await wechat.templates(), ({ length: count }) =>
        count === 0 ? fail('templates.none') : ok('templates.ok', { count }),
      )
    },
  },
  {
    name: 'templates_paused',
    of: 'tables',
    async run(_, { templatePauses }) {
      const paused = await templatePauses.list()
      if (paused.length === 0) return ok('templatesPaused.none')
      const templates = paused.map(({ templateId, detail }) =>
        say('templatesPaused.one', { template: templateId, why: toFact(detail) }),
      )
      return warn('templatesPaused.some', { templates })
    },
  },
  {
    name: 'templates_used',
    of: 'tables',
    isSlow: true,
    async run({ wechat }, { pushes }) {
      return judgeAnswer(await wechat.templates(), async (listed) => {
        const used = await findUsed(pushes)
        if (used.size === 0) return skip('templatesUsed.none')
        const ids = new Set(listed.map(({ templateId }) => templateId))
        const gone = [...used].filter((id) => !ids.has(id))
        const facts = { used: used.size, gone: gone.join(', ') }
        return gone.length > 0
          ? fail('templatesUsed.gone', facts)
          : ok('templatesUsed.ok', { used: used.size })
      })
    },
  },
  {
    name: 'templates_drift',
    of: 'tables',
    isSlow: true,
    async run({ wechat }, { templates }) {
      const known = await templates.list()
      if (known.length === 0) return skip('drift.nothingKnown')
      return judgeAnswer(await wechat.templates(), (listed) => {
        const changes = findDrift(known, listed)
        return changes.length === 0
          ? ok('drift.none', { count: known.length })
          : warn('drift.found', { changes: changes.join('\n') })
      })
    },
  },
]

/** Template by template: + came, - went, ~ has other keywords or other words around them. */
function findDrift(known: readonly TemplateRow[], listed: readonly Template[]): string[] {
  const before = new Map(known.map((row) => [row.templateId, row]))
  const now = new Set(listed.map(({ templateId }) => templateId))
  return [
    ...known.filter((row) => !now.has(row.templateId)).map((row) => `- ${row.templateId} ${row.title}`),
    ...listed.flatMap(({ templateId, title, content }) => {
      const row = before.get(templateId)
      if (row === undefined) return `+ ${templateId} ${title}`
      return row.content === content ? [] : `~ ${templateId} ${title}`
    }),
  ]
}

async function findUsed(pushes: Tables['pushes']): Promise<Set<string>> {
  const used = new Set<string>()
  const filter = { since: Date.now() - lookBack, limit: mostPushes }
  for await (const { templateId } of pushes.history(filter)) used.add(templateId)
  return used
}
