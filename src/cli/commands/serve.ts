import { accountsArg } from '../accounts/accountArg.ts'
import { defineCommand } from '../command.ts'
import { runService, serveHttp } from '../service/service.ts'

export const serveCommand = defineCommand({
  name: 'serve',
  description: 'Take callbacks, mini-program logins and the API over HTTP',
  args: accountsArg,
  examples: [
    ['unionpush serve', 'needs WECHAT_CALLBACK_TOKEN, a mini-program or HTTP_API_KEYS'],
    ['HTTP_HOST=0.0.0.0 HTTP_PORT=8080 unionpush serve', 'reachable from other machines'],
  ],
  run: ({ account }, out) => runService(out, account, serveHttp),
})
