import { readFile } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { defineCommand, renderUsage } from 'citty'
import { say } from '../base/sentences/sentence.ts'
import { UsageError } from './args.ts'
import type { Command } from './command.ts'
import { loadHelpWords } from './text/helpWords.ts'

/** Explains one command, or lists all of them. */
export async function printHelp(
  commands: Map<string, () => Promise<Command>>,
  name: string | undefined,
  stream: NodeJS.WriteStream,
): Promise<number> {
  const load = name === undefined ? undefined : commands.get(name)
  if (name !== undefined && load === undefined) throw new UsageError(say('usage.unknownCommand', { name }))
  const help = load === undefined ? await renderList(commands) : await (await load()).toHelp()
  const isColoured = stream.isTTY && stream.hasColors()
  stream.write(isColoured ? help : stripVTControlCharacters(help).replaceAll(/ +$/gm, ''))
  return 0
}

async function renderList(commands: Map<string, () => Promise<Command>>): Promise<string> {
  const words = await loadHelpWords()
  const subCommands = Object.fromEntries(
    await Promise.all(
      [...commands].map(async ([name, load]) => [name, (await load()).toDefinition(words)] as const),
    ),
  )
  const main = defineCommand({
    meta: { name: 'unionpush', description: words.say('unionpush') },
    subCommands,
  })
  const usage = (await renderUsage(main)).replace([...commands.keys()].join('|'), '<command>')
  return words.frame(`${usage}\n\nNo account yet? See all of it work: unionpush demo\n`)
}

export async function printVersion(): Promise<number> {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
  process.stdout.write(`${version}\n`)
  return 0
}
