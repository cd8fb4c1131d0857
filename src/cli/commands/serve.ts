import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { runService, serveHttp } from '../service/service.ts'

export const serveCommand = defineCommand({
  name: 'serve',
  description: 'serve',
  args: accountsArg,
  examples: [
    ['unionpush serve', 'serve.example.all'],
    ['HTTP_HOST=0.0.0.0 HTTP_PORT=8080 unionpush serve', 'serve.example.everywhere'],
  ],
  run: ({ account }, out) => runService(out, account, serveHttp),
})
