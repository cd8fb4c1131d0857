import { readFileSync } from 'node:fs'

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

export interface Readme {
  text: string
  headings: Heading[]
  blocks: CodeBlock[]
  tables: Table[]
  /** What stands in backticks outside of code blocks. */
  codeSpans: string[]
}

/** The parts of a README that programs can check: just enough of Markdown for that. */
export function readReadme(name: 'README.md' | 'README.zh-CN.md'): Readme {
  const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
  const readme: Readme = { text, headings: [], blocks: [], tables: [], codeSpans: [] }
  let open: CodeBlock | undefined
  let table: Table | undefined
  for (const line of text.split('\n')) {
    const under = readme.headings.at(-1)?.title ?? ''
    const fence = /^\s*```(\w*)$/.exec(line)
    if (fence) {
      if (open) readme.blocks.push(open)
      open = open ? undefined : { under, language: fence[1] ?? '', text: '' }
      continue
    }
    if (open) {
      open.text += `${line}\n`
      continue
    }
    readme.codeSpans.push(...toCodeSpans(line))
    const [, hashes = '', title = ''] = /^(#+) (.+)$/.exec(line) ?? []
    if (title) readme.headings.push({ level: hashes.length, title })
    if (!line.startsWith('|')) {
      table = undefined
    } else if (!table) {
      table = { under, header: toCells(line), rows: [] }
      readme.tables.push(table)
    } else if (!/^[|\s-]+$/.test(line)) {
      table.rows.push(toCells(line))
    }
  }
  return readme
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
