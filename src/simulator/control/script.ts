/** How often a rule of a script applies; the first rule in order of adding that applies is used. */
export interface Recurrence {
  /** Cases it hits before it is used up; default: until cleared. */
  times?: number | undefined
  /** Cases it lets pass first. */
  after?: number | undefined
  /** Chance (0 to 1) to hit, drawn from the seed. */
  probability?: number | undefined
}

/** Whom and which template a rule is about. */
export interface RuleMatch {
  openid?: string | undefined
  templateId?: string | undefined
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
