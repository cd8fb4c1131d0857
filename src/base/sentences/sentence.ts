import { en } from './en/en.ts'
import type { Language } from './language.ts'
import { zh } from './zh/zh.ts'

/** What was seen, and, where something can be done about it, what to do; `{name}` stands for a fact. */
export type Wording = string | readonly [seen: string, advice: string]
export type Catalogue = typeof en
export type SentenceKey = keyof Catalogue

type FactNames<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | FactNames<Rest> : never
type NamesOf<W> = W extends readonly [infer Seen, infer Advice]
  ? FactNames<Seen> | FactNames<Advice>
  : FactNames<W>

/** A number is written as people write it; what must keep its digits, such as an errcode, is given as text. */
type Fact = string | number | Sentence
export type FactsOf<K extends SentenceKey> = Record<NamesOf<Catalogue[K]>, Fact>

/** What happened, in no language yet: this is what is kept and handed on. */
export interface Sentence {
  key: SentenceKey
  facts: Readonly<Record<string, Fact>>
}

export const catalogues: Record<Language, Record<SentenceKey, Wording>> = { en, zh }

/** A sentence with all the facts it speaks of. */
export function say<K extends SentenceKey>(
  key: K,
  ...[facts]: NamesOf<Catalogue[K]> extends never ? [] : [facts: FactsOf<K>]
): Sentence {
  return { key, facts: facts ?? {} }
}

export function isSentenceKey(key: string): key is SentenceKey {
  return key in en
}

/** In the words of the language; `advice` is null where there is nothing to do. */
export function render(
  { key, facts }: Sentence,
  language: Language,
): { seen: string; advice: string | null } {
  const wording = catalogues[language][key]
  const [seen, advice] = typeof wording === 'string' ? [wording, null] : wording
  const fill = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => toText(facts[name], language))
  return { seen: fill(seen), advice: advice === null ? null : fill(advice) }
}

function toText(fact: Fact | undefined, language: Language): string {
  if (typeof fact === 'object') return render(fact, language).seen
  return typeof fact === 'number' ? fact.toLocaleString('en-US', { maximumFractionDigits: 1 }) : (fact ?? '')
}
