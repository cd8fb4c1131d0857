import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { z } from 'zod'
import { openDatabase } from '../../src/db/open.ts'
import type { PushRow } from '../../src/db/pushes.ts'
import { startWebhookSender } from '../../src/webhooks/sender.ts'
import { compare } from './measure.ts'

const total = 40_000
/** As many as are sent at the same time. */
const inFlight = 50
const appid = 'wxbench'
const log = pino({ level: 'silent' })
const address = z.object({ port: z.number() })

/**
 * Records that a receiver has taken per second, from the first row to the last message, beside the same rows written with
 * nobody to tell: what the ratio lacks is what telling costs the process that sends, per outcome.
 */
export async function benchWebhooks() {
  const server = fork(fileURLToPath(new URL('sendServer.ts', import.meta.url)), ['0'])
  const [message] = await once(server, 'message')
  const url = `http://127.0.0.1:${address.parse(message).port}/`
  try {
    return {
      bench: 'webhooks',
      ...(await compare(
        'outcomes/s',
        () => write(url),
        () => write(undefined),
      )),
    }
  } finally {
    server.disconnect()
  }
}

async function write(url: string | undefined): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  const database = await openDatabase({ engine: 'sqlite', path: join(dir, 'bench.db') }, log)
  const webhooks = database.webhooks()
  let onOff = (_: string) => {}
  const off = new Promise<string>((resolve) => {
    onOff = resolve
  })
  if (url) await webhooks.turnOn()
  const stop = url
    ? startWebhookSender(
        { url, keys: [randomBytes(32)] },
        {
          webhooks,
          leases: database.leases(),
          proxy: { http: undefined, https: undefined, none: undefined },
          language: 'en',
          nameOf: (id) => id,
          count: (result) => result !== 'delivered' && onOff(result),
          onOff,
          log,
        },
      )
    : async () => {}
  const pushes = database.pushes(appid)
  let next = 0
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < total) {
        const id = `push-${next++}`
        await pushes.add(toRow(id))
        await pushes.recordSent({
          id,
          generation: 0,
          attempts: 1,
          msgid: `1226691075${id}`,
          sentAt: Date.now(),
        })
      }
    }),
  )
  const isTold = async () => {
    while ((await webhooks.findChanges(0, 1)).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const failed = await Promise.race([off, isTold()])
  if (failed) throw new Error(`the receiver did not take what it was sent: ${failed}`)
  const rate = (total / (performance.now() - begun)) * 1_000
  await stop()
  await database.close()
  await rm(dir, { recursive: true })
  return rate
}

function toRow(id: string): PushRow {
  return {
    id,
    appid,
    unionid: 'o6_bmasdasdsad6_2sgVt7hMZOPfL',
    openid: 'oABCasdasdsad6_2sgVt7hMZOPfL',
    templateId: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    status: 'sending',
    reason: null,
    detail: null,
    msgid: null,
    errcode: null,
    errmsg: null,
    rid: null,
    attempts: 1,
    seq: 0,
    generation: 0,
    unknownSince: 1_000,
    jobId: null,
    message: JSON.stringify({ v: 1, data: { thing1: '订单已发货', time2: '2026-11-20 15:01' } }),
    createdAt: 1_795_994_616_734,
    expiresAt: null,
    heldFor: null,
    heldAt: null,
    place: null,
    sentAt: null,
    finishedAt: null,
  }
}
