import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import type { LogLevel } from './environment.ts'

export type Log = Logger

interface LogOptions {
  level: LogLevel
  /** Human-readable lines instead of JSON; for terminals. */
  pretty: boolean
}

/** JSON lines on stderr: stdout belongs to the answers of the commands. */
export function createLog({ level, pretty }: LogOptions): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (!pretty) return pino(options, toDestination())
  const transport = pino.transport({
    target: 'pino-pretty',
    options: { destination: 2, ignore: 'pid,hostname', sync: true },
  })
  return pino(options, transport.on('error', ignore))
}

/** Characters that wait for room; more are dropped. */
const maxWaiting = 1_000_000

/** A full disk or a reader who is gone costs lines of the log, never the work they tell of. */
function toDestination(): DestinationStream {
  const { stderr } = process
  // PM2 in cluster mode puts its own function here; what goes past it ends up in another log.
  if (Object.hasOwn(stderr, 'write')) return { write: (line) => void stderr.write(line) }
  return pino.destination({ fd: 2, sync: true, maxLength: maxWaiting }).on('error', ignore)
}

function ignore(): void {}
