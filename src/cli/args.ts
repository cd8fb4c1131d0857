import { parseArgs as parseStrictly, stripVTControlCharacters } from 'node:util'
import { type ArgsDef, parseArgs } from 'citty'
import { type Sentence, say, toEnglish, verbatim } from '../base/sentences/sentence.ts'

/** The command line cannot be understood; the sentence says what is wrong with it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly sentence: Sentence

  constructor(sentence: Sentence) {
    super(toEnglish(sentence))
    this.sentence = sentence
  }
}

/** What a command finds in `args`, derived from its definition. */
export type Args<T extends ArgsDef> = {
  [K in keyof T]: T[K] extends { type: 'boolean' }
    ? boolean
    : T[K] extends { type: 'positional'; required: false }
      ? string | undefined
      : T[K] extends { type: 'positional' } | { required: true } | { default: string }
        ? string
        : string | undefined
}

/**
 * Reads the words after the command's name. citty lets unknown options, missing values and surplus words pass,
 * which would turn a typo into another command, so Node's own parser goes over them first.
 */
export function parseCommandArgs<const T extends ArgsDef>(
  rawArgs: string[],
  definition: T,
  takesMore?: boolean,
): Args<T>
export function parseCommandArgs(
  rawArgs: string[],
  definition: ArgsDef,
  takesMore = false,
): Record<string, unknown> {
  refuseUnknown(rawArgs, definition, takesMore)
  try {
    const args = parseArgs(rawArgs, definition)
    return Object.fromEntries(
      Object.entries(definition).map(([name, { type }]) => [
        name,
        type === 'boolean' ? args[name] === true : args[name],
      ]),
    )
  } catch (error) {
    throw toUsageError(error)
  }
}

/** The words behind the last argument of the definition. */
export function readMoreWords(rawArgs: string[], definition: ArgsDef): string[] {
  const { positionals } = parse(rawArgs, toOptions(definition))
  return positionals.slice(countPositionals(definition))
}

function countPositionals(definition: ArgsDef): number {
  return Object.values(definition).filter(({ type }) => type === 'positional').length
}

function toOptions(definition: ArgsDef): Record<string, { type: 'boolean' | 'string' }> {
  const named = Object.entries(definition).filter(([, arg]) => arg.type !== 'positional')
  return Object.fromEntries(
    named.map(([name, arg]) => [name, { type: arg.type === 'boolean' ? 'boolean' : 'string' }]),
  )
}

function refuseUnknown(rawArgs: string[], definition: ArgsDef, takesMore: boolean): void {
  const { positionals, tokens } = parse(rawArgs, toOptions(definition))
  const surplus = positionals[countPositionals(definition)]
  if (surplus !== undefined && !takesMore) throw new UsageError(say('usage.unexpected', { word: surplus }))
  const seen = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (seen.has(token.name)) throw new UsageError(say('usage.twice', { name: token.name }))
    seen.add(token.name)
  }
}

function parse(args: string[], options: Record<string, { type: 'boolean' | 'string' }>) {
  try {
    return parseStrictly({ args, options, strict: true, allowPositionals: true, tokens: true })
  } catch (error) {
    throw toUsageError(error)
  }
}

/** Both parsers colour and explain at length; their first sentence is the one that helps. */
function toUsageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const isParserError =
    error.name === 'CLIError' ||
    ('code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_PARSE_ARGS'))
  if (!isParserError) return error
  const [sentence = ''] = stripVTControlCharacters(error.message).split(/\. To |\.?\n/)
  return new UsageError(toParserSentence(sentence))
}

const parserSentences = [
  [/^Unknown option '(.+)'$/, 'usage.unknownOption'],
  [/^Option '(.+?)(?: <value>)?' argument (?:missing|is ambiguous)$/, 'usage.needsValue'],
  [/^Option '(.+)' does not take an argument$/, 'usage.noValue'],
  [/^Missing required positional argument: (.+)$/, 'usage.positional'],
] as const

function toParserSentence(sentence: string): Sentence {
  for (const [pattern, key] of parserSentences) {
    const name = pattern.exec(sentence)?.[1]
    if (name !== undefined) return say(key, { name })
  }
  return verbatim(sentence)
}
