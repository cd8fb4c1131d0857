import { expect, test } from 'vitest'
import { createReadinessCheck, type ReadinessDeps } from '../../../src/operations/monitoring/readiness.ts'
import type { PauseReason } from '../../../src/push/status.ts'

interface State {
  paused?: PauseReason
  hasDatabase?: boolean
  hasQueue?: boolean
  hasToken?: boolean
}

let asked = 0
function toAccount(
  name: string,
  { paused, hasDatabase = true, hasQueue = true, hasToken = true }: State = {},
) {
  const state = { probes: 0, probeAt: null, rate: null, refusedRate: null, refusedAt: null }
  const account: ReadinessDeps = {
    name,
    appid: `wx${name}`,
    accountState: {
      async find() {
        if (!hasDatabase) throw new Error('no database')
        const pause = { pausedReason: paused ?? null, pausedDetail: null, pausedSince: null }
        return { appid: `wx${name}`, ...state, ...pause }
      },
    },
    tokens: {
      async get() {
        asked += 1
        if (!hasToken) throw new Error('no token')
        return 'token'
      },
    },
    openQueue: () => ({
      async run() {
        if (!hasQueue) throw new Error('no queue')
        return undefined as never
      },
    }),
  }
  return account
}

const check = (accounts: ReadinessDeps[], callsWechat = true) =>
  createReadinessCheck({ accounts: () => accounts, callsWechat: () => callsWechat })()

test('a process is ready while it has queue and database', async () => {
  const account = { account: 'a', token: 'ok', paused: null }
  expect(await check([toAccount('a')])).toEqual({
    ok: true,
    queue: 'ok',
    database: 'ok',
    accounts: [account],
  })
  expect(await check([toAccount('a', { hasQueue: false })])).toMatchObject({ ok: false, queue: 'away' })
  expect(await check([toAccount('a', { hasDatabase: false })])).toMatchObject({ ok: false, database: 'away' })
})

test('one that calls WeChat is not ready without a token, or while a fault pauses the account', async () => {
  expect(await check([toAccount('a', { hasToken: false })])).toMatchObject({ ok: false })
  expect(await check([toAccount('a', { paused: 'quota_exhausted' })])).toMatchObject({
    ok: false,
    accounts: [{ paused: 'quota_exhausted' }],
  })
})

test('a pause by a person is no fault, and another one does not care', async () => {
  expect(await check([toAccount('a', { paused: 'manual' })])).toMatchObject({ ok: true })
  expect(await check([toAccount('a', { hasToken: false, paused: 'token_invalid' })], false)).toMatchObject({
    ok: true,
    accounts: [{ token: 'away', paused: 'token_invalid' }],
  })
})

test('the fault of one account keeps nothing from the others', async () => {
  const ill = toAccount('a', { paused: 'credentials_invalid', hasToken: false })
  expect(await check([ill, toAccount('b')])).toMatchObject({ ok: true })
  expect(await check([ill, toAccount('b', { paused: 'ip_not_allowed' })])).toMatchObject({ ok: false })
})

test('many who ask at once cost one look', async () => {
  const look = createReadinessCheck({ accounts: () => [toAccount('a')], callsWechat: () => true })
  asked = 0
  await Promise.all(Array.from({ length: 100 }, look))
  expect(asked).toBe(1)
})
