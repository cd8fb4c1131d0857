import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)

/** Neither the compiler nor knip looks at what a script takes from the built program. */
test('the script that syncs in a process of its own imports files that are built', () => {
  const script = readFileSync(new URL('syncRole.mjs', import.meta.url), 'utf8')
  const imported = [...script.matchAll(/'\.\.\/\.\.\/dist\/(.+)\.js'/g)].map(([, file]) => file)
  expect(imported.length).toBeGreaterThan(0)
  expect(imported.filter((file) => !existsSync(new URL(`src/${file}.ts`, root)))).toEqual([])
})
