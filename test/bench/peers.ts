import WechatAPI from 'co-wechat-api'
import type { SendFigures, SendLoad } from './bareCalls.ts'
import { broadcastOurs } from './broadcast.ts'
import { median, perSecond, startCpu } from './measure.ts'
import { openidAt, toMessage, withServer } from './send.ts'

/**
 * A broadcast beside what people write without one: a loop that sends one after the other by co-wechat-api, and a hundred
 * at once of `Promise.all`. Neither keeps a record.
 */
export async function benchBroadcastPeers() {
  return withServer(50, async (base) => {
    const ways = {
      broadcast: () => broadcastOurs({ base, total: 5_000, concurrency: 100 }),
      loop: () => sendByPeer({ base, total: 200, concurrency: 1 }),
      hundred: () => sendByPeer({ base, total: 5_000, concurrency: 100 }),
    }
    const runs: Record<keyof typeof ways, SendFigures[]> = { broadcast: [], loop: [], hundred: [] }
    for (let round = 0; round < 4; round++) {
      const figures = {
        loop: await ways.loop(),
        hundred: await ways.hundred(),
        broadcast: await ways.broadcast(),
      }
      // The first one warms up.
      if (round === 0) continue
      runs.loop.push(figures.loop)
      runs.hundred.push(figures.hundred)
      runs.broadcast.push(figures.broadcast)
    }
    const toFigures = (all: SendFigures[]) => ({
      perSecond: Math.round(median(all.map((one) => one.perSecond))),
      perCpuSecond: Math.round(1_000_000 / median(all.map((one) => one.cpu))),
    })
    return {
      bench: 'broadcast.peers',
      unit: 'sends',
      ours: toFigures(runs.broadcast),
      loop: toFigures(runs.loop),
      hundred: toFigures(runs.hundred),
    }
  })
}

async function sendByPeer({ base, total, concurrency }: SendLoad): Promise<SendFigures> {
  const token = async () => ({ accessToken: 'bench', expireTime: Date.now() + 3_600_000 })
  const api = new WechatAPI('wxbench', 'bench', token, async () => {})
  api.prefix = `${base}/cgi-bin/`
  const { templateId, url, data } = toMessage(0)
  const values = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }]))
  const send = (n: number) => api.sendTemplate(openidAt(n), templateId, url, undefined, values)
  const readCpu = startCpu()
  const rate = await perHundred(total, concurrency, send)
  return { perSecond: rate, cpu: readCpu(total) }
}

/** As people write it: the next hundred begins when the last of this one has its answer. */
async function perHundred(
  total: number,
  atOnce: number,
  send: (n: number) => Promise<unknown>,
): Promise<number> {
  const batches = total / atOnce
  const rate = await perSecond(batches, 1, (batch) =>
    Promise.all(Array.from({ length: atOnce }, (_, n) => send(batch * atOnce + n))),
  )
  return rate * atOnce
}
