import { readdirSync, readFileSync } from 'node:fs'

interface Heading {
  level: number
  title: string
}

interface CodeBlock {
  /** The heading it stands under. */
  under: string
  language: string
  text: string
}

export interface Table {
  under: string
  header: string[]
  rows: string[][]
}

export type Language = 'en' | 'zh'

export interface Page {
  text: string
  headings: Heading[]
  blocks: CodeBlock[]
  tables: Table[]
  /** What stands in backticks outside of code blocks. */
  codeSpans: string[]
}

const root = new URL('../../', import.meta.url)

/** From the root of this project: the README, then all that is in `docs`. */
export function listPages(language: Language): string[] {
  const names = readdirSync(new URL(`docs/${language}/`, root)).sort()
  return [readmeOf(language), ...names.map((name) => `docs/${language}/${name}`)]
}

/** All pages of one language as if they were one. */
export function readAll(language: Language): Page {
  const pages = listPages(language).map(readPage)
  return {
    text: pages.map(({ text }) => text).join('\n'),
    headings: pages.flatMap(({ headings }) => headings),
    blocks: pages.flatMap(({ blocks }) => blocks),
    tables: pages.flatMap(({ tables }) => tables),
    codeSpans: pages.flatMap(({ codeSpans }) => codeSpans),
  }
}

/** The same page in the other language. */
export function toChinese(path: string): string {
  return path === readmeOf('en') ? readmeOf('zh') : path.replace('docs/en/', 'docs/zh/')
}

function readmeOf(language: Language): string {
  return language === 'en' ? 'README.md' : 'README.zh-CN.md'
}

/** The parts of a page that programs can check: just enough of Markdown for that. */
export function readPage(path: string): Page {
  const text = readFileSync(new URL(path, root), 'utf8')
  const page: Page = { text, headings: [], blocks: [], tables: [], codeSpans: [] }
  let open: CodeBlock | undefined
  let table: Table | undefined
  for (const line of text.split('\n')) {
    const under = page.headings.at(-1)?.title ?? ''
    const fence = /^\s*```(\w*)$/.exec(line)
    if (fence) {
      if (open) page.blocks.push(open)
      open = open ? undefined : { under, language: fence[1] ?? '', text: '' }
      continue
    }
    if (open) {
      open.text += `${line}\n`
      continue
    }
    page.codeSpans.push(...toCodeSpans(line))
    const [, hashes = '', title = ''] = /^(#+) (.+)$/.exec(line) ?? []
    if (title) page.headings.push({ level: hashes.length, title })
    if (!line.startsWith('|')) {
      table = undefined
    } else if (!table) {
      table = { under, header: toCells(line), rows: [] }
      page.tables.push(table)
    } else if (!/^[|\s-]+$/.test(line)) {
      table.rows.push(toCells(line))
    }
  }
  return page
}

export function toCodeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** Command lines of a shell block: comments away, continued lines joined. */
export function toCommandLines({ text }: CodeBlock): string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function toCells(line: string): string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim())
}
