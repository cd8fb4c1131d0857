import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Account } from '../../src/account.ts'
import type { Log } from '../../src/base/log.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { v1Routes } from '../../src/http/v1/v1Routes.ts'

/** Serves the API of an account in this process, to so many callers that the limit of requests is for each of them. */
export async function serveApi(account: Account, log: Log, callers = 1) {
  const keys = Array.from({ length: callers }, (_, n) => ({
    ...{ name: `bench ${n}`, role: 'view' as const },
    key: `bench-key-0123456789abcdef-${n}`,
  }))
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    async routes(app) {
      const runDoctor = async () => ({ ok: true, checks: [] })
      await app.register(v1Routes, {
        ...{ prefix: '/v1', keys, accounts: () => [account] },
        ...{ runDoctor, log },
      })
    },
  })
  return { url: server.url, keys: keys.map(({ key }) => key), close: () => server.close() }
}

/** Serves the API of an account in this process, and has that many pages follow it from another one. */
export async function openPages(account: Account, total: number, log: Log): Promise<() => Promise<void>> {
  const api = await serveApi(account, log)
  const path = fileURLToPath(new URL('pageClients.ts', import.meta.url))
  const clients = fork(path, [api.url, api.keys.join(), String(total)])
  await once(clients, 'message')
  return async () => {
    const gone = once(clients, 'exit')
    clients.disconnect()
    await gone
    await api.close()
  }
}
