import { describe, expect, test } from 'vitest'
import { engines } from './engines.ts'

const appid = 'wx0123456789abcdef'
const receipt = { openid: 'o', msgid: '1', status: 'success', at: 1, receivedAt: 1, dueAt: 1 }

describe.each(engines)('$name', ({ create, name }) => {
  test('tells its engine, and itself from other databases', async () => {
    const { database, openAgain } = await create()
    expect(database.engine).toBe(name)
    expect(database.id).toMatch(/^[0-9a-f]{32}$/)
    expect((await openAgain()).id).toBe(database.id)
    expect((await create()).database.id).not.toBe(database.id)
  })

  test('keeps what is written for whoever opens it again', async () => {
    const { database, openAgain } = await create()
    await database.followers(appid).upsert([{ openid: 'o', unionid: 'u', subscribed: true }], { at: 5_000 })
    await database.close()
    expect(await (await openAgain()).followers(appid).findByUnionid('u')).toMatchObject({ openid: 'o' })
  })

  test.each(['write', 'writeSoon'] as const)(
    '%s does a group whole or not at all, and only the guilty one fails',
    async (kind) => {
      const { database } = await create()
      const receipts = database.receipts(appid)
      const broken = Object({ ...receipt, openid: null })
      const outcomes = await Promise.allSettled([
        database[kind]([receipts.toKeep([receipt])]),
        database[kind]([receipts.toKeep([receipt]), receipts.toKeep([receipt, broken])]),
        database[kind]([receipts.toKeep([receipt])]),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(outcomes[1]).toMatchObject({ reason: { name: 'DatabaseError', code: 'constraint' } })
      expect(await receipts.countUnmatched()).toBe(2)
    },
  )

  test.each(['write', 'writeSoon'] as const)(
    'closing finishes what %s was asked for and refuses the rest',
    async (kind) => {
      const { database, openAgain } = await create()
      const keep = database.receipts(appid).toKeep([receipt])
      const write = () => database[kind]([keep])
      const asked = Array.from({ length: 50 }, write)
      const closed = Promise.all([database.close(), database.close()])
      await expect(write()).rejects.toMatchObject({ name: 'DatabaseError', code: 'closed' })
      await Promise.all(asked)
      await closed
      expect(await (await openAgain()).receipts(appid).countUnmatched()).toBe(50)
    },
  )
})
