import { existsSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { ArgsDef } from 'citty'
import { describe, expect, test } from 'vitest'
import { environmentSchema } from '../../src/base/environment/variables.ts'
import { parseCommandArgs } from '../../src/cli/args.ts'
import { commands } from '../../src/cli/commandLine.ts'
import { findBrokenRule } from '../../src/push/keyword.ts'
import { pushRecordSchema } from '../../src/push/recordSchema.ts'
import {
  accountReasons,
  explainedStatuses,
  manualPause,
  pushReasons,
  pushStatuses,
} from '../../src/push/status.ts'
import {
  type Language,
  listPages,
  type Page,
  readAll,
  readPage,
  toChinese,
  toCodeSpans,
  toCommandLines,
} from '../helpers/readme.ts'

const root = new URL('../../', import.meta.url)
const wordsOf = { en: { required: 'required', none: 'none' }, zh: { required: '必填', none: '无' } }
const languages: Language[] = ['en', 'zh']

describe.each(languages)('the documentation in %s', (language) => {
  const readme = readAll(language)
  const words = wordsOf[language]

  test('lists every variable, in the order of the schema, with its true default', () => {
    const rows = tableOf(readme, /^`WECHAT_APPID`$/)
    expect(rows.map(([name = '']) => name)).toEqual(
      Object.keys(environmentSchema.shape).map((name) => `\`${name}\``),
    )
    for (const [name = '', given = ''] of rows) {
      const schema = Object.entries(environmentSchema.shape).find(([key]) => `\`${key}\`` === name)?.[1]
      const unset = schema?.safeParse(undefined)
      const [value] = toCodeSpans(given)
      if (!unset?.success) expect(given, name).toBe(words.required)
      else if (unset.data === undefined) expect(given, name).toBe(words.none)
      else expect(schema?.parse(value), name).toEqual(unset.data)
    }
  })

  test('lists every command with every option', async () => {
    const rows = tableOf(readme, /^`start`$/)
    const listed = rows.map(([name = '', options = '']) => ({
      name: toCodeSpans(name)[0]?.split(' ')[0],
      options: toCodeSpans(options),
    }))
    const actual = [...commands.keys()].map(async (name) => {
      const named = Object.entries(await argsOf(name)).filter(([, arg]) => arg.type !== 'positional')
      return { name, options: named.map(([option]) => `--${option}`).filter((option) => option !== '--json') }
    })
    expect(listed).toEqual(await Promise.all(actual))
  })

  test('shows command lines that the program understands', async () => {
    const fromBlocks = readme.blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(toCommandLines)
      .map((line) => /^npx (unionpush .+)$/.exec(line)?.[1])
      .filter((line) => line !== undefined)
    const fromText = readme.codeSpans.filter((code) => /^unionpush [a-z]/.test(code))
    expect(fromBlocks.length).toBeGreaterThan(8)
    expect(fromText.length).toBeGreaterThan(3)
    for (const line of [...fromBlocks, ...fromText]) {
      const [, name = '', ...words] = toWords(line)
      const args = await argsOf(name)
      const takesIds = name === 'failed' || name === 'doctor'
      expect(() => parseCommandArgs(words, args, takesIds), line).not.toThrow()
    }
  })

  test('lists every status of a push with the reasons it can have, and no other', () => {
    const listed = tableOf(readme, /^`queued`$/).map(([status = '', , reasons = '']) => ({
      status: toCodeSpans(status)[0],
      // Most of what WeChat refuses for has its place in the other table alone.
      reasons: status === '`rejected`' ? [...pushReasons.rejected].sort() : toCodeSpans(reasons).sort(),
    }))
    expect(listed).toEqual(
      pushStatuses.map((status) => ({ status, reasons: [...pushReasons[status]].sort() })),
    )
  })

  test('explains every reason for which a push was not sent or delivered, and no other', () => {
    const [explained] = columnsOf(tableOf(readme, /^`not_following`$/))
    expect((explained ?? []).flatMap(toCodeSpans).sort()).toEqual(
      explainedStatuses.flatMap((status) => [...pushReasons[status]]).sort(),
    )
  })

  test('explains every reason for which an account is paused, and no other', () => {
    const [reasons] = columnsOf(tableOf(readme, /^`credentials_invalid`$/))
    expect((reasons ?? []).flatMap(toCodeSpans).sort()).toEqual([...accountReasons, manualPause].sort())
  })

  test('lists types of keywords that have a rule', () => {
    const [types] = columnsOf(tableOf(readme, /^`thing`$/))
    for (const type of (types ?? []).flatMap(toCodeSpans)) {
      expect(findBrokenRule(`${type}1`, 'x'.repeat(100)), type).toBeDefined()
    }
  })

  test('names the fields of a push record', () => {
    expect(readme.codeSpans).toContain(`{${Object.keys(pushRecordSchema.shape).join(', ')}}`)
  })

  test('names functions and errors that the library exports', async () => {
    const library = await import('../../src/index.ts')
    const imported = [...readme.text.matchAll(/import \{(.+)\} from 'unionpush'/g)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.trim())
    const named = readme.codeSpans.flatMap((code) => /^(create[A-Z]\w+|\w+Error)\b/.exec(code)?.[1] ?? [])
    expect(imported.length).toBeGreaterThan(3)
    for (const name of [...imported, ...named]) expect(Object.keys(library), name).toContain(name)
  })

  test('has every reference page in the list of the README, and the README on one or two screens', () => {
    const [first = '', ...pages] = listPages(language)
    const { text, tables } = readPage(first)
    const listed = (tables.at(-1)?.rows ?? []).map(([cell = '']) => /\]\((.+)\)/.exec(cell)?.[1])
    expect(listed.sort()).toEqual(pages)
    expect(text.split('\n').length).toBeLessThanOrEqual(200)
  })
})

