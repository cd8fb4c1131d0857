import { say } from '../base/sentences/sentence.ts'
import { UsageError } from './args.ts'
import type { Command } from './command.ts'
import { toFailure } from './failure.ts'
import { printHelp, printVersion } from './help.ts'
import { createOutput } from './output.ts'
import { getLanguage } from './text/phrase.ts'

/** Loaded one by one, so that a command starts no slower than what it needs. */
export const commands = new Map<string, () => Promise<Command>>([
  ['start', async () => (await import('./commands/start.ts')).startCommand],
  ['worker', async () => (await import('./commands/worker.ts')).workerCommand],
  ['cron', async () => (await import('./commands/cron.ts')).cronCommand],
  ['serve', async () => (await import('./commands/serve.ts')).serveCommand],
  ['sync', async () => (await import('./commands/sync.ts')).syncCommand],
  ['push', async () => (await import('./commands/push.ts')).pushCommand],
  ['broadcast', async () => (await import('./broadcast/command.ts')).broadcastCommand],
  ['lookup', async () => (await import('./commands/lookup.ts')).lookupCommand],
  ['show', async () => (await import('./commands/show.ts')).showCommand],
  ['history', async () => (await import('./commands/history.ts')).historyCommand],
  ['failed', async () => (await import('./commands/failed.ts')).failedCommand],
  ['cancel', async () => (await import('./commands/cancel.ts')).cancelCommand],
  ['webhooks', async () => (await import('./commands/webhooks.ts')).webhooksCommand],
  ['pause', async () => (await import('./commands/pause.ts')).pauseCommand],
  ['resume', async () => (await import('./commands/resume.ts')).resumeCommand],
  ['token', async () => (await import('./commands/token.ts')).tokenCommand],
  ['templates', async () => (await import('./templates/command.ts')).templatesCommand],
  ['status', async () => (await import('./commands/status.ts')).statusCommand],
  ['doctor', async () => (await import('./doctor/doctor.ts')).doctorCommand],
  ['audit', async () => (await import('./audit/command.ts')).auditCommand],
  ['migrate', async () => (await import('./commands/migrate.ts')).migrateCommand],
  ['simulator', async () => (await import('./commands/simulator.ts')).simulatorCommand],
  ['demo', async () => (await import('./commands/demo.ts')).demoCommand],
])

/** Does what the words after `unionpush` say; resolves with the exit code, rejects for `toReport`. */
export async function runCommandLine(words: string[]): Promise<number> {
  const [name, ...rest] = words
  if (hasOption(words, '--help') || hasOption(words, '-h') || name === 'help') {
    const subject = words.find((word) => !word.startsWith('-') && word !== 'help')
    return printHelp(commands, subject, process.stdout)
  }
  if (name === '--version' || name === '-v') return printVersion()
  if (name === undefined) {
    await printHelp(commands, undefined, process.stderr)
    return 2
  }
  if (name.startsWith('-')) throw new UsageError(say('usage.optionBefore', { name }))
  const load = commands.get(name)
  if (load === undefined) throw new UsageError(say('usage.unknownCommand', { name }))
  return await (await load()).run(rest, createOutput(hasOption(words, '--json'), getLanguage()))
}

/** What a command line that failed says, and where. */
export function toReport(
  error: unknown,
  words: string[],
): { exitCode: number; stdout: string; stderr: string } {
  const name = words.find((word) => commands.has(word))
  const { exitCode, code, message, hint, refusal } = toFailure(error, name)
  const who = name === undefined ? 'unionpush' : `unionpush ${name}`
  return {
    exitCode,
    stdout: hasOption(words, '--json')
      ? `${JSON.stringify({ error: { code, message, hint, ...refusal } })}\n`
      : '',
    stderr: hint === null ? `${who}: ${message}\n` : `${who}: ${message}\n${hint}\n`,
  }
}

function hasOption(words: string[], option: string): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end === -1 ? undefined : end).includes(option)
}
