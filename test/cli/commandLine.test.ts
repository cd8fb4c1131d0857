import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { enHelp } from '../../src/base/sentences/en/cli/help.ts'
import { zhHelp } from '../../src/base/sentences/zh/cli/help.ts'
import { parseCommandArgs } from '../../src/cli/args.ts'
import { commands, runCommandLine, toReport } from '../../src/cli/commandLine.ts'
import { createTimeFormat, formatDuration } from '../../src/cli/format.ts'
import { createProgressBar } from '../../src/cli/progress.ts'
import { parseSince } from '../../src/cli/since.ts'
import { renderFields, renderTable } from '../../src/cli/table.ts'

const definition = {
  id: { type: 'positional', required: false },
  template: { type: 'string', required: true },
  hold: { type: 'boolean' },
} as const

test.each([
  [[], 'Missing required argument: --template'],
  [['--template'], "Option '--template' needs a value"],
  [['--template', '--hold'], "Option '--template' needs a value"],
  [['--template', 'T', '--tempalte', 'T'], "Unknown option '--tempalte'"],
  [['--template', 'T', '-x'], "Unknown option '-x'"],
  [['--template', 'T', '--no-hold'], "Unknown option '--no-hold'"],
  [['--template', 'T', '--hold=yes'], "Option '--hold' does not take an argument"],
  [['--template', 'T', '--template', 'U'], "Option '--template' is given twice"],
  [['--template', 'T', 'one', 'two'], "Unexpected argument 'two'"],
])('%j is refused', (words, sentence) => {
  expect(() => parseCommandArgs(words, definition)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: sentence }),
  )
})

test('options are read in any order, with = or without, and after -- every word is an argument', () => {
  expect(parseCommandArgs(['--hold', '--template=-T-', '--', '--42'], definition)).toEqual({
    id: '--42',
    template: '-T-',
    hold: true,
  })
})

test('columns line up although a Chinese character takes two', () => {
  const table = renderTable(
    [{ title: 'TITLE' }, { title: 'N', align: 'right' }],
    [
      ['订单已发货', '7'],
      ['ab', '12'],
    ],
  )
  expect(table.split('\n')).toEqual([
    'TITLE        N', //
    '----------  --',
    '订单已发货   7',
    'ab          12',
  ])
})

test('a value of several lines stays under its name', () => {
  expect(
    renderFields([
      ['a', 'x\ny'],
      ['name', '1'],
    ]),
  ).toBe('a     x\n      y\nname  1')
})

test.each([
  [900, '0.9s'],
  [45_400, '45s'],
  [200_000, '3m 20s'],
  [7_500_000, '2h 05m'],
  [273_600_000, '3d 4h'],
])('%i ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('times are shown where the account lives', () => {
  const format = createTimeFormat('Asia/Shanghai')
  expect(format('2026-11-20T16:30:00.000Z')).toBe('2026-11-21 00:30:00')
  expect(format(null)).toBe('-')
})

function createScreen(isTTY: boolean, columns = 80) {
  const writes: string[] = []
  let time = 0
  const stream = { isTTY, columns, write: (text: string) => writes.push(text) }
  const progress = createProgressBar({ label: 'Followers', stream, now: () => time })
  return { writes, progress, advance: (ms: number) => (time += ms) }
}

test('on a terminal a bar is drawn over itself with rate and time to go, and its end state stays', () => {
  const { writes, progress, advance } = createScreen(true)
  progress.update(0, 25_000)
  advance(1_000)
  progress.update(5_000, 25_000)
  advance(50)
  progress.update(5_100, 25_000)
  advance(3_950)
  progress.update(25_000, 25_000)
  progress.end()
  expect(writes).toEqual([
    '\r\u001b[KFollowers  [####--------------------]  20%  5,000/25,000  5,000/s  ETA 4.0s',
    '\r\u001b[KFollowers  [########################] 100%  25,000/25,000  5,000/s',
    '\n',
  ])
})

test('on a narrow terminal the figures are shown, without a bar', () => {
  const { writes, progress, advance } = createScreen(true, 40)
  progress.update(0, 2_000)
  advance(1_000)
  progress.update(100, 2_000)
  expect(writes).toEqual(['\r\u001b[KFollowers    5%  100/2,000  100/s'])
})

test('elsewhere a plain line is written now and then, and for the end', () => {
  const { writes, progress, advance } = createScreen(false)
  for (let done = 0; done <= 12; done++) {
    progress.update(done * 100, 1_200)
    advance(1_000)
  }
  progress.end()
  expect(writes).toEqual([
    'Followers   41%  500/1,200  100/s  ETA 7.0s\n',
    'Followers   83%  1,000/1,200  100/s  ETA 2.0s\n',
    'Followers  100%  1,200/1,200  100/s\n',
  ])
})