describe.each(languages.flatMap(listPages))('%s', (path) => {
  const page = readPage(path)

  test('links to headings and files that exist', () => {
    const links = [...page.text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
    for (const link of links.filter((target) => !target.startsWith('https:'))) {
      const { pathname, hash } = new URL(link, new URL(path, root))
      expect(existsSync(pathname), link).toBe(true)
      if (hash) expect(anchorsOf(relative(root.pathname, pathname)), link).toContain(decodeURI(hash.slice(1)))
    }
  })

  test('names files and folders of this repository that exist', () => {
    for (const path of page.codeSpans.filter((code) => /^(src|test)\/[\w/.-]+$/.test(code))) {
      expect(existsSync(new URL(path, root)), path).toBe(true)
    }
  })
})

describe.each(listPages('en'))('%s and its counterpart in Chinese', (path) => {
  const english = readPage(path)
  const chinese = readPage(toChinese(path))

  test('have the same headings', () => {
    expect(chinese.headings.map(({ level }) => level)).toEqual(english.headings.map(({ level }) => level))
  })

  test('have the same tables, row by row', () => {
    const toShape = ({ tables }: Page) =>
      tables.map(({ header, rows }) => ({
        columns: header.length,
        rows: rows.map((row) => [row.length, ...toCodeSpans(row[0] ?? '')]),
      }))
    expect(toShape(chinese)).toEqual(toShape(english))
  })

  test('have the same code but for its comments', () => {
    const toCode = ({ blocks }: Page) =>
      blocks.map(({ language, text }) => [language, text.replaceAll(/[ \t]*(#|\/\/) .*$/gm, '')])
    expect(toCode(chinese)).toEqual(toCode(english))
  })

  test('link to each other and to the same pages', () => {
    const toPages = ({ text }: Page) =>
      [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, target = '']) => target.replace(/docs\/(en|zh)/, 'docs'))
    const other = /(README|\/(en|zh)\/)/
    const withoutSwitch = (links: string[]) => links.filter((link) => !other.test(link)).sort()
    expect(toPages(english)).toContain(toLink(path, toChinese(path)))
    expect(toPages(chinese)).toContain(toLink(toChinese(path), path))
    expect(withoutSwitch(toPages(chinese))).toEqual(withoutSwitch(toPages(english)))
  })
})

function toLink(from: string, to: string): string {
  return relative(dirname(from), to)
}

function anchorsOf(path: string): string[] {
  return readPage(path).headings.map(({ title }) => toAnchor(title))
}

function tableOf({ tables }: Page, firstCell: RegExp): string[][] {
  const found = tables.filter(({ rows }) => firstCell.test(rows[0]?.[0] ?? ''))
  expect(found, String(firstCell)).toHaveLength(1)
  return found[0]?.rows ?? []
}

function columnsOf(rows: string[][]): string[][] {
  return (rows[0] ?? []).map((_, i) => rows.map((row) => row[i] ?? ''))
}

async function argsOf(name: string): Promise<ArgsDef> {
  const command = await commands.get(name)?.()
  const args = command?.toDefinition({ say: (key) => key }).args
  return (await (typeof args === 'function' ? args() : args)) ?? {}
}

/** As a shell splits them, as far as the README's lines need it. */
function toWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => single ?? double ?? bare ?? '',
  )
}

/** As GitHub makes them. */
function toAnchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
