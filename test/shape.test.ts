import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseAst } from 'vitest/node'

const src = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((path) => {
    const text = readFileSync(src + path, 'utf8')
    const { body } = parseAst(text, { lang: path.endsWith('x') ? 'tsx' : 'ts' })
    return { path, text, lines: countLines(text), body }
  })

test('no function is longer than 100 lines', () => {
  const long = files.flatMap(({ path, text, body }) =>
    findFunctions(body)
      .filter(({ start, end }) => countLines(text.slice(start, end)) > 100)
      .map(({ name }) => `${path} ${name}`),
  )
  expect(long).toEqual([])
})

test('no room has more than 20 files or 1,500 lines', () => {
  const large = [...new Set(files.map(({ path }) => dirname(path)))].filter((room) => {
    const inside = files.filter(({ path }) => dirname(path) === room)
    return inside.length > 20 || inside.reduce((sum, { lines }) => sum + lines, 0) > 1_500
  })
  expect(large).toEqual([])
})

test('the page has at most 20 files, and none of more than 200 lines', () => {
  const page = files.filter(({ path }) => path.startsWith('dashboard/'))
  expect(page.length).toBeGreaterThan(10)
  expect(page.length).toBeLessThanOrEqual(20)
  const styles = readdirSync(`${src}dashboard`).filter((file) => file.endsWith('.css'))
  const sheets = styles.map((path) => ({
    path,
    lines: countLines(readFileSync(`${src}dashboard/${path}`, 'utf8')),
  }))
  expect([...page, ...sheets].filter(({ lines }) => lines > 200).map(({ path }) => path)).toEqual([])
})

test('half of the files have fewer than 80 lines', () => {
  const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b)
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(80)
})

test('no two files export the same name', () => {
  const places = new Map<string, string[]>()
  for (const { path, body } of files) {
    for (const name of new Set(body.flatMap(toExportedNames))) {
      places.set(name, [...(places.get(name) ?? []), path])
    }
  }
  expect([...places].filter(([, paths]) => paths.length > 1 && !isOfBothEngines(paths))).toEqual([])
})

/** Each engine of the database has the same stores under the same names. */
function isOfBothEngines([one = '', other = '', ...more]: readonly string[]): boolean {
  return more.length === 0 && /^db\/postgres\//.test(one) && /^db\/sqlite\//.test(other)
}

interface Named {
  id?: { name?: string } | null
}

interface Node extends Named {
  type: string
  start: number
  end: number
  /** Of an export. */
  declaration?: (Named & { declarations?: Named[] }) | null
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** Every function within a node of the syntax tree, with the name it has or is given. */
function findFunctions(node: unknown, name = 'without a name'): (Node & { name: string })[] {
  if (Array.isArray(node)) return node.flatMap((part) => findFunctions(part))
  if (!isNode(node)) return []
  const own = node.id?.name ?? name
  const inner = Object.values(node).flatMap((part) => findFunctions(part, own))
  const isFunction = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)
  return isFunction ? [{ ...node, name: own }, ...inner] : inner
}

function toExportedNames(statement: unknown): string[] {
  if (!isNode(statement) || statement.type !== 'ExportNamedDeclaration') return []
  const declarations = statement.declaration?.declarations ?? [statement.declaration]
  return declarations.flatMap((declaration) => declaration?.id?.name ?? [])
}

function countLines(text: string): number {
  return text.trimEnd().split('\n').length
}
