import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../base/log.ts'

/** By their path, of which `index.html` is the page itself. */
type PageFiles = ReadonlyMap<string, Buffer>

interface DashboardOptions {
  log: Log
  /** Default: those of the package; of a program that runs from its source, made of that. */
  load?(): Promise<PageFiles>
}

interface ServedFile {
  type: string
  etag: string
  bodies: Record<'br' | 'gzip' | 'identity', Buffer>
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page asks nobody but its own server, and nobody puts it into another page. */
const securityHeaders = {
  'content-security-policy': [
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** The page at `/` and what it is made of, as a fastify plugin. */
export async function dashboardRoutes(
  app: FastifyInstance,
  { log, load = loadFiles }: DashboardOptions,
): Promise<void> {
  let served: Promise<ReadonlyMap<string, ServedFile>> | undefined
  /** At the first request, so that a start waits for nothing; what failed is tried again at the next. */
  function find(): Promise<ReadonlyMap<string, ServedFile>> {
    served ??= load()
      .then(compressAll)
      .catch((error) => {
        served = undefined
        throw error
      })
    return served
  }

  app.addHook('onSend', async (_, reply) => {
    reply.headers(securityHeaders)
  })
  const schema = { hide: true }
  app.route({
    method: ['GET', 'HEAD'],
    url: '/',
    schema,
    handler: (...both) => answer('index.html', ...both),
  })
  app.route<{ Params: { name: string } }>({
    method: ['GET', 'HEAD'],
    url: '/assets/:name',
    schema,
    handler: (request, reply) => answer(`assets/${request.params.name}`, request, reply),
  })

  async function answer(path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    let file: ServedFile | undefined
    try {
      file = (await find()).get(path)
    } catch (err) {
      log.error({ err }, 'page is not there')
      return reply.code(503).type('text/plain; charset=utf-8').send(notBuilt)
    }
    if (!file) {
      reply.callNotFound()
      return reply
    }
    const isPage = path === 'index.html'
    reply.headers({
      'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
      etag: file.etag,
      vary: 'accept-encoding',
    })
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    const accepted = request.headers['accept-encoding'] ?? ''
    const encoding = (['br', 'gzip'] as const).find((name) => new RegExp(`\\b${name}\\b`).test(accepted))
    if (encoding) reply.header('content-encoding', encoding)
    return reply.type(file.type).send(file.bodies[encoding ?? 'identity'])
  }
}

const notBuilt = `The page is not built: run npm run build, or npm ci where unionpush runs from its source. The API at /v1 works without it.
网页还没有构建：请运行 npm run build；从源码运行时请先 npm ci。/v1 接口不受影响。
`

async function compressAll(files: PageFiles): Promise<ReadonlyMap<string, ServedFile>> {
  return new Map(
    await Promise.all([...files].map(async ([path, body]) => [path, await compress(path, body)] as const)),
  )
}

async function compress(path: string, identity: Buffer): Promise<ServedFile> {
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: identity.length } }),
    promisify(gzip)(identity, { level: 9 }),
  ])
  return {
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `"${hash('sha256', identity, 'base64url').slice(0, 22)}"`,
    bodies: { br, gzip: gz, identity },
  }
}

let built: Promise<PageFiles> | undefined

async function loadFiles(): Promise<PageFiles> {
  const here = new URL(import.meta.url)
  if (!here.pathname.endsWith('.ts')) return readFiles(fileURLToPath(new URL('../dashboard/', here)))
  built ??= buildFiles(fileURLToPath(new URL('../dashboard.build.mjs', here)))
  built.catch(() => {
    built = undefined
  })
  return built
}

/** Takes seconds. The builder is neither in the package nor seen by its compiler. */
async function buildFiles(builder: string): Promise<PageFiles> {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-page-'))
  try {
    await promisify(execFile)(process.execPath, [builder, dir])
    return await readFiles(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function readFiles(dir: string): Promise<PageFiles> {
  const paths = ['index.html', ...(await readdir(join(dir, 'assets'))).map((name) => `assets/${name}`)]
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(dir, path))] as const)),
  )
}
