import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { atExit } from './atExit.ts'
import { findFreePort } from './freePort.ts'
import { openSmallDisk, type SmallDisk } from './smallDisk.ts'
import { until } from './until.ts'

const run = promisify(execFile)
/** Milliseconds until a server answers, and until one has ended. */
const patience = 30_000

/** A PostgreSQL that is nobody else's, and may be stopped and killed. */
export interface PostgresServer {
  readonly port: number
  /** As DATABASE_URL takes it. */
  readonly url: string
  readonly disk: SmallDisk
  /** Resolves when it answers; does nothing when it does. */
  start(): Promise<void>
  /** SIGINT: at once, SIGQUIT: without writing anything down, SIGKILL: of the postmaster alone. */
  stop(signal: NodeJS.Signals): Promise<void>
  /** A connection past the wire, to be ended by whoever asked. Rejects while the server is away. */
  connect(): Promise<pg.Client>
  /** One of PostgreSQL's programs against this server; resolves with what it wrote. */
  tool(name: string, ...args: string[]): Promise<string>
  logs(): string
  close(): Promise<void>
}

/**
 * fsync is on, though nothing here needs it: what a process has written is safe in the memory of the machine when the
 * process is killed. Autovacuum, checkpoints and everything else are as they are by default.
 */
const usual = {
  listen_addresses: '127.0.0.1',
  shared_buffers: '16MB',
  max_connections: '200',
  min_wal_size: '2MB',
  max_wal_size: '24MB',
}

/** Where PostgreSQL's programs are; undefined when there are none. */
function findPostgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return versions
    .map((version) => join(root, version, 'bin'))
    .find((dir) => ['initdb', 'postgres', 'pg_dump', 'psql'].every((name) => existsSync(join(dir, name))))
}

/** PostgreSQL refuses to run as root. */
const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {}

function idOf(option: string): number {
  try {
    return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }))
  } catch {
    return 0
  }
}

let template: Promise<string> | undefined

/** An empty cluster, made once, because that takes seconds. */
function getTemplate(bin: string): Promise<string> {
  template ??= (async () => {
    const dir = mkdtempSync(join(tmpdir(), 'unionpush-initdb-'))
    atExit(() => rmSync(dir, { recursive: true, force: true }))
    give(dir)
    const data = join(dir, 'data')
    const options = ['-D', data, '-U', 'postgres', '--auth=trust', '--wal-segsize=1', '--no-sync']
    await run(join(bin, 'initdb'), options, { ...owner, cwd: dir })
    return data
  })()
  return template
}

function give(dir: string): void {
  if (owner.uid !== undefined) chownSync(dir, owner.uid, owner.gid)
}

/** Not running yet. `settings` are more of those in postgresql.conf. */
export async function createPostgresServer(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const bin = findPostgresPrograms()
  if (bin === undefined) throw new Error('there are no PostgreSQL programs in /usr/lib/postgresql')
  const source = await getTemplate(bin)
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-postgres-'))
  const disk = openSmallDisk(dir, 'size=112m', ...Object.entries(owner).map(([key, id]) => `${key}=${id}`))
  give(dir)
  await cp(source, dir, { recursive: true, preserveTimestamps: true })
  await run('chown', [
    '-R',
    owner.uid === undefined ? `${process.getuid?.()}` : `${owner.uid}:${owner.gid}`,
    dir,
  ])
  const port = await findFreePort()
  const chunks: string[] = []
  let server: ChildProcess | undefined
  const ended = atExit(() => server?.kill('SIGQUIT'))
  const isRunning = () => server?.exitCode === null && server.signalCode === null

  function launch(): void {
    const given = { ...usual, ...settings, port, unix_socket_directories: dir }
    const args = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const launched = spawn(join(bin ?? '', 'postgres'), ['-D', dir, ...args], {
      ...owner,
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    launched.stderr.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
    server = launched
  }

  async function connect(): Promise<pg.Client> {
    const client = new pg.Client({
      host: dir,
      port,
      user: 'postgres',
      database: 'postgres',
      application_name: 'test',
      types: { getTypeParser: toParser },
    })
    client.on('error', () => {})
    await client.connect()
    await client.query('set search_path to unionpush')
    return client
  }

  async function answers(): Promise<boolean> {
    // A server that was killed leaves processes behind for a moment, and no other one starts beside them.
    if (!isRunning()) launch()
    try {
      await (await connect()).end()
      return true
    } catch {
      return false
    }
  }

  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`,
    disk,
    async start() {
      if (!(await until(answers, patience))) throw new Error(`PostgreSQL does not start:\n${chunks.join('')}`)
    },
    async stop(signal) {
      server?.kill(signal)
      if (!(await until(() => !isRunning(), patience)))
        throw new Error(`PostgreSQL does not end by ${signal}`)
    },
    connect,
    async tool(name, ...args) {
      const target = ['-h', dir, '-p', `${port}`, '-U', 'postgres', '-d', 'postgres']
      return (await run(join(bin, name), [...target, ...args], { maxBuffer: 2 ** 28 })).stdout
    },
    logs: () => chunks.join(''),
    async close() {
      server?.kill('SIGQUIT')
      await until(() => !isRunning(), patience)
      ended()
      disk.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Milliseconds and counts are numbers. */
const toParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format === 'binary' ? 'text' : format)
