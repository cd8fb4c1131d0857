import { Webhook } from 'standardwebhooks'
import { expect, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findClosedBase, startScriptedServer } from '../helpers/scriptedServer.ts'

const secret = `whsec_${Buffer.alloc(24, 'k').toString('base64')}`

test('a worker posts what became of a push; webhooks test, list, retry and enable tell what they did', async () => {
  const world = await startCliWorld()
  const bodies: string[] = []
  let status = 500
  const server = await startScriptedServer((response, { text, headers }) => {
    const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature']
    new Webhook(secret).verify(text, Object.fromEntries(signed.map((name) => [name, String(headers[name])])))
    if (status < 300) bodies.push(text)
    response.writeHead(status).end()
  })
  expect(await world.run(['webhooks', 'test'])).toMatchObject({ code: 2 })
  world.env.WEBHOOK_URL = server.base
  expect(await world.run(['status'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('WEBHOOK_SECRET: expected whsec_'),
  })
  world.env.WEBHOOK_SECRET = secret
  const failed = await world.run(['webhooks', 'test', '--json'])
  expect(failed.code).toBe(1)
  expect(JSON.parse(failed.stdout)).toMatchObject({ status: 'failed', error: 'HTTP 500' })

  await world.sync()
  await world.service('worker')
  await world.run(world.push(0, '--id', 'told', '--wait', '--json'))
  const list = () => world.lines(['webhooks', 'list'])
  await vi.waitUntil(async () => (await list()).length > 0, { timeout: 20_000, interval: 50 })
  expect(await list()).toMatchObject([{ type: 'pushes.updated', lastError: 'HTTP 500' }])
  // The worker tries again by itself, too.
  const retry = () => world.json(['webhooks', 'retry'])
  await vi.waitFor(async () => expect(await retry()).toMatchObject({ retried: 1, repeated: 0 }), {
    timeout: 20_000,
  })
  status = 204
  await vi.waitUntil(async () => (await retry()).repeated === 0 && bodies.length > 0, { timeout: 20_000 })
  const shown = await world.json(['show', 'told'])
  expect(JSON.parse(bodies[0] ?? '').data.pushes).toEqual([shown])
  expect(await world.json(['webhooks', 'retry', '--since', '1h'])).toMatchObject({ repeated: 1 })
  await vi.waitUntil(() => bodies.length > 1, { timeout: 10_000, interval: 10 })
  expect(await world.json(['webhooks', 'enable'])).toEqual({ enabled: true, wasOff: false })
  world.env.WEBHOOK_URL = await findClosedBase()
  expect(await world.run(['webhooks', 'test'])).toMatchObject({ code: 1 })
})