test('the rate follows the last ten seconds', () => {
  const { writes, progress, advance } = createScreen(false)
  for (let i = 0; i <= 20; i++) {
    progress.update(i * 1_000, undefined)
    advance(1_000)
  }
  for (let i = 1; i <= 20; i++) {
    progress.update(20_000 + i * 10, undefined)
    advance(1_000)
  }
  expect(writes.at(-1)).toMatch(/^Followers {2}20,\d+ {2}10\/s\n$/)
})

test.each([
  ['30m', '2026-11-20T11:30:00.000Z'],
  ['2h', '2026-11-20T10:00:00.000Z'],
  ['3d', '2026-11-17T12:00:00.000Z'],
  ['2026-11-20T15:01:00+08:00', '2026-11-20T07:01:00.000Z'],
  ['2026-11-20T07:01:00Z', '2026-11-20T07:01:00.000Z'],
  ['2026-11-20 15:01', '2026-11-20T07:01:00.000Z'],
  ['2026-11-20', '2026-11-19T16:00:00.000Z'],
])('--since %s is %s in Shanghai', (text, iso) => {
  const since = parseSince(text, 'Asia/Shanghai', Date.parse('2026-11-20T12:00:00Z'))
  expect(new Date(since).toISOString()).toBe(iso)
})

test.each(['yesterday', '2', '-2h', '2026-13-01', '2026-11-20 25:00', ''])(
  '--since %j is refused',
  (text) => {
    expect(() => parseSince(text, 'Asia/Shanghai')).toThrow(/^--since expects .+, got /)
  },
)

test.each([...commands.keys()])('%s explains itself with examples, on 80 columns', async (name) => {
  const command = await commands.get(name)?.()
  for (const [language, title] of [
    ['en', 'EXAMPLES'],
    ['zh', '示例'],
  ] as const) {
    const help = stripVTControlCharacters((await command?.toHelp(language)) ?? '')
    expect(help).toMatch(new RegExp(`${title}\\n\\n {2}# [^\\n]+\\n {2}(\\S+=\\S+ )?unionpush ${name}`))
    expect(help).toContain('--json')
    for (const line of help.split('\n')) expect(stringWidth(line.trimEnd()), line).toBeLessThanOrEqual(80)
  }
})

test('all that --help says is there in both languages, and nothing that it does not say', async () => {
  const said = await Promise.all([...commands.values()].map(async (load) => (await load()).helpKeys))
  const keys = [...new Set(['unionpush', ...said.flat()])].sort()
  expect(Object.keys(enHelp).sort()).toEqual(keys)
  expect(Object.keys(zhHelp).sort()).toEqual(keys)
  expect(Object.values(zhHelp).filter((text) => !/\p{Script=Han}/u.test(text))).toEqual([])
})

test('the frame of --help is in Chinese, too', async () => {
  const loadAll = [...commands.values()].map(async (load) => (await load()).toHelp('zh'))
  const help = (await Promise.all(loadAll)).map(stripVTControlCharacters).join('\n')
  expect(help.match(/USAGE|ARGUMENTS|OPTIONS(?!\])|EXAMPLES|Required|Default|more information/g)).toBeNull()
  expect(help).toMatch(/^用法 unionpush push \[OPTIONS\] *$/m)
  expect(help).toContain('retry（必填）')
})

test.each([
  [['nope'], "Unknown command 'nope'", 'unionpush --help'],
  [['constructor'], "Unknown command 'constructor'", 'unionpush --help'],
  [['help', 'nope'], "Unknown command 'nope'", 'unionpush --help'],
  [['--nope'], "Unknown option '--nope' before the command", 'unionpush --help'],
  [['token', '--nope'], "Unknown option '--nope'", 'unionpush token --help'],
  [['lookup'], 'Missing required positional argument: UNIONID', 'unionpush lookup --help'],
  [['push', '--template', 'T'], '--data is missing', 'unionpush push --help'],
  [['push', '--data', '{}'], '--template is missing (or --file)', 'unionpush push --help'],
  [
    ['push', '--file', 'a.csv', '--wait'],
    '--wait does not go with --file: each line says it itself',
    'unionpush push --help',
  ],
  [['history', '--limit', '-1'], "Option '--limit' needs a value", 'unionpush history --help'],
  [
    ['history', '--limit', '0'],
    "--limit expects a whole number of at least 1, got '0'",
    'unionpush history --help',
  ],
  [['failed', 'again'], "Unexpected argument 'again': expected retry or nothing", 'unionpush failed --help'],
  [
    ['simulator', '--port', '99999'],
    "--port expects at most 65535, got '99999'",
    'unionpush simulator --help',
  ],
])('%j is wrong usage, and is told where help is', async (words, message, help) => {
  const error = await runCommandLine(words).catch((thrown: unknown) => thrown)
  const hint = `How it is used: ${help}`
  const report = toReport(error, [...words, '--json'])
  expect(report).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`: ${message}\n${hint}\n`) })
  expect(JSON.parse(report.stdout)).toEqual({ error: { code: 'usage', message, hint } })
  expect(toReport(error, words).stdout).toBe('')
})
