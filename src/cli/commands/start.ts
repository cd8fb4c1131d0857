import { defineCommand } from '../command.ts'
import { runService, serveHttp } from '../service.ts'

export const startCommand = defineCommand({
  name: 'start',
  description: 'Worker, cron and HTTP (if set up), until stopped',
  args: {},
  examples: [['unionpush start', 'all a small installation needs; Ctrl-C or SIGTERM ends it in good order']],
  run: (_, out) =>
    runService(out, async (app) => {
      app.startCron()
      if (app.hasHttp) await serveHttp(app)
      await app.startWorker()
    }),
})
