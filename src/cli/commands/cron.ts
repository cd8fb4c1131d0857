import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { answerForHealth, runService } from '../service/service.ts'

export const cronCommand = defineCommand({
  name: 'cron',
  description: 'Sync, refresh the token and purge, on time',
  args: accountsArg,
  examples: [
    ['unionpush cron', 'the first follower sync starts at once, the next ones at SYNC_CRON'],
    ['SYNC_CRON="0 */6 * * *" unionpush cron', 'every six hours'],
  ],
  run: ({ account }, out) =>
    runService(out, account, async (app) => {
      await answerForHealth(app)
      await app.startCron()
    }),
})
