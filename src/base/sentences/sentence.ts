import { en } from './en/en.ts'

/**
 * What was seen, and, where something can be done about it, what to do; `{name}` stands for a fact, `{name:one|many}` for
 * the word that goes with so many.
 */
export type Wording = string | readonly [seen: string, advice: string]
export type Catalogue = typeof en
export type SentenceKey = keyof Catalogue

type FactNames<S> = S extends `${string}{${infer Inside}}${infer Rest}`
  ? NameOf<Inside> | FactNames<Rest>
  : never
type NameOf<Inside> = Inside extends `${infer Name}:${string}` ? Name : Inside
type NamesOf<W> = W extends readonly [infer Seen, infer Advice]
  ? FactNames<Seen> | FactNames<Advice>
  : FactNames<W>

/** A number is written as people write it; what must keep its digits, such as an errcode, is given as text. */
export type Fact = string | number | Sentence | readonly Sentence[]
export type FactsOf<K extends SentenceKey> = Record<NamesOf<Catalogue[K]>, Fact>
/** A sentence with facts wants them, one without takes none. */
export type FactsArgument<K extends SentenceKey> =
  NamesOf<Catalogue[K]> extends never ? [] : [facts: FactsOf<K>]

/** What happened, in no language yet: this is what is kept and handed on. */
export interface Sentence {
  key: SentenceKey
  facts: Readonly<Record<string, Fact>>
}

/** A sentence with all the facts it speaks of. */
export function say<K extends SentenceKey>(key: K, ...[facts]: FactsArgument<K>): Sentence {
  return { key, facts: facts ?? {} }
}

export function isSentence(value: unknown): value is Sentence {
  return typeof value === 'object' && value !== null && 'key' in value && isSentenceKey(String(value.key))
}

export function isSentenceKey(key: string): key is SentenceKey {
  return Object.hasOwn(en, key)
}

/** In the words of a catalogue; `advice` is null where there is nothing to do. */
export function inWordsOf(
  { key, facts }: Sentence,
  catalogue: Record<SentenceKey, Wording>,
): { seen: string; advice: string | null } {
  const wording = catalogue[key]
  const [seen, advice] = typeof wording === 'string' ? [wording, null] : wording
  const fill = (text: string) =>
    text.replace(/\{(\w+)(?::([^|{}]*)\|([^|{}]*))?\}/g, (_, name: string, one?: string, many = '') =>
      one === undefined ? toText(facts[name], catalogue) : String(facts[name]) === '1' ? one : many,
    )
  return { seen: fill(seen), advice: advice === null ? null : fill(advice) }
}

/** For logs, and for programs that use the library. */
export function toEnglish(sentence: Sentence): string {
  return inWordsOf(sentence, en).seen
}

export function asSentence(said: Sentence | string): Sentence {
  return typeof said === 'string' ? verbatim(said) : said
}

/** What somebody else said, in whatever language. */
export function verbatim(text: string): Sentence {
  return say('verbatim', { text })
}

function toText(fact: Fact | undefined, catalogue: Record<SentenceKey, Wording>): string {
  if (isList(fact)) {
    const separator = catalogue['list.separator']
    return fact.map((sentence) => inWordsOf(sentence, catalogue).seen).join(String(separator))
  }
  if (typeof fact === 'object') return inWordsOf(fact, catalogue).seen
  return typeof fact === 'number' ? fact.toLocaleString('en-US', { maximumFractionDigits: 1 }) : (fact ?? '')
}

function isList(fact: Fact | undefined): fact is readonly Sentence[] {
  return Array.isArray(fact)
}
