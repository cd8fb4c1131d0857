import { formatCount, formatDuration } from '../format.ts'
import { renderTable } from '../table.ts'
import { phrase } from '../text/phrase.ts'
import type { DemoBroadcast } from './broadcast.ts'
import { toProblemText } from './text.ts'

export function toDemoBroadcastText({ broadcast, wechat, problems, durationMs }: DemoBroadcast): string {
  const { selected, ...outcomes } = broadcast.counts
  const rows = Object.entries(outcomes).filter(([, count]) => count > 0)
  const table = renderTable(
    [{ title: phrase('demo.recipients') }, { title: '', align: 'right' }],
    [...rows, [phrase('demo.sum'), selected] as const].map(([name, count]) => [name, formatCount(count)]),
  )
  const end =
    problems.length === 0
      ? phrase('demo.addsUp', { duration: formatDuration(durationMs) })
      : toProblemText(problems)
  const facts = { accepted: wechat.accepted, twice: wechat.acceptedTwice }
  return `\n${[table, phrase('demo.wechatBroadcast', facts), end].join('\n\n')}`
}
