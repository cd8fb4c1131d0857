import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DatabaseConfig } from '../../../src/base/environment/values.ts'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import type { AuditEntry } from '../../../src/db/audit/audit.ts'
import { openDatabase } from '../../../src/db/open.ts'
import { forkProcess } from '../../helpers/forkProcess.ts'
import { createTestSchema, hasPostgres } from '../../helpers/postgres.ts'
import { createTestLog, makeDir } from '../../helpers/pushing.ts'

const appid = 'wx1'
const engines: { engine: string; create: () => Promise<DatabaseConfig> }[] = [
  { engine: 'SQLite', create: async () => ({ engine: 'sqlite', path: join(await makeDir(), 'test.db') }) },
]
if (await hasPostgres()) {
  const create = async (): Promise<DatabaseConfig> => {
    const { url } = await createTestSchema()
    return { engine: 'postgres', ...toPostgresAddress(url) }
  }
  engines.push({ engine: 'PostgreSQL', create })
}

test.each(engines)(
  'a server on $engine that is killed as soon as a change is made has it in the audit',
  async ({ create }) => {
    const config = await create()
    const argument = JSON.stringify({ database: config, appid })
    const child = forkProcess('changing', [argument])
    onTestFinished(() => void child.kill('SIGKILL'))
    const [url] = await once(child, 'message')
    const body = JSON.stringify({ account: 'shop' })
    const headers = { 'content-type': 'application/json' }
    const exited = once(child, 'exit')
    await expect(fetch(`${url}/pause/p1`, { method: 'POST', headers, body })).rejects.toThrow('fetch failed')
    expect((await exited)[1]).toBe('SIGKILL')

    const database = await openDatabase(config, createTestLog().log)
    onTestFinished(() => database.close())
    expect(await database.accountState(appid).find()).toMatchObject({ pausedReason: 'manual' })
    const entries: AuditEntry[] = []
    for await (const entry of database.audit().list(0)) entries.push(entry)
    expect(entries).toEqual([
      {
        ...{ at: expect.any(Number), keyName: 'ops', role: 'operate', action: 'pause' },
        ...{ account: 'shop', target: 'p1', detail: '{"key":"audit.begun"}' },
      },
    ])
  },
  60_000,
)
