// What applications import: few files instead of hundreds, for `import` and for `require`. Runs after tsc, which makes
// the command line and the declarations.
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const inRoot = (...path) => join(root, ...path)
const { dependencies, optionalDependencies } = JSON.parse(await readFile(inRoot('package.json'), 'utf8'))

const platform = { absWorkingDir: root, platform: 'node', target: 'node20' }

const { metafile } = await build({
  ...platform,
  entryPoints: {
    index: 'src/index.ts',
    pusher: 'src/pusher.ts',
    simulator: 'src/simulator.ts',
    // As far from the other files as it is from src/db/packageFile.ts.
    'sqlite/engine/writerThread': 'src/db/sqlite/engine/writerThread.ts',
  },
  outdir: 'dist/library',
  bundle: true,
  format: 'esm',
  // What the entries share exists once, so that an error is an instance of the class that was imported from either.
  splitting: true,
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  // All but zod, of which a producer needs a fifth: the whole of it takes as long to load as everything else.
  external: Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name !== 'zod'),
})
await build({
  ...platform,
  entryPoints: Object.keys(metafile.outputs).filter((path) => path.endsWith('.js')),
  outbase: 'dist/library',
  outdir: 'dist/cjs',
  format: 'cjs',
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: `const moduleUrl = require('node:url').pathToFileURL(__filename).href` },
  // `require` instead, which test runners and bundlers follow within CommonJS.
  supported: { 'dynamic-import': false },
})
await writeFile(inRoot('dist/cjs/package.json'), '{ "type": "commonjs" }\n')
const copied = new Set()
for (const entry of ['index.d.ts', 'pusher.d.ts', 'simulator.d.ts']) await copyDeclarations(entry)
await cp(inRoot('node_modules/zod/LICENSE'), inRoot('dist/zod.LICENSE'))

/** The same declarations, in the directory that makes them CommonJS. */
async function copyDeclarations(path) {
  if (copied.has(path)) return
  copied.add(path)
  const target = inRoot('dist/cjs/types', path)
  await mkdir(dirname(target), { recursive: true })
  await cp(inRoot('dist', path), target)
  for (const [, imported] of (await readFile(target, 'utf8')).matchAll(/(?:from |import\()'(\.[^']+)\.ts'/g))
    await copyDeclarations(join(dirname(path), `${imported}.d.ts`))
}
