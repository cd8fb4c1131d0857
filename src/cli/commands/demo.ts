import { defineCommand } from '../command.ts'
import { type DemoPage, runDemoPage } from '../demo/page.ts'
import { runDemo } from '../demo/run.ts'
import { toDemoText } from '../demo/text.ts'
import { createStopSignal } from '../signals.ts'

export const demoCommand = defineCommand({
  name: 'demo',
  description: 'See all of it work, without account or configuration',
  args: {
    page: {
      type: 'boolean',
      description: 'keep running, with traffic and faults, and say where the web page is',
    },
  },
  examples: [
    ['unionpush demo', 'a fake WeChat, 25,000 followers, 2,000 pushes, a bad day: within a minute'],
    ['REDIS_URL=redis://127.0.0.1:6379 unionpush demo', 'the same with the queue in Redis'],
    ['unionpush demo --page', 'look at it in a browser, until Ctrl-C'],
  ],
  async run({ page }, out) {
    const stop = createStopSignal()
    if (page) {
      await runDemoPage(out, stop, (where) => out.print(where, toPageText))
      return 0
    }
    const result = await runDemo(out, stop)
    await out.print(result, toDemoText)
    return result.ok ? 0 : 1
  },
})

function toPageText({ url, key }: DemoPage): string {
  return `
Page  ${url}
Key   ${key}

Open the page in a browser and log in with the key. Ctrl-C ends the demo and removes all of it.`
}
