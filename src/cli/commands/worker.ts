import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { answerForHealth, runService } from '../service/service.ts'

export const workerCommand = defineCommand({
  name: 'worker',
  description: 'worker',
  args: accountsArg,
  examples: [
    ['unionpush worker', 'worker.example.all'],
    ['PUSH_CONCURRENCY=200 unionpush worker', 'worker.example.concurrency'],
  ],
  run: ({ account }, out) =>
    runService(out, account, async (app) => {
      await answerForHealth(app)
      await app.startWorker()
    }),
})
