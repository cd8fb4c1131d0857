import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CallbackServer, openCallbackServer } from '../helpers/callbackServer.ts'
import { processFile } from '../helpers/forkProcess.ts'
import { callbackAccount, eventXml, plainQuery } from '../helpers/seal.ts'
import { addSentPushes } from '../helpers/sentPushes.ts'

const pushCount = 1_000
const ids = Array.from({ length: pushCount }, (_, n) => String(1_226_691_075_109_000_000n + BigInt(n)))

let world: CallbackServer
beforeEach(async () => {
  world = await openCallbackServer()
  await addSentPushes(
    world.db,
    callbackAccount.appid,
    ids.map((id) => ({ id, openid: 'o' })),
  )
})
afterEach(() => world.close())

async function startProcess() {
  const child = spawn(process.execPath, [processFile('callback'), world.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return { child, url: `${line}`.trim() }
}

test('a server killed in a storm has lost no receipt it answered with success', async () => {
  const { child, url } = await startProcess()
  const exited = once(child, 'exit')
  const search = `${new URLSearchParams(plainQuery())}`
  const answered: string[] = []
  const left = ids.values()
  const postSome = async () => {
    for (const id of left) {
      const body = eventXml('TEMPLATESENDJOBFINISH', { MsgID: id, Status: 'success' })
      const headers = { 'content-type': 'text/xml' }
      const response = await fetch(`${url}/wechat/callback?${search}`, { method: 'POST', headers, body })
      if ((await response.text()) === 'success') answered.push(id)
      if (answered.length === pushCount / 4) child.kill('SIGKILL')
    }
  }
  await Promise.allSettled(Array.from({ length: 50 }, postSome))
  child.kill('SIGKILL')
  expect(await exited).toEqual([null, 'SIGKILL'])
  expect(answered.length).toBeGreaterThanOrEqual(pushCount / 4)
  expect(answered.length).toBeLessThan(pushCount)

  const stored = new Set(world.stored().map(({ msgid }) => msgid))
  expect(answered.filter((id) => !stored.has(id))).toEqual([])

  world.work()
  const delivered = () =>
    new Set(
      world.db.read.query.pushes
        .findMany()
        .sync()
        .flatMap(({ id, status }) => (status === 'delivered' ? [id] : [])),
    )
  await vi.waitUntil(() => delivered().size === stored.size, { timeout: 10_000, interval: 20 })
  expect(delivered()).toEqual(stored)
})
