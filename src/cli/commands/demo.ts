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
  description: 'demo',
  args: {
    broadcast: { type: 'boolean', description: 'demo.broadcast' },
    page: {
      type: 'boolean',
      description: 'demo.page',
    },
  },
  examples: [
    ['unionpush demo', 'demo.example.all'],
    ['REDIS_URL=redis://127.0.0.1:6379 unionpush demo', 'demo.example.redis'],
    ['unionpush demo --broadcast', 'demo.example.broadcast'],
    ['unionpush demo --page', 'demo.example.page'],
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
