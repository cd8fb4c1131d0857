import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { redisUrl, withAccount } from './measure.ts'

/**
 * `npx tsx test/bench/eventClients.ts`: what so many clients of /v1/events take of a process that serves them, as one JSON
 * line: how many megabytes more it has at most while they are told of a change a second, than it has with one. Measured in
 * turn, because the heap shrinks and grows by more than that on its own.
 */
const clients = 200
const seconds = 12
const rounds = 5
const key = 'bench-key-0123456789abcdef'
const headers = { authorization: `Bearer ${key}` }
const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

const dir = await mkdtemp(join(tmpdir(), 'unionpush-events-'))
try {
  const figures = await withAccount(measure)
  process.stdout.write(`${JSON.stringify({ bench: 'eventClients', ...figures })}\n`)
} finally {
  await rm(dir, { recursive: true })
}

async function measure(appid: string) {
  const { base, secret, close } = await createSimulator({ appid, followers: 10 })
  const server = spawn(process.execPath, ['--import', 'tsx', main, 'serve'], {
    env: {
      ...process.env,
      ...{ WECHAT_API_BASE: base, WECHAT_APPID: appid, WECHAT_SECRET: secret, REDIS_URL: redisUrl },
      ...{ DATA_DIR: join(dir, 'data'), HTTP_PORT: '0', HTTP_API_KEYS: `bench:operate:${key}` },
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    const url = await findUrl(server.stderr)
    const pid = Number(server.pid)
    // What the first changes load and compile stays.
    await measureWith(url, pid, 1)
    const more: number[] = []
    let told = 0
    for (let round = 0; round < rounds; round += 1) {
      const [one, all] = [await measureWith(url, pid, 1), await measureWith(url, pid, clients)]
      more.push(Math.round((all.most - one.most) / 1024 / 102.4) / 10)
      told += all.told
    }
    return { clients, told, more: more.sort((a, b) => a - b), megabytes: more[Math.floor(rounds / 2)] }
  } finally {
    server.kill('SIGKILL')
    await once(server, 'exit')
    await close()
  }
}

async function findUrl(stderr: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stderr) {
    text += chunk
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
    if (url) return url
  }
  throw new Error(`it does not serve: ${text}`)
}

/** Resolves when all are there. */
async function connect(url: string, count: number) {
  let events = 0
  const leave: (() => void)[] = []
  for (let n = 0; n < count; n += 1) {
    const request = get(`${url}/v1/events`, { headers, agent: new Agent() })
    const [response] = await once(request, 'response')
    if (response.statusCode !== 200) throw new Error(`client ${n}: HTTP ${response.statusCode}`)
    response.on('data', () => {
      events += 1
    })
    leave.push(() => request.destroy())
  }
  return { leave, told: () => events }
}

/** The greatest memory while the status changes every second. */
async function measureWith(url: string, pid: number, count: number): Promise<{ most: number; told: number }> {
  const { told, leave } = await connect(url, count)
  let most = 0
  for (let n = 0; n < seconds; n += 1) {
    const path = n % 2 === 0 ? 'pause' : 'resume'
    const answer = await fetch(`${url}/v1/${path}`, { method: 'POST', headers })
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`)
    await sleep(1_000)
    most = Math.max(most, await readMemory(pid))
  }
  for (const go of leave) go()
  return { most, told: told() }
}

async function readMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
}
