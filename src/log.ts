import { type Logger, type LoggerOptions, pino } from 'pino'
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
  if (!pretty) return pino(options, pino.destination({ fd: 2, sync: true }))
  return pino({
    ...options,
    transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname', sync: true } },
  })
}
