import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'

interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: { stringValue?: string } }[]
}

const patience = { timeout: 30_000, interval: 50 }

/** Takes traces as a collector does. */
async function startReceiver() {
  const spans: OtlpSpan[] = []
  const services = new Set<string>()
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    for (const { resource, scopeSpans } of JSON.parse(text).resourceSpans) {
      for (const { key, value } of resource.attributes)
        if (key === 'service.name') services.add(value.stringValue)
      for (const scope of scopeSpans) spans.push(...scope.spans)
    }
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { spans, services, endpoint: `http://127.0.0.1:${port}` }
}

test('one trace follows a push from the command over the queue and the send to its receipt', async () => {
  const { spans, services, endpoint } = await startReceiver()
  const world = await startCliWorld()
  world.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint
  await world.sync()
  const token = 'a-callback-token'
  const service = await world.service('start', { WECHAT_CALLBACK_TOKEN: token, HTTP_PORT: '0' })
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(service.stderr())?.[0]
  await world.simulator.setCallback({ url: `${url}/wechat/callback`, token, receiptDelayMs: 20 })
  await world.json(world.push(0, '--id', 'traced'))
  await world.until('traced', ({ status }) => status === 'delivered')
  await vi.waitUntil(() => spans.some(({ name }) => name === 'receipt'), patience)
  const receipt = spans.find(({ name }) => name === 'receipt')
  const trace = spans.filter(({ traceId }) => traceId === receipt?.traceId)
  const names = trace.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['template/send', 'receipt']))
  expect(names.filter((name) => name.startsWith('add '))).toHaveLength(1)
  expect(names.filter((name) => name.startsWith('process '))).toHaveLength(1)
  const add = trace.find(({ name }) => name.startsWith('add '))
  expect(add?.parentSpanId || undefined).toBeUndefined()
  for (const { parentSpanId, name } of trace) {
    if (name === add?.name) continue
    expect(
      trace.map(({ spanId }) => spanId),
      name,
    ).toContain(parentSpanId)
  }
  expect(receipt?.attributes).toContainEqual({ key: 'unionpush.status', value: { stringValue: 'delivered' } })
  expect(JSON.stringify(trace)).not.toContain(world.simulator.userAt(0).unionid)
  expect([...services]).toEqual(['unionpush'])
})

test('nothing of OpenTelemetry is loaded while no receiver is named, and a receiver that is away holds nothing up', async () => {
  const world = await startCliWorld()
  await world.sync()
  const loaded = await world.run(world.push(0, '--id', 'untraced'), { NODE_DEBUG: 'module' })
  expect(loaded.code).toBe(0)
  expect(loaded.stderr).toContain('Module._load')
  expect(loaded.stderr).not.toMatch(/opentelemetry|bullmq-otel/)
  const away = await world.run(world.push(1, '--id', 'away'), {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    NODE_DEBUG: 'module',
  })
  expect([away.code, away.stderr]).toEqual([0, expect.stringContaining('bullmq-otel')])
  const bad = await world.run(world.push(1), { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' })
  expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT')])
})
