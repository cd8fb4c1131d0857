import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DatabaseConfig } from '../../src/base/environment/values.ts'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openDatabase } from '../../src/db/open.ts'
import { forkProcess } from '../helpers/forkProcess.ts'
import { createTestSchema, hasPostgres } from '../helpers/postgres.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'
import { startScriptedServer } from '../helpers/scriptedServer.ts'

/** Where in its work each is killed: so many milliseconds after so many messages. */
const count = Number(process.env.WEBHOOK_KILL_SEEDS ?? 12)
const seeds = Array.from({ length: count }, (_, n) => ({ messages: (n % 17) + 1, ms: (n * 7) % 13 }))
const engines: { engine: string; open: () => Promise<DatabaseConfig> }[] = [
  { engine: 'SQLite', open: async () => ({ engine: 'sqlite', path: join(await makeDir(), 'test.db') }) },
]
if (await hasPostgres()) {
  const open = async (): Promise<DatabaseConfig> => {
    const { url } = await createTestSchema()
    return { engine: 'postgres', ...toPostgresAddress(url) }
  }
  engines.push({ engine: 'PostgreSQL', open })
}

test.each(engines)(
  'a process on $engine that is killed anywhere tells of every change that it made, and of none that it did not',
  async ({ open }) => {
    const database = await open()
    const key = randomBytes(32).toString('base64')
    const told = new Map<string, number[]>()
    let onMessage = () => {}
    const server = await startScriptedServer(async (response, { text }) => {
      for (const { id, seq } of JSON.parse(text).data.pushes) told.set(id, [...(told.get(id) ?? []), seq])
      onMessage()
      // Now and then it was taken, and the answer is lost.
      if (told.size % 7 === 0) response.destroy()
      else response.end()
    })

    async function run(onlyTells: boolean) {
      const argument = JSON.stringify({ database, url: server.base, key, onlyTells })
      const child = forkProcess('telling', [argument])
      onTestFinished(() => void child.kill('SIGKILL'))
      await once(child, 'message')
      return child
    }

    const stores = await openDatabase(database, createTestLog().log)
    onTestFinished(() => stores.close())
    /** Who was killed keeps it for a while, which is not what this is about. */
    async function releaseLease() {
      const lease = await stores.leases().find('webhooks')
      if (lease) await stores.leases().release('webhooks', lease.owner)
    }
    for (const { messages, ms } of seeds) {
      await releaseLease()
      let seen = 0
      const enough = new Promise<void>((resolve) => {
        onMessage = () => {
          seen += 1
          if (seen === messages) resolve()
        }
      })
      const child = await run(false)
      await enough
      await sleep(ms)
      child.kill('SIGKILL')
      await once(child, 'exit')
    }

    await releaseLease()
    await run(true)
    const webhooks = stores.webhooks()
    const isDone = async () => {
      await webhooks.retryAll(Date.now())
      return (await webhooks.findChanges(0, 1)).length === 0 && (await webhooks.list()).length === 0
    }
    await vi.waitUntil(isDone, { timeout: 60_000, interval: 50 })

    const expected = new Map<string, number[]>()
    for await (const { id, seq, status } of stores.pushes('wx1').history()) {
      const steps = status === 'delivered' ? [2, 3] : status === 'sent' ? [2] : []
      expect(seq, id).toBe(Math.max(1, ...steps))
      if (steps.length > 0) expected.set(id, steps)
    }
    expect(expected.size).toBeGreaterThan(100)
    const withoutRepetitions = new Map([...told].map(([id, seqs]) => [id, [...new Set(seqs)].sort()]))
    expect(withoutRepetitions).toEqual(expected)
  },
  180_000 + count * 20_000,
)
