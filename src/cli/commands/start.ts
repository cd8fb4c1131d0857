import type { App } from '../../app.ts'
import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { answerForHealth, runService, serveHttp } from '../service/service.ts'

export const startCommand = defineCommand({
  name: 'start',
  description: 'start',
  args: accountsArg,
  examples: [['unionpush start', 'start.example.all']],
  run({ account }, out) {
    let isServing = false
    async function serve(app: App): Promise<void> {
      if (isServing || !app.hasHttp()) return
      isServing = true
      await serveHttp(app)
    }
    return runService(
      out,
      account,
      async (app) => {
        if (!app.hasHttp()) await answerForHealth(app)
        await app.startCron()
        await serve(app)
        await app.startWorker()
      },
      serve,
    )
  },
})
