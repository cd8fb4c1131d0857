import { type Sentence, toEnglish, verbatim } from './sentence.ts'

const rules = new Map<string, Sentence>()

/**
 * The English of a sentence that is the same in every run, for what takes texts only, as zod does: `findRule` finds the
 * sentence again.
 */
export function rule(sentence: Sentence): string {
  const text = toEnglish(sentence)
  rules.set(text, sentence)
  return text
}

/** The sentence behind a text that may be such a rule. */
export function findRule(text: string): Sentence {
  return rules.get(text) ?? verbatim(text)
}
