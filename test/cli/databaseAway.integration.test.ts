import { describe, expect, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { createTestSchema, hasPostgres } from '../helpers/postgres.ts'
import { startTcpSwitch } from '../helpers/tcpSwitch.ts'

vi.setConfig({ testTimeout: 60_000 })

const isHere = await hasPostgres()
const unavailable = /database unavailable, waiting for it/g

function toUrlAt(port: number, url: string): string {
  const at = new URL(url)
  at.port = String(port)
  return at.href
}

describe.skipIf(!isHere)('without its PostgreSQL', () => {
  test.each(['worker', 'start', 'cron', 'serve'])(
    '%s waits, says so once, and is ready when the server is there',
    async (name) => {
      const world = await startCliWorld()
      const { url } = await createTestSchema()
      const server = await startTcpSwitch(url)
      server.cut()
      const service = world.start([name], {
        DATABASE_URL: toUrlAt(server.port, url),
        WECHAT_CALLBACK_TOKEN: 'QDG6eK',
        HTTP_PORT: '0',
      })
      await service.waitFor(unavailable)
      const before = server.refused()
      // Each try knocks twice at most, with TLS and without.
      await vi.waitUntil(() => server.refused() > before + 2, { timeout: 20_000, interval: 20 })
      server.mend()
      await service.waitFor(/"msg":"ready"/)
      service.child.kill('SIGTERM')
      const { code, stderr } = await service.ended
      expect([code, stderr.match(unavailable)?.length]).toEqual([0, 1])
    },
  )

  test('a worker ends on the first signal', async () => {
    const world = await startCliWorld()
    const { url } = await createTestSchema()
    const worker = world.start(['worker'], { DATABASE_URL: toUrlAt(await findFreePort(), url) })
    await worker.waitFor(unavailable)
    worker.child.kill('SIGTERM')
    expect(await worker.ended).toMatchObject({ code: 0 })
  })

  test('a command that is no service does not wait', async () => {
    const world = await startCliWorld()
    const { url } = await createTestSchema()
    const DATABASE_URL = toUrlAt(await findFreePort(), url)
    const { code, stderr } = await world.run(['history'], { DATABASE_URL })
    expect([code, stderr]).toEqual([1, expect.stringContaining('start the server, or set its host')])
  })
})

test.skipIf(!isHere)('a worker whose PostgreSQL does not let it in ends with what to do', async () => {
  const world = await startCliWorld()
  const { url } = await createTestSchema()
  for (const [wrong, advice] of [
    [url.replace('/postgres?', '/no_such_database?'), 'create it (createdb)'],
    [url.replace('postgres:root@', 'no_such_user:x@'), 'set the right user'],
  ] as const) {
    const { code, stderr } = await world.run(['worker'], { DATABASE_URL: wrong })
    expect([code, stderr]).toEqual([2, expect.stringContaining(advice)])
  }
})
