import { fork } from 'node:child_process'
import { createCipheriv, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { Pool } from 'undici'
import { z } from 'zod'
import { startCallback } from '../../src/callback/callback.ts'
import { sign } from '../../src/callback/crypto.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { callbackRoutes } from '../../src/http/callbackRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { addSentPushes } from '../helpers/sentPushes.ts'

/**
 * Encrypted receipts at a steady rate against the whole callback server: HTTP, decryption, stored and synced to disk
 * before the answer, pushes ended after it. `ours` is the 99th percentile of the answer time in ms, counted from the
 * moment the request was due; `ceiling` is what it may be.
 */

const account = {
  appid: 'wxbench0123456789',
  token: 'benchtoken',
  encodingAesKeys: ['abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'],
}
const seconds = 12
/** Not counted: the code of a fresh process is being compiled. */
const warmUpSeconds = 2
/** The worst storm users have reported, and four times that. */
const rates = [243, 1_000]
const limitMs = 100
const loadResult = z.object({ times: z.array(z.number()), perSecond: z.number() })

if (process.argv[2] === 'load') await load(String(process.argv[3]), Number(process.argv[4]))
else for (const rate of rates) console.log(JSON.stringify(await measure(rate)))

async function measure(rate: number) {
  const directory = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  const log = pino({ level: 'warn' }, pino.destination(2))
  const db = await openSqlite({ path: join(directory, 'bench.db'), log })
  const total = rate * seconds
  const msgids = Array.from({ length: total }, (_, n) => toMsgid(n))
  await addSentPushes(
    db,
    account.appid,
    msgids.map((id) => ({ id, openid: id, unionid: id })),
  )
  const callback = startCallback({
    appid: account.appid,
    accounts: [account],
    db,
    api: { getFollower: () => Promise.reject(new Error('receipts ask nothing')) },
    followers: { upsert: () => Promise.reject(new Error('receipts know nobody')) },
    log,
  })
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    routes: async (app) => void (await app.register(callbackRoutes, { ...callback, find: () => callback })),
  })

  const started = performance.now()
  const cpu = process.cpuUsage()
  const { times, perSecond } = await runLoad(server.url, rate)
  const answeredAt = performance.now()
  while (callback.receiptCounts.delivered < total && performance.now() - started < 60_000) await sleep(5)
  const { user, system } = process.cpuUsage(cpu)
  const lagMs = round(performance.now() - answeredAt)

  await server.close()
  await callback.close()
  await db.close()
  await rm(directory, { recursive: true })
  const ours = round(times[Math.floor(times.length * 0.99)] ?? Number.NaN)
  return {
    bench: `receipts.${rate}`,
    unit: 'ms, p99 of the answer',
    ours,
    ceiling: limitMs,
    ratio: round(ours / limitMs),
    answered: times.length,
    delivered: callback.receiptCounts.delivered,
    perSecond,
    p50: round(times[Math.floor(times.length / 2)] ?? Number.NaN),
    max: round(times.at(-1) ?? Number.NaN),
    lagMs,
    /** Of the server with its writer thread, per receipt: does not depend on what else the machine does. */
    cpuMicroseconds: Math.round((user + system) / total),
  }
}

/** The load comes from a process of its own; `times` are sorted. */
async function runLoad(url: string, rate: number): Promise<z.infer<typeof loadResult>> {
  const execArgv = ['--import', 'tsx']
  const child = fork(fileURLToPath(import.meta.url), ['load', url, String(rate)], { execArgv })
  return new Promise((resolve, reject) => {
    child.on('message', (message) => resolve(loadResult.parse(message)))
    child.on('exit', (code) => reject(new Error(`the load ended with ${code}`)))
  })
}

async function load(url: string, rate: number): Promise<void> {
  const pool = new Pool(url, { connections: 100 })
  const times: number[] = []
  const total = rate * seconds
  const answers: Promise<void>[] = []
  const start = performance.now()
  for (let n = 0; n < total; ) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * rate)
    for (; n < due; n++) answers.push(post(n, start + (n / rate) * 1000))
    await sleep(2)
  }
  await Promise.all(answers)
  const perSecond = Math.round(total / ((performance.now() - start) / 1000))
  process.send?.({ times: times.sort((a, b) => a - b), perSecond })
  await pool.close()
  process.disconnect()

  async function post(n: number, dueAt: number): Promise<void> {
    const { query, body } = toPush(n)
    const headers = { 'content-type': 'text/xml' }
    const path = `/wechat/callback?${query}`
    const response = await pool.request({ method: 'POST', path, headers, body })
    if ((await response.body.text()) !== 'success') throw new Error(`answered ${response.statusCode}`)
    if (n >= warmUpSeconds * rate) times.push(performance.now() - dueAt)
  }
}

function toPush(n: number) {
  const seconds = Math.floor(Date.now() / 1000)
  const message = `<xml><ToUserName><![CDATA[gh_e136c6e50636]]></ToUserName><FromUserName><![CDATA[${toMsgid(n)}]]></FromUserName><CreateTime>${seconds}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>${toMsgid(n)}</MsgID><Status><![CDATA[success]]></Status></xml>`
  const encrypt = seal(message)
  const timestamp = String(seconds)
  const nonce = String(n)
  const query = new URLSearchParams({
    timestamp,
    nonce,
    encrypt_type: 'aes',
    msg_signature: sign([account.token, timestamp, nonce, encrypt]),
  })
  return { query, body: `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>` }
}

function seal(message: string): string {
  const key = Buffer.from(`${account.encodingAesKeys[0]}=`, 'base64')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(Buffer.byteLength(message))
  const plain = Buffer.concat([randomBytes(16), length, Buffer.from(message + account.appid)])
  const pad = 32 - (plain.length % 32)
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  return Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(pad, pad)),
    cipher.final(),
  ]).toString('base64')
}

function toMsgid(n: number): string {
  return String(1_226_691_075_109_000_000n + BigInt(n))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
