import type { Language } from './language.ts'
import { render } from './render.ts'
import { type Fact, isSentenceKey, type Sentence } from './sentence.ts'

/** Sentences that are part of one another; none goes deeper. */
const deepest = 5

/** A sentence as the database keeps it: its key and, if it has any, its facts as JSON. */
export function toStored(sentence: Sentence): string
export function toStored(sentence: Sentence | null): string | null
export function toStored(sentence: Sentence | null): string | null {
  return sentence && JSON.stringify(toCompact(sentence))
}

/** Undefined for whatever else is in such a column: older versions kept sentences in English there. */
export function parseStored(text: string): Sentence | undefined {
  if (!text.startsWith('{"key":"')) return undefined
  try {
    return toSentence(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** What is kept, as a part of another sentence. */
export function toFact(text: string): Fact {
  return parseStored(text) ?? text
}

/** In the words of the reader; what is no sentence of ours stays as it is. */
export function renderStored(text: string, language: Language): string {
  const sentence = parseStored(text)
  return sentence ? render(sentence, language).seen : text
}

/** Whatever it is: a sentence, or one as the database keeps it, is put in words. */
export function renderTold(told: unknown, language: Language): unknown {
  if (typeof told === 'string') return renderStored(told, language)
  const sentence = toSentence(told)
  return sentence ? render(sentence, language).seen : told
}

/** Where answers have such sentences. */
const told: readonly string[] = ['detail', 'error', 'message', 'queueProblems']

/** An answer for a reader of that language: the same, with the sentences in it that the database keeps put in words. */
export function inLanguage<T>(answer: T, language: Language): T
export function inLanguage(answer: unknown, language: Language): unknown {
  if (Array.isArray(answer)) return answer.map((one) => inLanguage(one, language))
  if (!isPlain(answer)) return answer
  const members = Object.entries(answer).map(([name, value]) => [
    name,
    told.includes(name) ? inWords(value, language) : inLanguage(value, language),
  ])
  return Object.fromEntries(members)
}

function inWords(value: unknown, language: Language): unknown {
  if (typeof value === 'string') return renderStored(value, language)
  return Array.isArray(value) ? value.map((one) => inWords(one, language)) : inLanguage(value, language)
}

/** Streams and the like pass through. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function toCompact({ key, facts }: Sentence): object {
  const members = Object.entries(facts).map(([name, fact]) => [name, toCompactFact(fact)])
  return members.length === 0 ? { key } : { key, facts: Object.fromEntries(members) }
}

function toCompactFact(fact: Fact): unknown {
  if (typeof fact !== 'object') return fact
  return 'key' in fact ? toCompact(fact) : fact.map(toCompact)
}

function toSentence(value: unknown, depth = 1): Sentence | undefined {
  const { key, facts = {} }: Record<string, unknown> = Object(value)
  if (typeof key !== 'string' || !isSentenceKey(key) || depth > deepest) return undefined
  if (typeof facts !== 'object' || facts === null || Array.isArray(facts)) return undefined
  const parsed: Record<string, Fact> = {}
  for (const [name, given] of Object.entries(facts)) {
    const fact = parseFact(given, depth)
    if (fact === undefined) return undefined
    parsed[name] = fact
  }
  return { key, facts: parsed }
}

function parseFact(given: unknown, depth: number): Fact | undefined {
  if (typeof given === 'string' || typeof given === 'number') return given
  if (!Array.isArray(given)) return toSentence(given, depth + 1)
  const sentences = given.flatMap((one) => toSentence(one, depth + 1) ?? [])
  return sentences.length === given.length ? sentences : undefined
}
