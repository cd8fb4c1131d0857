import { asSentence, type Sentence, say, toEnglish } from './sentences/sentence.ts'

export interface ConfigProblem {
  variable: string
  expected: string
  /** What the environment holds; masked when it may be a secret. */
  found: string
}

/** The same before it is said in a language. */
export type ConfigFault = Record<keyof ConfigProblem, Sentence | string>

/** The environment cannot be used as it is; `problems` lists everything wrong with it at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** In English. */
  readonly problems: ConfigProblem[]
  readonly faults: readonly ConfigFault[]
  /** One for each problem. */
  readonly sentences: Sentence[]

  constructor(faults: readonly ConfigFault[]) {
    const sentences = faults.map((fault) => say('config.problem', fault))
    super(sentences.map(toEnglish).join('\n'))
    this.problems = faults.map(({ variable, expected, found }) => ({
      variable: toEnglish(asSentence(variable)),
      expected: toEnglish(asSentence(expected)),
      found: toEnglish(asSentence(found)),
    }))
    this.faults = faults
    this.sentences = sentences
  }
}
