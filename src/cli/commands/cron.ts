import { defineCommand } from '../command.ts'
import { runService } from '../service.ts'

export const cronCommand = defineCommand({
  name: 'cron',
  description: 'Sync, refresh the token and purge, on time',
  args: {},
  examples: [
    ['unionpush cron', 'the first follower sync starts at once, the next ones at SYNC_CRON'],
    ['SYNC_CRON="0 */6 * * *" unionpush cron', 'every six hours'],
  ],
  run: (_, out) => runService(out, async (app) => app.startCron()),
})
