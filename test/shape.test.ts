import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseAst } from 'vitest/node'
import * as z from 'zod'

/** What may be larger than it should. */
const allowed: readonly string[] = [
  // The engine's stores are being divided.
  'db/sqlite',
  'db/sqlite/accountState.ts createAccountState',
  'db/sqlite/engine/writer.ts createWriter',
  'db/sqlite/followers/live.ts createLiveFollowers',
  'db/sqlite/pushes.ts createPushes',
  'db/sqlite/receipts.ts createReceipts',
  'db/sqlite/syncRuns.ts createSyncRuns',
]

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
  expect(long.filter((entry) => !allowed.includes(entry))).toEqual([])
})

test('no room has more than 20 files or 1,500 lines', () => {
  const large = [...new Set(files.map(({ path }) => dirname(path)))].filter((room) => {
    const inside = files.filter(({ path }) => dirname(path) === room)
    return inside.length > 20 || inside.reduce((sum, { lines }) => sum + lines, 0) > 1_500
  })
  expect(large.filter((room) => !allowed.includes(room))).toEqual([])
})

test('half of the files have fewer than 80 lines', () => {
  const sorted = files.map(({ lines }) => lines).sort((a, b) => a - b)
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(80)
})

test('no two files export the same name', () => {
  const places = new Map<string, string[]>()
  for (const { path, body } of files) {
    // Each engine of the database has the same stores under the same names.
    if (/^db\/\w+\//.test(path) && !path.startsWith('db/sqlite/')) continue
    for (const name of new Set(body.flatMap(toExportedNames))) {
      places.set(name, [...(places.get(name) ?? []), path])
    }
  }
  expect([...places].filter(([, paths]) => paths.length > 1)).toEqual([])
})

const named = { id: z.looseObject({ name: z.string().optional() }).nullish() }
const exportSchema = z.looseObject({
  type: z.literal('ExportNamedDeclaration'),
  declaration: z.looseObject({ ...named, declarations: z.array(z.looseObject(named)).optional() }),
})
const namedSchema = z.looseObject(named)
const nodeSchema = z.looseObject({ type: z.string(), start: z.number(), end: z.number() })

/** Every function within a node of the syntax tree, with the name it has or is given. */
function findFunctions(
  node: unknown,
  name = 'without a name',
): { name: string; start: number; end: number }[] {
  if (Array.isArray(node)) return node.flatMap((part) => findFunctions(part))
  const { data } = nodeSchema.safeParse(node)
  if (!data) return []
  const own = namedSchema.safeParse(data).data?.id?.name ?? name
  const inner = Object.values(data).flatMap((part) => findFunctions(part, own))
  const isFunction = /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(data.type)
  return isFunction ? [{ name: own, start: data.start, end: data.end }, ...inner] : inner
}

function toExportedNames(statement: unknown): string[] {
  const { data } = exportSchema.safeParse(statement)
  const declarations = data?.declaration.declarations ?? [data?.declaration]
  return declarations.flatMap((declaration) => declaration?.id?.name ?? [])
}

function countLines(text: string): number {
  return text.trimEnd().split('\n').length
}
