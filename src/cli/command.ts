import { type ArgsDef, type CommandDef, defineCommand as defineForHelp, renderUsage } from 'citty'
import { type Args, parseCommandArgs, readMoreWords, UsageError } from './args.ts'
import type { Output } from './output.ts'

const jsonArg = { json: { type: 'boolean', description: 'JSON on stdout' } } as const

export interface CommandDefinition<T extends ArgsDef> {
  name: string
  description: string
  args: T
  /** Whether any number of words may follow the last argument. */
  takesMore?: boolean
  /** Whole command lines, with what they are for: `['unionpush sync', 'bring the table up to date']`. */
  examples: [command: string, purpose: string][]
  /** Resolves with the exit code; nothing = 0. */
  run(args: Args<T>, out: Output, more: string[]): Promise<number | undefined>
}

export interface Command {
  /** Raises UsageError before anything is done. */
  run(rawArgs: string[], out: Output): Promise<number>
  toHelp(): Promise<string>
  /** What citty needs to list the command among the others. */
  definition: CommandDef<ArgsDef>
}

export function defineCommand<const T extends ArgsDef>(definition: CommandDefinition<T>): Command {
  const args = { ...definition.args, ...jsonArg }
  const forHelp = defineForHelp<ArgsDef>({
    meta: { name: definition.name, description: definition.description },
    args,
  })
  return {
    definition: forHelp,
    async run(rawArgs, out) {
      const parsed = parseCommandArgs(rawArgs, args, definition.takesMore)
      return (await definition.run(parsed, out, readMoreWords(rawArgs, args))) ?? 0
    },
    async toHelp() {
      const examples = definition.examples.map(([command, purpose]) => `  # ${purpose}\n  ${command}`)
      const usage = await renderUsage(forHelp, { meta: { name: 'unionpush' } })
      return `${usage.trimEnd()}\n\nEXAMPLES\n\n${examples.join('\n\n')}\n`
    },
  }
}

/** A whole number of at least `min`, as an option gives it. */
export function toCount(option: string, text: string, min = 0): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= min))
    throw new UsageError(`--${option} expects a whole number of at least ${min}, got '${text}'`)
  return count
}
