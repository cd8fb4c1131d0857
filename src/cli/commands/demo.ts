import { defineCommand } from '../command.ts'
import { runDemoBroadcast } from '../demo/broadcast.ts'
import { toDemoBroadcastText } from '../demo/broadcastText.ts'
import { type DemoPage, runDemoPage } from '../demo/page.ts'
import { runDemo } from '../demo/run.ts'
import { toDemoText } from '../demo/text.ts'
import { createStopSignal } from '../signals.ts'
import { phrase } from '../text/phrase.ts'

export const demoCommand = defineCommand({
  name: 'demo',
  description: 'See all of it work, without account or configuration',
  args: {
    broadcast: { type: 'boolean', description: 'a broadcast whose worker is killed in the middle' },
    page: {
      type: 'boolean',
      description: 'keep running, with traffic and faults; says where the page is',
    },
  },
  examples: [
    ['unionpush demo', 'a fake WeChat, 25,000 followers, 2,000 pushes, a bad day: within a minute'],
    ['REDIS_URL=redis://127.0.0.1:6379 unionpush demo', 'the same with the queue in Redis'],
    ['unionpush demo --broadcast', 'a canary, a pause, a kill -9, and the sum that adds up'],
    ['unionpush demo --page', 'look at it in a browser, until Ctrl-C'],
  ],
  async run({ broadcast, page }, out) {
    const stop = createStopSignal()
    if (page) {
      await runDemoPage(out, stop, (where) => out.print(where, toPageText))
      return 0
    }
    if (broadcast) {
      const result = await runDemoBroadcast(out, stop)
      await out.print(result, toDemoBroadcastText)
      return result.ok ? 0 : 1
    }
    const result = await runDemo(out, stop)
    await out.print(result, toDemoText)
    return result.ok ? 0 : 1
  },
})

function toPageText({ url, key }: DemoPage): string {
  return phrase('demo.page', { url, key })
}
