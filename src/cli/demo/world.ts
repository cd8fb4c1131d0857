import { randomBytes } from 'node:crypto'
import type { App } from '../../app.ts'
import type { Config } from '../../base/config.ts'
import { minute } from '../../base/duration.ts'
import { loadLogLevel, readEnvironment } from '../../base/environment/readEnvironment.ts'
import { loadConfig } from '../../base/programConfig.ts'
import type { BroadcastInput } from '../../operations/broadcasts/broadcasts.ts'
import { connectProducer } from '../../queue/producerQueue.ts'
import type { Simulator } from '../../simulator/controls.ts'

const callbackSettings = {
  token: randomBytes(16).toString('hex'),
  encodingAesKey: randomBytes(43).toString('hex').slice(0, 43),
}

/** An account of its own for every run: queues in a shared Redis are named after it. */
export function createDemoAppid(): string {
  return `wxdemo${Date.now().toString(36)}${process.pid.toString(36)}`
}

export function toDemoConfig(simulator: Simulator, dir: string, more: Record<string, string> = {}): Config {
  return loadConfig({ ...toDemoEnvironment(simulator, dir), ...more })
}

/** Of a process of the demo, which has nothing of what is set here but the place of Redis. */
export function toDemoEnvironment({ appid, secret, base }: Simulator, dir: string) {
  const { REDIS_URL } = readEnvironment()
  return {
    WECHAT_APPID: appid,
    WECHAT_SECRET: secret,
    WECHAT_API_BASE: base,
    WECHAT_CALLBACK_TOKEN: callbackSettings.token,
    WECHAT_ENCODING_AES_KEY: callbackSettings.encodingAesKey,
    HTTP_PORT: '0',
    DATA_DIR: dir,
    REDIS_URL,
    LOG_LEVEL: loadLogLevel(),
  }
}

/** A message to everybody. */
export function toDemoMessage({ templates }: Pick<Simulator, 'templates'>) {
  const template = templates.find(({ content }) => content.includes('{{thing1.DATA}}'))
  return {
    name: '双十二预告',
    templateId: template?.templateId ?? '',
    data: { thing1: '双十二预售今晚八点开始', time2: '2026-12-11 20:00' },
    audience: { all: true },
  } satisfies BroadcastInput
}

/**
 * WeChat tells of every message what became of it, encrypted, to our own server. It waits longer than the real one,
 * which after three times five seconds gives a receipt up: on a busy machine the process stands still for as long.
 */
export async function arrangeReceipts(simulator: Simulator, app: App): Promise<string> {
  const base = await app.startHttp()
  const url = `${base}/wechat/callback`
  const check = await simulator.setCallback({ url, ...callbackSettings, timeoutMs: 3 * minute })
  if (!check.ok) throw new Error(`The callback server does not answer: ${check.problem}`)
  return base
}

/** Redis keeps what the embedded queue has in the directory that goes with it. */
export async function removeQueues(
  { accounts: [account], queue: config }: Config,
  ids: Iterable<string>,
): Promise<void> {
  if (config.kind !== 'redis') return
  const connection = connectProducer(config)
  const queue = connection.openQueue(account.appid)
  const control = connection.openControlQueue(account.appid)
  try {
    for (const { run } of [queue, control]) await run((q) => q.obliterate({ force: true }))
    await queue.run((q) => Promise.all([...ids].map((id) => q.removeDeduplicationKey(id))))
  } finally {
    await connection.close()
  }
}
