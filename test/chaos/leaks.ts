import type { World } from './world.ts'

/** Where something is written that nobody may read there; `more` are secrets this world does not know of. */
export async function findSecrets(world: World, more: readonly string[]): Promise<string[]> {
  const { workers, desk, database, queue, caller, simulator } = world
  const issued = await database.select('select token from access_tokens')
  const tokens = new Set([
    ...issued.map(({ token }) => String(token)),
    ...[...simulator.accepted()].map(({ token }) => token),
  ])
  const ownSecrets = [simulator.secret, simulator.miniprogram.secret, desk.token, desk.encodingAesKey]
  const forms = [...ownSecrets, ...tokens, ...more].flatMap(toForms)
  const places: [string, string][] = [
    ['the log of a worker', workers.logs()],
    ['the log of the callback server', desk.crew.logs()],
    ['an error of the caller', caller.errors.join('\n')],
    ['the queue', await queue.written()],
    ...(await readTables(world)).map(([name, text]): [string, string] => [`the table ${name}`, text]),
  ]
  return places
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([place]) => `a secret is in ${place}`)
}

/** Files of the database that others on the machine may read. */
export function findOpenDoors({ database }: World): string[] {
  return database.openDoors().map((path) => `others may read ${path}`)
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
async function readTables({ database }: World): Promise<[name: string, text: string][]> {
  const names = (await database.tables()).filter((name) => name !== 'access_tokens')
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name,
        toText(await database.select(`select * from "${name}"`)),
      ],
    ),
  )
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
