import { expect, onTestFinished, test, vi } from 'vitest'
import { type ApiWorld, startApiWorld } from '../../helpers/apiWorld.ts'

interface Told {
  id: string
  event: string
  data: Record<string, unknown>
}

/** What a client hears until it goes. */
async function listen({ send }: ApiWorld, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await send('GET', '/v1/events', { key: 'view', headers })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const events: Told[] = []
  let text = ''
  const ended = (async () => {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true }
      if (done || value === undefined) return
      text += value
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) {
        const [, id = '', event = '', data = '{}'] = /^id: (.+)\nevent: (.+)\ndata: (.+)$/.exec(part) ?? []
        if (event) events.push({ id, event, data: JSON.parse(data) })
      }
    }
  })().catch(() => {})
  const close = () => reader?.cancel()
  onTestFinished(async () => void (await close()))
  return { response, events, close, ended }
}

const until = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 15_000, interval: 20 })

test('a client hears the status, pushes and broadcasts, and of what it missed when it comes back', async () => {
  const world = await startApiWorld()
  const { post, message, app, ended } = world
  await app.startWorker()
  const first = await listen(world)
  expect(first.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(first.response.headers.get('ratelimit-limit')).toBe('600')
  const pushes = (events: Told[]) => events.filter(({ event }) => event === 'push').map(({ data }) => data.id)
  await until(() => first.events.some(({ event }) => event === 'status'))
  await post('/v1/pushes', message(1, { id: 'one' }))
  await until(() => pushes(first.events).includes('one'))
  const { templateId, data } = message(1)
  const created = await post('/v1/broadcasts', {
    templateId,
    data,
    audience: { rows: [{ unionid: 'nobody' }] },
  })
  const isFinished = ({ event, data }: Told) =>
    event === 'broadcast' && data.id === created.body.id && data.status === 'finished'
  await until(() => first.events.some(isFinished))
  expect(pushes(first.events)).toEqual(['one'])

  const second = await listen(world)
  await post('/v1/pushes', message(2, { id: 'two' }))
  await until(() => pushes(second.events).includes('two'))
  await first.close()
  await post('/v1/pushes', message(3, { id: 'three' }))
  await ended('three')
  await until(() => pushes(second.events).includes('three'))
  const last = first.events.findLast(({ event }) => event === 'push')
  const third = await listen(world, last?.id)
  await until(() => pushes(third.events).includes('three'))
  expect(pushes(third.events)).not.toContain('one')
}, 60_000)

test('what ended while nobody listened is told to who comes back', async () => {
  const world = await startApiWorld()
  await world.app.startWorker()
  const before = Date.now()
  await world.post('/v1/pushes', world.message(1, { id: 'missed' }))
  await world.ended('missed')
  const client = await listen(world, `${before}.7`)
  await until(() => client.events.some(({ data }) => data.id === 'missed'))
}, 60_000)

test('streams end with the server', async () => {
  const world = await startApiWorld({ synced: false })
  const clients = await Promise.all(Array.from({ length: 3 }, () => listen(world)))
  await until(() => clients.every(({ events }) => events.length > 0))
  await world.app.close()
  await Promise.all(clients.map(({ ended }) => ended))
  expect((await Promise.allSettled([world.get('/v1/status')]))[0]?.status).toBe('rejected')
})
