import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createLeader } from '../../src/broadcast/leader.ts'
import { engines } from '../db/engines.ts'

const appid = 'wx0123456789abcdef'

test.each(engines)(
  '$name: 500 recipients are written at a time, for single pushes wait as long',
  async ({ create }) => {
    const { database } = await create()
    const people = Array.from({ length: 1_200 }, (_, n) => ({
      openid: `o${n}`,
      unionid: `u${n}`,
      subscribed: true,
    }))
    await database.followers(appid).upsert(people, { at: 1 })
    const broadcasts = database.broadcasts(appid)
    const no = await broadcasts.draft({
      ...{ id: 'b1', name: null, templateId: 't1', message: '{}', audience: { kind: 'followers' } },
      ...{ rate: null, window: null, canaryShare: null, maxFailures: 0.2, createdAt: 1, startAt: null },
      expiresAt: null,
    })
    await broadcasts.publish(no, { status: 'scheduled', selected: 1_200, isFilled: false, canarySize: null })
    const find = async () => {
      const row = await broadcasts.find('b1')
      if (!row) throw new Error('no such broadcast')
      return row
    }
    const written: number[] = []
    const leader = createLeader({
      broadcasts: {
        ...broadcasts,
        async fill(row, rows) {
          const { filled } = await find()
          const hasMore = await broadcasts.fill(row, rows)
          written.push((await find()).filled - filled)
          return hasMore
        },
      },
      api: { getQuota: () => Promise.reject(new Error('not asked')) },
      timezone: 'Asia/Shanghai',
      alert() {},
      isStopped: () => false,
      log: pino({ level: 'silent' }),
    })
    await leader.lead(await find())
    while (!(await find()).isFilled) await leader.lead(await find())
    expect(written).toEqual([500, 500, 200])
  },
)
