import { loadLanguage } from '../../base/environment/readEnvironment.ts'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import {
  asSentence,
  type FactsArgument,
  type Sentence,
  type SentenceKey,
  say,
} from '../../base/sentences/sentence.ts'
import { renderStored } from '../../base/sentences/stored.ts'

let language: Language | undefined

/** Of whoever runs the command. */
export function getLanguage(): Language {
  language ??= loadLanguage()
  return language
}

/** A sentence in that language. */
export function phrase<K extends SentenceKey>(key: K, ...facts: FactsArgument<K>): string {
  return inWords(say(key, ...facts))
}

type Noun<K = SentenceKey> = K extends `count.${infer N}` ? N : never

/** 1 follower, 2,000 followers. */
export function toPlural(noun: Noun, count: number): Sentence {
  return say(`count.${noun}`, { count })
}

/** One after the other in a line. */
export function join(sentences: readonly Sentence[]): string {
  return sentences.map(inWords).join(phrase('list.comma'))
}

export function inWords(said: Sentence | string): string {
  return render(asSentence(said), getLanguage()).seen
}

/** The same of one that a record keeps. */
export function keptInWords(stored: string): string {
  return renderStored(stored, getLanguage())
}
