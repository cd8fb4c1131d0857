import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { answerForHealth, runService } from '../service/service.ts'

export const workerCommand = defineCommand({
  name: 'worker',
  description: 'Send what is queued, until stopped',
  args: accountsArg,
  examples: [
    ['unionpush worker', 'Ctrl-C or SIGTERM finishes what is under way, for at most 30 s'],
    ['PUSH_CONCURRENCY=200 unionpush worker', 'more sends at the same time'],
  ],
  run: ({ account }, out) =>
    runService(out, account, async (app) => {
      await answerForHealth(app)
      await app.startWorker()
    }),
})
