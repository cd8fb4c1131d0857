import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { World } from './world.ts'

/** Where something is written that nobody may read there; `more` are secrets this world does not know of. */
export function findSecrets(world: World, more: readonly string[]): string[] {
  const { workers, desk, disk, redis, caller, simulator } = world
  const issued = disk.select('select token from access_tokens').map(({ token }) => String(token))
  const tokens = new Set([...issued, ...[...simulator.accepted()].map(({ token }) => token)])
  const ownSecrets = [simulator.secret, simulator.miniprogram.secret, desk.token, desk.encodingAesKey]
  const forms = [...ownSecrets, ...tokens, ...more].flatMap(toForms)
  const places: [string, string][] = [
    ['the log of a worker', workers.logs()],
    ['the log of the callback server', desk.crew.logs()],
    ['an error of the caller', caller.errors.join('\n')],
    ['Redis', redis.written()],
    ...readTables(world).map(([name, text]): [string, string] => [`the table ${name}`, text]),
  ]
  return places
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([place]) => `a secret is in ${place}`)
}

/** Files of the database that others on the machine may read. */
export function findOpenDoors({ disk }: World): string[] {
  const dir = dirname(disk.path)
  const paths = [
    dir,
    ...readdirSync(dir)
      .filter((name) => name.startsWith('unionpush.db'))
      .map((name) => join(dir, name)),
  ]
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0).map((path) => `others may read ${path}`)
}

/** As it is, and as URLs, base64 (wherever in a longer text it began) and hex show it. */
function toForms(secret: string): string[] {
  const bytes = Buffer.from(secret)
  // The first and last characters of base64 also depend on the neighbours.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(Math.ceil((before * 4) / 3), -4),
  )
  const hex = bytes.toString('hex')
  return [secret, encodeURIComponent(secret), ...base64, ...base64.map(toUrlSafe), hex, hex.toUpperCase()]
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_')
}

/** All tables but the one that is there for the token. */
function readTables({ disk }: World): [name: string, text: string][] {
  const tables = disk.select(
    "select name from sqlite_master where type = 'table' and name <> 'access_tokens'",
  )
  return tables.map(({ name }) => [String(name), toText(disk.select(`select * from "${name}"`))])
}

function toText(rows: Record<string, unknown>[]): string {
  return JSON.stringify(rows, (_, value) =>
    isBytes(value) ? Buffer.from(value.data).toString('latin1') : value,
  )
}

/** What JSON makes of a Buffer. */
function isBytes(value: unknown): value is { data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}
