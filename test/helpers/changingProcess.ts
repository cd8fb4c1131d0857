import fastify from 'fastify'
import { pino } from 'pino'
import { z } from 'zod'
import { openDatabase } from '../../src/db/open.ts'
import { createRecordChange } from '../../src/http/v1/recordChange.ts'
import { createAddRoute } from '../../src/http/v1/route.ts'

/** Serves one change, and dies at once when it is made. */
const argument = z.object({ database: z.custom<Parameters<typeof openDatabase>[0]>(), appid: z.string() })
const { database: config, appid } = argument.parse(JSON.parse(String(process.argv[2])))

const log = pino({ level: 'silent' })
const database = await openDatabase(config, log)
const app = fastify()
const record = createRecordChange({ accounts: () => [{ name: 'shop', appid, runtime: { database } }], log })
const keyOf = () => ({ name: 'ops', role: 'operate', key: '' }) as const
createAddRoute(
  app,
  { keyOf, requireRole() {} },
  record,
)(
  {
    ...{ method: 'POST', path: '/pause/:id', summary: '', tag: '', roles: ['operate'], action: 'pause' },
    params: z.object({ id: z.string() }),
    body: z.object({ account: z.string() }),
    answers: { 200: ['paused'] },
  },
  async () => {
    await database.accountState(appid).pauseByHand({ detail: 'by hand', since: Date.now() })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  },
)
process.send?.(await app.listen({ port: 0, host: '127.0.0.1' }))
