/** How often a rule of a script applies; the first rule in order of adding that applies is used. */
export interface Recurrence {
  /** Cases it hits before it is used up; default: until cleared. */
  times?: number
  /** Cases it lets pass first. */
  after?: number
  /** Chance (0 to 1) to hit, drawn from the seed. */
  probability?: number
}

export interface AddedRule {
  /** Cases hit so far. */
  readonly hits: number
  remove(): void
}

interface ActiveRule<Rule> {
  rule: Rule
  /** Cases it let pass because of `after`. */
  passed: number
  hits: number
}

/** Rules that are asked once per case: a call, an event. `covers` says whether a rule speaks of a case at all. */
export function createScript<Rule extends Recurrence, Case>(
  random: () => number,
  covers: (rule: Rule, subject: Case) => boolean,
) {
  let active: ActiveRule<Rule>[] = []
  const counts = { hits: 0 }

  function judge({ rule, passed }: ActiveRule<Rule>, subject: Case): 'hit' | 'pass' | 'no' {
    if (!covers(rule, subject)) return 'no'
    if (passed < (rule.after ?? 0)) return 'pass'
    if (rule.probability !== undefined && random() >= rule.probability) return 'no'
    return 'hit'
  }

  return {
    counts,

    add(rule: Rule): AddedRule {
      const added = { rule, passed: 0, hits: 0 }
      active.push(added)
      return {
        get hits() {
          return added.hits
        },
        remove() {
          active = active.filter((other) => other !== added)
        },
      }
    },

    clear(): void {
      active = []
    },

    list: (): (Rule & { hits: number })[] => active.map(({ rule, hits }) => ({ ...rule, hits })),

    /** The rule that hits this case, already counted. */
    pick(subject: Case): Rule | undefined {
      for (const candidate of active) {
        const verdict = judge(candidate, subject)
        if (verdict === 'pass') candidate.passed++
        if (verdict !== 'hit') continue
        candidate.hits++
        counts.hits++
        if (candidate.hits === candidate.rule.times) active = active.filter((other) => other !== candidate)
        return candidate.rule
      }
      return undefined
    },
  }
}

/** Undefined when the fields of a Recurrence are sound, else what is wrong with them. */
export function findRecurrenceProblem({ times, after, probability }: Record<string, unknown>) {
  if (times !== undefined && !isCount(times, 1)) return 'times: expected a whole number from 1'
  if (after !== undefined && !isCount(after, 0)) return 'after: expected a whole number from 0'
  const isChance = typeof probability === 'number' && probability >= 0 && probability <= 1
  return probability === undefined || isChance ? undefined : 'probability: expected a number from 0 to 1'
}

/** Undefined when the object has no field but the named ones. */
export function findStranger(value: object, names: readonly string[]): string | undefined {
  const stranger = Object.keys(value).find((key) => !names.includes(key))
  return stranger && `unknown field ${stranger}: expected one of ${names.join(', ')}`
}

export function isCount(value: unknown, least: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least
}
