import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { toConnection } from '../../src/queue/embedded/embedded.ts'
import { hostEmbeddedQueue } from '../../src/queue/embedded/host.ts'

// pg has no types of its own.
const { default: pg } = await import('pg' as string)

test('connections to the embedded queue do not get into each other’s statements', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-'))
  const host = await hostEmbeddedQueue(dir, pino({ level: 'silent' }))
  const pools = Array.from({ length: 4 }, () => new pg.Pool(toConnection(dir)))
  try {
    // As large as a chunk of jobs: it arrives in several pieces, and others get in between.
    const ballast = 'x'.repeat(300_000)
    const numbers = Array.from({ length: 100 }, (_, i) => i)
    const answers = await Promise.all(
      numbers.map(async (i) => {
        const statement = `select ${i}::int as n, length($1::text)`
        return (await pools[i % 4]?.query(statement, [ballast]))?.rows[0].n
      }),
    )
    expect(answers).toEqual(numbers)

    // A client that dies inside a transaction does not keep the session.
    const dying = await pools[0]?.connect()
    await dying?.query('begin')
    dying?.release(true)
    expect((await pools[1]?.query('select 1 as n'))?.rows).toEqual([{ n: 1 }])
  } finally {
    await Promise.all(pools.map((pool) => pool.end()))
    await host.close()
    await rm(dir, { recursive: true })
  }
})
