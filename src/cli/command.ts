import {
  type ArgDef,
  type ArgsDef,
  type CommandDef,
  defineCommand as defineForHelp,
  renderUsage,
} from 'citty'
import type { HelpKey } from '../base/sentences/en/cli/help.ts'
import type { Language } from '../base/sentences/language.ts'
import { type Sentence, say } from '../base/sentences/sentence.ts'
import { type Args, parseCommandArgs, readMoreWords, UsageError } from './args.ts'
import type { Output } from './output.ts'
import { type HelpWords, loadHelpWords } from './text/helpWords.ts'

const jsonArg = { json: { type: 'boolean', description: 'json' } } as const

/** What `--help` says stands in the catalogues, by these keys. */
type ArgWithHelp = ArgDef & { description?: HelpKey }
type ArgsWithHelp = Record<string, ArgWithHelp>

export interface CommandDefinition<T extends ArgsWithHelp> {
  name: string
  description: HelpKey
  args: T
  /** Whether any number of words may follow the last argument. */
  takesMore?: boolean
  /** Whole command lines, with what they are for: `['unionpush sync', 'sync.example.all']`. */
  examples: [command: string, purpose: HelpKey][]
  /** Resolves with the exit code; nothing = 0. */
  run(args: Args<T>, out: Output, more: string[]): Promise<number | undefined>
}

export interface Command {
  /** Raises UsageError before anything is done. */
  run(rawArgs: string[], out: Output): Promise<number>
  /** Default: in the language of whoever runs it. */
  toHelp(language?: Language): Promise<string>
  /** What citty needs to list the command among the others. */
  toDefinition(words: Pick<HelpWords, 'say'>): CommandDef<ArgsDef>
  /** All that `--help` says of it. */
  helpKeys: readonly HelpKey[]
}

export function defineCommand<const T extends ArgsWithHelp>(definition: CommandDefinition<T>): Command {
  const args = { ...definition.args, ...jsonArg }
  const { name, description } = definition
  const toDefinition: Command['toDefinition'] = ({ say }) =>
    defineForHelp<ArgsDef>({
      meta: { name, description: say(description) },
      args: Object.fromEntries(
        Object.entries<ArgWithHelp>(args).map(([key, arg]) => [key, tellArg(arg, say)]),
      ),
    })
  return {
    toDefinition,
    helpKeys: [
      description,
      ...Object.values<ArgWithHelp>(args).flatMap((arg) => arg.description ?? []),
      ...definition.examples.map(([, purpose]) => purpose),
    ],
    async run(rawArgs, out) {
      const parsed = parseCommandArgs(rawArgs, args, definition.takesMore)
      return (await definition.run(parsed, out, readMoreWords(rawArgs, args))) ?? 0
    },
    async toHelp(language) {
      const words = await loadHelpWords(language)
      const examples = definition.examples.map(([line, purpose]) => `  # ${words.say(purpose)}\n  ${line}`)
      const usage = await renderUsage(toDefinition(words), { meta: { name: 'unionpush' } })
      return words.frame(`${usage.trimEnd()}\n\nEXAMPLES\n\n${examples.join('\n\n')}\n`)
    },
  }
}

function tellArg(arg: ArgWithHelp, say: HelpWords['say']): ArgDef {
  return arg.description === undefined ? arg : { ...arg, description: say(arg.description) }
}

/** A whole number of at least `min`, as an option gives it. */
export function toCount(option: string, text: string, min = 0): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= min)) {
    throw toExpected(option, say('option.wholeNumber', { least: String(min) }), text)
  }
  return count
}

/** An option has another value than it takes. */
export function toExpected(option: string, expected: Sentence | string, given: string): UsageError {
  return new UsageError(say('usage.expects', { option, expected, given }))
}
