import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from '../helpers/atExit.ts'

export interface Member {
  /** Of the process that runs now. */
  pid(): number | undefined
  isReady(): boolean
  isRunning(): boolean
  /** Resolves with the exit code when the process has ended, null if by a signal. */
  end(...signals: NodeJS.Signals[]): Promise<number | null>
  /** Without waiting for an end. */
  signal(name: NodeJS.Signals): void
}

export interface Crew {
  readonly members: readonly Member[]
  /** Sentences about processes that ended although nobody told them to. */
  readonly complaints: string[]
  /** All that the processes wrote. */
  logs(): string
  ready(patience: number): Promise<boolean>
  /** Nobody is started again until `resume`. */
  hold(): void
  resume(): void
  /** SIGTERM for all; complains about every exit code but 0. */
  dismiss(): Promise<void>
  /** SIGKILL for all. */
  close(): Promise<void>
}

interface CrewOptions {
  main: string
  words: string[]
  env: Record<string, string>
  cwd: string
  size: number
  /** Whether one that ended before it was ready, having said this, did right: the service manager tries again. */
  mayGiveUp?: (text: string) => boolean
}

/** Twice as long as a worker may take to finish what is under way; milliseconds. */
const mostPatience = 60_000

/** Processes of one kind, each started again when it has ended, as a service manager would. */
export function startCrew({ main, words, env, cwd, size, mayGiveUp = () => false }: CrewOptions): Crew {
  const complaints: string[] = []
  const chunks: string[] = []
  const waiting: (() => void)[] = []
  let isHeld = false
  let isOver = false

  const slots = Array.from({ length: size }, () => {
    let child = run()

    function run(): ChildProcess & { isReady?: boolean; isMeant?: boolean } {
      const { PATH = '', HOME = '' } = process.env
      const started: ChildProcess & { isReady?: boolean; isMeant?: boolean } = spawn(
        process.execPath,
        [main, ...words],
        { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let said = ''
      const ended = atExit(() => started.kill('SIGKILL'))
      started.stdout?.setEncoding('utf8').on('data', (text: string) => chunks.push(text))
      started.stderr?.setEncoding('utf8').on('data', (text: string) => {
        chunks.push(text)
        said += text
        if (text.includes('"msg":"ready"')) started.isReady = true
      })
      started.once('exit', (code, signal) => {
        ended()
        if (!started.isMeant && (started.isReady || !mayGiveUp(said)))
          complaints.push(`a ${words[0]} ended by itself: ${signal ?? `exit code ${code}`}`)
        if (!isOver) void restart()
      })
      return started
    }

    async function restart(): Promise<void> {
      await sleep(100)
      if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve))
      if (!isOver) child = run()
    }

    const isRunning = () => child.exitCode === null && child.signalCode === null
    return {
      pid: () => child.pid,
      isReady: () => isRunning() && child.isReady === true,
      isRunning,
      async end(...signals: NodeJS.Signals[]) {
        if (!isRunning()) return null
        child.isMeant = true
        const exited = once(child, 'exit')
        for (const signal of signals) {
          child.kill(signal)
          // Two signals at once may become one.
          await sleep(5)
        }
        const overdue = setTimeout(() => {
          complaints.push(
            `a ${words[0]} did not end within ${mostPatience / 1_000} s of ${signals.join(' and ')}`,
          )
          child.kill('SIGKILL')
        }, mostPatience)
        const [code] = await exited
        clearTimeout(overdue)
        return code
      },
      signal: (name: NodeJS.Signals) => void child.kill(name),
    }
  })

  async function ready(patience: number): Promise<boolean> {
    const deadline = performance.now() + patience
    while (!slots.every((slot) => slot.isReady())) {
      if (performance.now() > deadline) return false
      await sleep(20)
    }
    return true
  }

  function release(): void {
    isHeld = false
    for (const proceed of waiting.splice(0)) proceed()
  }

  return {
    members: slots,
    complaints,
    logs: () => chunks.join(''),
    ready,
    hold() {
      isHeld = true
    },
    resume: release,
    async dismiss() {
      release()
      // One that has only just begun knows no signals yet.
      await ready(20_000)
      isOver = true
      const codes = await Promise.all(
        slots.filter((slot) => slot.isRunning()).map((slot) => slot.end('SIGTERM')),
      )
      for (const code of codes) if (code !== 0) complaints.push(`SIGTERM ended a ${words[0]} with ${code}`)
    },
    async close() {
      isOver = true
      release()
      await Promise.all(slots.map((slot) => slot.end('SIGCONT', 'SIGKILL')))
    },
  }
}
