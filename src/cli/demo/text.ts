import { formatCount, formatDuration } from '../format.ts'
import { renderTable } from '../table.ts'
import type { DemoResult } from './run.ts'

/** Problems shown; the first ones tell the story. */
const shownProblems = 10

export function toDemoText(result: DemoResult): string {
  const { firstSync, secondSync, groups, total, again, receipts, wechat, problems, durationMs } = result
  const table = renderTable(
    [
      { title: 'Pushed to 2,000 users who' },
      { title: 'asked', align: 'right' },
      { title: 'sent', align: 'right' },
      { title: 'skipped', align: 'right' },
      { title: 'rejected', align: 'right' },
    ],
    [...groups, total].map(({ name, asked, sent, skipped, rejected }) => [
      name,
      ...[asked, sent, skipped, rejected].map(formatCount),
    ]),
  )
  const n = formatCount
  return `
First sync   ${n(firstSync.added)} followers in ${formatDuration(firstSync.durationMs)}, ${n(firstSync.withoutUnionid)} of them without unionid
Second sync  ${n(secondSync.fetched)} fetched in ${formatDuration(secondSync.durationMs)}, ${n(secondSync.unsubscribed)} had left

${table}

Receipts     ${n(receipts.delivered)} delivered, ${n(receipts.undelivered)} undelivered because the user blocked the account
Asked again  ${n(again.queued)} queued, ${n(again.duplicates)} known already
WeChat       accepted ${n(wechat.accepted)} messages, ${n(wechat.acceptedTwice)} of them twice; refused ${n(wechat.refused)};
             was busy ${n(wechat.busy)} times; gave out ${n(wechat.tokens)} tokens

${problems.length === 0 ? `Everything adds up, after ${formatDuration(durationMs)}.` : toProblemText(problems)}`
}

function toProblemText(problems: string[]): string {
  const more = problems.length - shownProblems
  return [
    'This does not add up:',
    ...problems.slice(0, shownProblems).map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${formatCount(more)} more`] : []),
  ].join('\n')
}
