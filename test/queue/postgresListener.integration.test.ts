import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createPostgresServer } from '../../src/queue/postgres/server.ts'
import { createPostgresQueue } from '../helpers/postgresQueue.ts'
import { startTcpServer } from '../helpers/scriptedServer.ts'

const text = ['SFATAL', 'C57P01', 'Mterminating connection due to administrator command', ''].join('\0')
const body = Buffer.from(`${text}\0`)
const length = Buffer.alloc(4)
length.writeInt32BE(body.length + 4)
const fatal = Buffer.concat([Buffer.from('E'), length, body])

test('a listening connection that the server ends as soon as it is there ends nothing else', async () => {
  const postgres = await createPostgresQueue()
  let endsAtOnce = false
  const address = await startTcpServer((socket: Socket) => {
    const server = connect(postgres.port, '127.0.0.1')
    onTestFinished(() => void server.destroy())
    const isCut = endsAtOnce
    socket.pipe(server)
    server
      .on('error', () => {})
      .on('data', (data) => {
        // As of ReadyForQuery, in one piece with it.
        if (isCut && data.at(-6) === 'Z'.charCodeAt(0)) socket.end(Buffer.concat([data, fatal]))
        else socket.write(data)
      })
  })
  const { port } = new URL(address)
  const { database } = postgres
  const way = { host: '127.0.0.1', port: Number(port), user: 'postgres', database, schema: 'unionpush_queue' }
  const listeners = { onUp() {}, onError() {}, onDeaf() {} }
  const queue = createPostgresServer([way], 'worker', listeners)
  onTestFinished(queue.close)
  await queue.up()
  endsAtOnce = true
  await queue.getListenClient().catch(() => {})
  endsAtOnce = false
  await expect.poll(async () => (await (await queue.getListenClient()).query('select 1')).rows.length).toBe(1)
})

test('what several queues ask of the listening connection at once it is asked in turn', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const { port, database } = await createPostgresQueue()
  const way = { host: '127.0.0.1', port, user: 'postgres', database, schema: 'unionpush_queue' }
  const listeners = { onUp() {}, onError() {}, onDeaf() {} }
  const queue = createPostgresServer([way], 'worker', listeners)
  onTestFinished(queue.close)
  const client = await queue.getListenClient()
  const wrong = client.query('select nothing').catch(({ message }: Error) => message)
  const answers = await Promise.all([1, 2, 3].map((n) => client.query('select $1::int as n', [n])))
  expect(answers.map(({ rows: [row] }) => row)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  expect(await wrong).toBe('column "nothing" does not exist')
  // They are told one turn of the event loop later.
  await new Promise(setImmediate)
  expect(warnings).toEqual([])
})
