import { randomBytes } from 'node:crypto'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { Chance } from './chance.ts'
import type { Crew } from './crew.ts'
import { createWire, type Wire } from './wire.ts'

/** Where WeChat's callbacks are taken. */
export interface Desk {
  /** One process; now and then it sends as well. */
  readonly crew: Crew
  /** What WeChat goes through; strangers go past it. */
  readonly wire: Wire
  /** As a stranger reaches it. */
  readonly url: string
  readonly token: string
  readonly encodingAesKey: string
  /** Has WeChat post there. */
  open(): Promise<void>
}

interface DeskOptions {
  simulator: Simulator
  chance: Chance
  stretch: number
  port: number
  start(word: 'start' | 'serve', env: Record<string, string>): Crew
}

export async function createDesk({ simulator, chance, stretch, port, start }: DeskOptions): Promise<Desk> {
  const token = randomBytes(12).toString('hex')
  const encodingAesKey = `${randomBytes(21).toString('hex')}A`
  const wire = await createWire(port)
  const crew = start(chance.happens(0.3) ? 'start' : 'serve', {
    HTTP_PORT: String(port),
    WECHAT_CALLBACK_TOKEN: token,
    WECHAT_ENCODING_AES_KEY: encodingAesKey,
    WECHAT_MINIPROGRAM_APPID: simulator.miniprogram.appid,
    WECHAT_MINIPROGRAM_SECRET: simulator.miniprogram.secret,
  })
  const receiptDelayMs = chance.pick([0, 50, 200, 600])
  return {
    crew,
    wire,
    url: `http://127.0.0.1:${port}`,
    token,
    encodingAesKey,
    async open() {
      await simulator.setCallback({
        url: `http://127.0.0.1:${wire.port}/wechat/callback`,
        token,
        encodingAesKey,
        receiptDelayMs,
        timeoutMs: stretch > 1 ? 5_000 : 2_000,
        // A server that was killed is back before the last of the three tries.
        retryDelayMs: 700,
        // In a pause of WeChat's nothing comes, and nothing is tried.
        pauseMs: 0,
      })
    },
  }
}
