import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { createPusher } from 'unionpush/pusher'
import { createSimulator } from 'unionpush/simulator'
import { createOrders } from './orders.js'

const sending = '/cgi-bin/message/template/send'
const templateId = 'order-shipped'
let wechat
let dataDir
let worker
let pusher
let orders

before(async () => {
  wechat = await createSimulator({
    followers: 10,
    templates: [{ templateId, content: '商品:{{thing1.DATA}}\n发货时间:{{time2.DATA}}\n' }],
  })
  dataDir = await mkdtemp(join(tmpdir(), 'orders-test-'))
  // Without REDIS_URL the worker brings the queue along: nothing else has to run.
  worker = spawn('node_modules/.bin/unionpush', ['start'], {
    env: {
      PATH: process.env.PATH,
      WECHAT_API_BASE: wechat.base,
      WECHAT_APPID: wechat.appid,
      WECHAT_SECRET: wechat.secret,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for await (const chunk of worker.stderr.iterator({ destroyOnReturn: false })) {
    if (String(chunk).includes('ready')) break
  }
  worker.stderr.resume()
  pusher = createPusher({ appid: wechat.appid, dataDir })
  orders = createOrders(pusher, templateId)
})

beforeEach(() => wechat.clearFaults())

after(async () => {
  await pusher.close()
  worker.kill()
  await once(worker, 'exit')
  await wechat.close()
  await rm(dataDir, { recursive: true })
})

test('a customer is told of the shipment, once', async () => {
  const { openid, unionid } = wechat.userAt(0)
  const order = { number: 1, goods: '两本书', unionid }
  await orders.ship(order)
  const { status } = await pusher.wait(await orders.ship(order))
  assert.equal(status, 'sent')
  const messages = [...wechat.accepted()].filter((message) => message.openid === openid)
  assert.equal(messages.length, 1)
  assert.equal(messages[0].data.thing1, '两本书')
})

test('a customer who does not follow is not told, and the record says why', async () => {
  // The first ten do.
  const { unionid } = wechat.userAt(10)
  const record = await pusher.wait(await orders.ship({ number: 2, goods: '一支笔', unionid }))
  assert.deepEqual([record.status, record.reason], ['skipped', 'not_following'])
})

test('a busy WeChat only makes it later', async () => {
  const fault = wechat.addFault({ path: sending, action: { errcode: -1 }, times: 1 })
  const { unionid } = wechat.userAt(2)
  const record = await pusher.wait(await orders.ship({ number: 3, goods: '一把伞', unionid }))
  assert.equal(record.status, 'sent')
  assert.equal(fault.hits, 1)
})
