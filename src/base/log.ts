import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino'
import type { LogLevel } from './environment/variables.ts'
import type { Language } from './sentences/language.ts'
import { renderTold } from './sentences/stored.ts'

export type Log = Logger

interface LogOptions {
  level: LogLevel
  /** Human-readable lines instead of JSON; for terminals. */
  pretty: boolean
  /** Of sentences that are kept or handed on in no language yet; default English. */
  language?: Language
}

/** JSON lines on stderr: stdout belongs to the answers of the commands. */
export function createLog({ level, pretty, language = 'en' }: LogOptions): Log {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: createSerializers(language),
  }
  if (!pretty) return pino(options, toDestination())
  const transport = pino.transport({
    target: 'pino-pretty',
    options: { destination: 2, ignore: 'pid,hostname', sync: true },
  })
  return pino(options, transport.on('error', ignore))
}

/** What the log has to say about records and faults, in words, and about errors no more than what happened. */
export function createSerializers(language: Language) {
  const toWords = (told: unknown) => renderTold(told, language)
  return {
    detail: toWords,
    error: toWords,
    reason: toWords,
    err: (error: unknown) => (error instanceof Error ? toFacts(stdSerializers.err(error)) : String(error)),
  }
}

/** Of a PostgreSQL error they quote the row. */
const quotes: readonly string[] = ['detail', 'where']

/**
 * Libraries hang on an error what was being sent, such as the password of Redis, or messages with their users: only what
 * is no structure is told, and the errors in it.
 */
function toFacts(told: object): object {
  const facts = Object.entries(told).flatMap(([key, value]): [string, unknown][] => {
    if (quotes.includes(key)) return []
    if (key === 'aggregateErrors' && Array.isArray(value)) return [[key, value.map(toFacts)]]
    if (typeof value !== 'object' || value === null) return [[key, value]]
    return 'message' in value && 'stack' in value ? [[key, toFacts(value)]] : []
  })
  return Object.fromEntries(facts)
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
