// The page: few files with the hash of what is in them in their names. `npm run build` writes them into the package; a
// program that runs from its source has them made elsewhere, so that it never shows an older page than its own.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What is served below `/`, by its path. */
async function buildDashboard() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/dashboard/page.tsx', 'src/dashboard/page.css', 'src/dashboard/icon.svg'],
    entryNames: 'assets/[name]-[hash]',
    outdir: 'dist/dashboard',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    write: false,
  })
  const outdir = join(root, 'dist/dashboard/')
  const files = await Promise.all(
    outputFiles.map(async ({ path, contents, text }) => {
      // What it knows to leave out besides is two of sixty kilobytes.
      const { code } = path.endsWith('.js') ? await minify(text, { module: true, ecma: 2020 }) : {}
      return [path.slice(outdir.length), Buffer.from(code ?? contents)]
    }),
  )
  const names = Object.entries(metafile.outputs).flatMap(([path, { entryPoint, inputs }]) =>
    [entryPoint ?? Object.keys(inputs)[0]].map((source) => [source, path.slice('dist/dashboard/'.length)]),
  )
  let html = await readFile(join(root, 'src/dashboard/index.html'), 'utf8')
  for (const [source, path] of names)
    html = html.replaceAll(source.slice('src/dashboard/'.length), `/${path}`)
  return new Map([['index.html', Buffer.from(html)], ...files])
}

for (const [path, body] of await buildDashboard()) {
  const target = join(process.argv[2] ?? join(root, 'dist/dashboard'), path)
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, body)
}
