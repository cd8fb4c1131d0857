import pg from 'pg'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../../src/db/postgres/stores.ts'
import { createTestSchema } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'
import { appid, askEverything } from './askEverything.ts'
import { toManyRows } from './manyRows.ts'

/** Rows that a step may read for nothing, or sort: a small table is read faster than its index. The large ones have 30,000. */
const few = 2_000

/** Steps that read or sort more, each with the reason why it may. */
const allowed: [step: RegExp, reason: string][] = [
  [/^Aggregate .* group by unionid having/s, 'finds the few in a page of the index over all, once a sync'],
  [/^Sort .* limit 5000/s, 'a page of a table that is so small that sorting it costs less'],
  [
    /^Seq Scan followers .* select count\(\*\) as total from followers f /s,
    'an audience is counted once, when it is asked for',
  ],
  [
    /^Seq Scan broadcast_recipients .* count\(\*\) as total from broadcast_recipients r/s,
    'all recipients of a draft are counted',
  ],
  [
    /^Seq Scan broadcast_(recipients|keys) .* delete from broadcast_/s,
    'a thousand of a table that is read whole as fast: it has narrow rows here',
  ],
  [
    /^Index Scan (sessions sessions_expires|users users_login|followers followers_unsubscribed) .* appid \|\| '' = /s,
    'what ran out of other accounts, which they delete within the hour',
  ],
]

/** Statements as the driver got them, by their text. */
function listen(): Map<string, readonly unknown[]> {
  const asked = new Map<string, readonly unknown[]>()
  const { query } = pg.Client.prototype
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const { name, text, values } = Object(args[0])
    if (name !== undefined && !/^(begin|commit)$/.test(text) && !asked.has(text)) asked.set(text, values)
    return Reflect.apply(query, this, args)
  })
  return asked
}
afterEach(() => void vi.restoreAllMocks())

async function open(url: string) {
  const database = await openPostgres({ ...toPostgresAddress(url), log: createTestLog().log })
  onTestFinished(() => database.close())
  return database
}

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Plan Rows': number
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Filter?: string
  Plans?: Plan[]
}

function toSteps(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(toSteps)]
}

/** Reads many rows that it does not give, or the whole of a large table, or sorts many. */
function isWasteful(step: Plan): boolean {
  const { 'Actual Loops': loops = 1, 'Plan Rows': planned, 'Actual Rows': rows = planned } = step
  const removed = (step['Rows Removed by Filter'] ?? 0) + (step['Rows Removed by Index Recheck'] ?? 0)
  if (removed * loops > few) return true
  const isWhole = /^(Seq Scan|Sort|Incremental Sort|Parallel)/.test(step['Node Type'])
  return isWhole && rows * loops > few
}

function describe(step: Plan): string {
  const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index = '' } = step
  const removed = step['Rows Removed by Filter'] ?? 0
  return `${type} ${table} ${index} (${step['Actual Rows']} rows, ${removed} removed, ${step['Actual Loops']} loops)`
}

function toLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(toElement).join(',')}}`)
  if (Buffer.isBuffer(value)) return `'\\x${value.toString('hex')}'`
  return pg.escapeLiteral(String(value))
}

function toElement(value: unknown): string {
  return Buffer.isBuffer(value) ? `"\\\\x${value.toString('hex')}"` : JSON.stringify(value)
}

/** What a statement really does, with a plan made for its values and with one made for any. */
async function explain(client: pg.Client, sql: string, values: readonly unknown[]): Promise<Plan[]> {
  const params = values.length > 0 ? `(${values.map(toLiteral).join(', ')})` : ''
  const steps: Plan[] = []
  await client.query(`prepare explained as ${sql}`)
  for (const mode of ['force_custom_plan', 'force_generic_plan']) {
    const run = async (how: string) => {
      await client.query(`begin; set local plan_cache_mode = ${mode}`)
      const explained = `explain (${how}, format json) execute explained${params}`
      try {
        return (await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(explained)).rows
      } finally {
        await client.query('rollback')
      }
    }
    const rows = await run('analyze, timing off').catch((error) => {
      // What it inserts is there already.
      if (error.code !== '23505') throw error
      return run('costs')
    })
    for (const row of rows) steps.push(...toSteps(row['QUERY PLAN'][0].Plan))
  }
  await client.query('deallocate explained')
  return steps
}

test('every statement of every store finds its rows by an index that fits, whatever its values', async () => {
  const schema = await createTestSchema()
  await (await open(schema.url)).close()
  const now = Date.now()
  for (const sql of toManyRows(appid, now).split(';\n')) await schema.query(sql)
  const database = await open(schema.url)
  const asked = listen()
  expect(await askEverything(database, now)).toEqual([])
  vi.restoreAllMocks()
  // Fewer would mean that the stores are not listened to any more.
  expect(asked.size).toBeGreaterThan(100)

  const address = toPostgresAddress(schema.url)
  const client = new pg.Client({ connectionString: address.url })
  await client.connect()
  onTestFinished(() => client.end())
  await client.query(`set search_path to ${address.schema}`)
  const faults: string[] = []
  for (const [sql, values] of asked) {
    // It has no plan.
    if (sql.startsWith('alter table')) continue
    for (const step of await explain(client, sql, values)) {
      const told = `${describe(step)} <- ${sql}`
      if (isWasteful(step) && !allowed.some(([pattern]) => pattern.test(told))) faults.push(told)
    }
  }
  expect(faults).toEqual([])
})
