export interface ConfigProblem {
  variable: string
  expected: string
  /** What the environment holds; masked when it may be a secret. */
  found: string
}

/** The environment cannot be used as it is; `problems` lists everything wrong with it at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: ConfigProblem[]

  constructor(problems: ConfigProblem[]) {
    super(problems.map((p) => `${p.variable}: expected ${p.expected}, found ${p.found}`).join('\n'))
    this.problems = problems
  }
}
