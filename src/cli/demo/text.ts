import { formatCount, formatDuration } from '../format.ts'
import { renderTable } from '../table.ts'
import { phrase } from '../text/phrase.ts'
import type { DemoResult } from './run.ts'

/** Problems shown; the first ones tell the story. */
const shownProblems = 10

const groupNames = {
  followers: 'demo.followers',
  'left before the first sync': 'demo.leftBeforeFirst',
  'left before the second sync': 'demo.leftBeforeSecond',
  'never followed': 'demo.neverFollowed',
  'left since the last sync': 'demo.leftSince',
  'a text WeChat does not take': 'demo.badText',
  total: 'demo.total',
} as const

export function toDemoText(result: DemoResult): string {
  const { firstSync, secondSync, again, receipts, wechat, problems, durationMs } = result
  const lines = [
    phrase('demo.firstSync', { ...firstSync, duration: formatDuration(firstSync.durationMs) }),
    phrase('demo.secondSync', {
      fetched: secondSync.fetched,
      duration: formatDuration(secondSync.durationMs),
      left: secondSync.unsubscribed,
    }),
    '',
    toTable(result),
    '',
    phrase('demo.receipts', receipts),
    phrase('demo.again', again),
    phrase('demo.wechat', { ...wechat, twice: wechat.acceptedTwice }),
    '',
    problems.length === 0
      ? phrase('demo.addsUp', { duration: formatDuration(durationMs) })
      : toProblemText(problems),
  ]
  return `\n${lines.join('\n')}`
}

function toTable({ groups, total }: DemoResult): string {
  const counts = ['asked', 'sent', 'skipped', 'rejected'] as const
  return renderTable(
    [
      { title: phrase('demo.table') },
      ...counts.map((count) => ({ title: phrase(`demo.${count}`), align: 'right' }) as const),
    ],
    [...groups, total].map((group) => [
      toGroupName(group.name),
      ...counts.map((count) => formatCount(group[count])),
    ]),
  )
}

function toGroupName(name: string): string {
  const key = Object.entries(groupNames).find(([known]) => known === name)?.[1]
  return key === undefined ? name : phrase(key)
}

export function toProblemText(problems: string[]): string {
  const more = problems.length - shownProblems
  return [
    phrase('demo.doesNotAddUp'),
    ...problems.slice(0, shownProblems).map((problem) => `  ${problem}`),
    ...(more > 0 ? [phrase('demo.andMore', { count: more })] : []),
  ].join('\n')
}
