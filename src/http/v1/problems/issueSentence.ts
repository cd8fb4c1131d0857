import type { ZodError } from 'zod'
import { findRule } from '../../../base/sentences/rule.ts'
import { type Sentence, say } from '../../../base/sentences/sentence.ts'

type Issue = ZodError['issues'][number]

/** What zod found wrong with a field, as a sentence of the catalogues. */
export function toIssueSentence(issue: Issue): Sentence {
  const rule = toRule(issue)
  return rule ? say('field.expected', { rule }) : findRule(issue.message)
}

function toRule(issue: Issue): Sentence | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return say(kinds[issue.expected] ?? 'expected.valid')
    case 'invalid_value':
      return say('expected.oneOf', { names: issue.values.join(', ') })
    case 'invalid_union':
      return say('expected.valid')
    case 'too_small': {
      const least = String(issue.minimum)
      if (issue.origin === 'array') return say('field.itemsAtLeast', { least })
      return issue.origin === 'string'
        ? say('keyword.notEmpty')
        : issue.inclusive
          ? say('push.atLeast', { least })
          : say('broadcast.positive')
    }
    case 'too_big': {
      const most = String(issue.maximum)
      if (issue.origin === 'array') return say('field.itemsAtMost', { most })
      return say(issue.origin === 'string' ? 'keyword.characters' : 'push.atMost', { most })
    }
    default:
      return undefined
  }
}

const kinds: Partial<
  Record<
    string,
    'field.aText' | 'field.number' | 'field.list' | 'given.object' | 'push.integer' | 'push.boolean'
  >
> = {
  string: 'field.aText',
  number: 'field.number',
  int: 'push.integer',
  boolean: 'push.boolean',
  array: 'field.list',
  object: 'given.object',
  record: 'given.object',
}
