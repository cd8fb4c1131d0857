import { openSyncStack } from './syncStack.ts'

/** A sync as a process, to be killed: database, base, appid, secret and by how much its clock is ahead (ms). */
const [path = '', base = '', appid = '', secret = '', ahead] = process.argv.slice(2)
const stack = await openSyncStack({
  path,
  wechat: { base, appid, secret },
  now: () => Date.now() + Number(ahead),
})
const result = await stack.sync({ concurrency: 3 })
await stack.close()
process.send?.(result)
process.disconnect()
