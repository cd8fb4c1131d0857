import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../app.ts'
import { minute, second } from '../../base/duration.ts'
import { readEnvironment } from '../../base/environment/readEnvironment.ts'
import { every } from '../../base/every.ts'
import { createLog } from '../../base/log.ts'
import { createReleasers } from '../../base/releasers.ts'
import { createPusher, type Pusher } from '../../library/createPusher.ts'
import { createOne } from '../../operations/broadcasts/broadcasts.ts'
import type { PushMessage } from '../../push/message.ts'
import type { Simulator } from '../../simulator/controls.ts'
import { createSimulator } from '../../simulator/simulator.ts'
import { isPretty } from '../accounts/withAccounts.ts'
import type { Output } from '../output.ts'
import { phrase } from '../text/phrase.ts'
import { arrangeReceipts, createDemoAppid, removeQueues, toDemoConfig, toDemoMessage } from './world.ts'

/** Where the page is and what opens it. */
export interface DemoPage {
  url: string
  key: string
}

const people = 3_000
const sendPath = '/cgi-bin/message/template/send'

/**
 * The program over a fake WeChat with some traffic, some of which fails, and a fault now and then, for somebody who looks at
 * the page. Calls `ready` once there is something to see, and runs until it is stopped; then nothing of it is left.
 */
export async function runDemoPage(
  out: Output,
  stop: AbortSignal,
  ready: (page: DemoPage) => Promise<void>,
): Promise<void> {
  const releasers = createReleasers()
  try {
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-demo-'))
    releasers.add(() => rm(dir, { recursive: true, force: true }))
    const simulator = await createSimulator({
      appid: createDemoAppid(),
      followers: people,
      withoutUnionid: 0.02,
    })
    releasers.add(() => simulator.close())
    const key = randomBytes(16).toString('hex')
    const config = toDemoConfig(simulator, dir, {
      HTTP_API_KEYS: `demo:operate:${key}`,
      HTTP_PORT: readEnvironment().HTTP_PORT ?? '0',
    })
    const ids: string[] = []
    releasers.add(() => removeQueues(config, ids))
    const log = createLog({ level: config.logLevel === 'debug' ? 'debug' : 'silent', pretty: isPretty(out) })
    const app = await createApp(config, log)
    releasers.add(() => app.close())
    const [account] = app.accounts()
    if (!account) throw new Error('The demo lost its account')
    out.remark(phrase('demo.starts', { count: people, base: simulator.base }))
    await account.sync({ signal: stop })
    if (stop.aborted) return
    await app.startWorker()
    if (stop.aborted) return
    const url = await arrangeReceipts(simulator, app)
    await app.startCron()
    simulator.addCallbackRule({ status: 'failed:user block', probability: 0.02 })
    simulator.addCallbackRule({ status: 'failed: system failed', probability: 0.01 })
    const redisUrl = config.queue.kind === 'redis' ? { redisUrl: config.queue.urls.join(',') } : {}
    const pusher = createPusher({ appid: account.appid, dataDir: config.dataDir, ...redisUrl })
    releasers.add(() => pusher.close())
    // Slowly enough to be watched.
    await createOne(account, { ...toDemoMessage(simulator), rate: 5, canary: '1%' })
    for (const end of startTraffic(simulator, pusher, ids)) releasers.add(end)
    await ready({ url: `${url}/`, key })
    await ended(stop)
  } finally {
    await releasers.close()
  }
}

/** Some pushes a second for as long as it runs; every minute WeChat is busy, and every five it refuses our address. */
function startTraffic(simulator: Simulator, pusher: Pusher, ids: string[]): (() => void)[] {
  let asked = 0
  const messages = Array.from({ length: 150 }, () => toMessage(simulator, asked++))
  const push = async (some: PushMessage[]) => {
    ids.push(...some.flatMap(({ id }) => id ?? []))
    // While the queue is away, the page says so.
    await pusher.pushMany(some).catch(() => undefined)
  }
  void push(messages)
  return [
    every(second, () => push(Array.from({ length: randomInt(1, 6) }, () => toMessage(simulator, asked++)))),
    every(minute, () => refuse({ errcode: -1 }, 3 * second)),
    every(5 * minute, () => refuse({ errcode: 40164 }, 20 * second)),
  ]

  function refuse(action: { errcode: number }, length: number): void {
    const fault = simulator.addFault({ path: sendPath, action })
    setTimeout(fault.remove, length)
  }
}

/** Nine of ten are in order; the others do not follow, or get a value that WeChat does not take. */
function toMessage(simulator: Simulator, n: number): PushMessage {
  const kind = n % 20
  const { unionid = '' } = simulator.userAt(kind === 7 ? people + n : randomInt(people))
  const id = `order-${String(n + 1).padStart(6, '0')}`
  const find = (key: string) =>
    simulator.templates.find(({ content }) => content.includes(`{{${key}.DATA}}`))?.templateId ?? ''
  if (kind === 13) {
    const data = {
      ...{ name1: '李四', phone_number2: '010-12345678', date3: '2026-11-20' },
      ...{ const4: '改天再说', car_number5: '京A12345' },
    }
    return { id, unionid: unionid || 'unknown', templateId: find('const4'), data }
  }
  const data = { thing1: '订单已发货', time2: '2026-11-20 15:01' }
  return { id, unionid: unionid || 'unknown', templateId: find('thing1'), data }
}

function ended(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve()
    else stop.addEventListener('abort', () => resolve(), { once: true })
  })
}
