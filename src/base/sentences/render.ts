import { en } from './en/en.ts'
import type { Language } from './language.ts'
import { inWordsOf, type Sentence, type SentenceKey, type Wording } from './sentence.ts'
import { zh } from './zh/zh.ts'

export const catalogues: Record<Language, Record<SentenceKey, Wording>> = { en, zh }

/**
 * In the words of the language; `advice` is null where there is nothing to do. Apart from what is said in English only, so
 * that a producer loads one catalogue.
 */
export function render(sentence: Sentence, language: Language): { seen: string; advice: string | null } {
  return inWordsOf(sentence, catalogues[language])
}
