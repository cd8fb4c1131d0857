import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { answerForHealth, runService } from '../service/service.ts'

export const cronCommand = defineCommand({
  name: 'cron',
  description: 'cron',
  args: accountsArg,
  examples: [
    ['unionpush cron', 'cron.example.all'],
    ['SYNC_CRON="0 */6 * * *" unionpush cron', 'cron.example.hours'],
  ],
  run: ({ account }, out) =>
    runService(out, account, async (app) => {
      await answerForHealth(app)
      await app.startCron()
    }),
})
