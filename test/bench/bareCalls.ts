import { Pool } from 'undici'
import { perSecond, startCpu } from './measure.ts'
import { sendPath, toBody, toMessage } from './send.ts'

/** The calls of a first sync by a bare client that does nothing with the answers; returns the milliseconds it took. */
export async function makeBareCalls(base: string, concurrency: number): Promise<number> {
  const pool = new Pool(base, { connections: concurrency })
  const call = async (method: 'GET' | 'POST', path: string, body?: string) => {
    const answer = await pool.request({ method, path, ...(body && { body }) })
    return answer.body.text()
  }
  const started = performance.now()
  for (let cursor = ''; ; ) {
    const text = await call('GET', `/cgi-bin/user/get?access_token=bench&next_openid=${cursor}`)
    const page: { data?: { openid: string[] }; next_openid: string } = JSON.parse(text)
    const openids = page.data?.openid ?? []
    if (openids.length === 0) break
    const work = async () => {
      while (openids.length > 0) {
        const batch = openids.splice(0, 100).map((openid) => ({ openid }))
        const body = JSON.stringify({ user_list: batch })
        await call('POST', '/cgi-bin/user/info/batchget?access_token=bench', body)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
    cursor = page.next_openid
  }
  const ms = performance.now() - started
  await pool.close()
  return ms
}

export interface SendLoad {
  base: string
  total: number
  concurrency: number
}

export interface SendFigures {
  perSecond: number
  /** Microseconds of CPU for each. */
  cpu: number
}

/** The sends of a broadcast by a bare client that keeps no record of them. */
export async function sendBareLoop({ base, total, concurrency }: SendLoad): Promise<SendFigures> {
  const pool = new Pool(base, { connections: concurrency })
  const headers = { 'content-type': 'application/json' }
  const readCpu = startCpu()
  const rate = await perSecond(total, concurrency, async (n) => {
    const answer = await pool.request({ method: 'POST', path: sendPath, headers, body: toBody(toMessage(n)) })
    await answer.body.text()
  })
  const cpu = readCpu(total)
  await pool.close()
  return { perSecond: rate, cpu }
}
