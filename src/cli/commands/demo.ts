import { defineCommand } from '../command.ts'
import { runDemo } from '../demo/run.ts'
import { toDemoText } from '../demo/text.ts'
import { createStopSignal } from '../signals.ts'

export const demoCommand = defineCommand({
  name: 'demo',
  description: 'See all of it work, without account or configuration',
  args: {},
  examples: [
    ['unionpush demo', 'a fake WeChat, 25,000 followers, 2,000 pushes, a bad day: within a minute'],
    ['REDIS_URL=redis://127.0.0.1:6379 unionpush demo', 'the same with the queue in Redis'],
  ],
  async run(_, out) {
    const result = await runDemo(out, createStopSignal())
    await out.print(result, toDemoText)
    return result.ok ? 0 : 1
  },
})
