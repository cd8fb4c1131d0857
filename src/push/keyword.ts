import { rule } from '../base/sentences/rule.ts'
import { say } from '../base/sentences/sentence.ts'
import { neverShown } from '../wechat/template.ts'

/** What WeChat publishes about the values of a keyword type, as far as it surely refuses everything else. */
interface KeywordRule {
  rule: string
  accepts(value: string): boolean
}

const month = '(?:1[0-2]|0?[1-9])'
const day = String.raw`(?:3[01]|[12]\d|0?[1-9])`
const sep = '[/.-]'
/** The year or the day may be left out, not both. */
const date = String.raw`(?:\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?|\d{4}(?:年${month}月?|${sep}${month})|${month}(?:月${day}日?|${sep}${day}))`
const time = String.raw`\d{1,2}:\d{2}(?::\d{2})?`
// WeChat does not say whether a date may stand alone here or on both sides of a range, so both pass.
const moment = String.raw`(?:${date}(?:\s*${time})?|${time}(?:\s*${date})?)`
const times = new RegExp(String.raw`^${moment}(?:\s*~\s*${moment})?$`)
const dates = new RegExp(String.raw`^${date}(?:\s*${time})?(?:\s*~\s*${moment})?$`)

/** Types of category templates. `const`, `enum` and `short_thing` have rules that only WeChat knows. */
const rules: Record<string, KeywordRule> = {
  thing: { rule: rule(say('keyword.characters', { most: '20' })), accepts: (value) => isWithin(value, 20) },
  character_string: {
    rule: rule(say('keyword.characterString')),
    accepts: (value) => isWithin(value, 32) && !hasHan(value),
  },
  number: match(rule(say('keyword.number')), /^[+-]?(?=(?:\D*\d){1,32}\D*$)[\d.,]+$/),
  letter: match(rule(say('keyword.letter')), /^[A-Za-z]{1,32}$/),
  symbol: match(rule(say('keyword.symbol')), /^[^\p{L}\p{N}]{1,5}$/u),
  phrase: match(rule(say('keyword.phrase')), /^\p{Script=Han}{1,5}$/u),
  name: {
    rule: rule(say('keyword.name')),
    accepts: (value) => isWithin(value, hasHan(value) ? 10 : 20) && !/\d/.test(value),
  },
  time: match(rule(say('keyword.time')), times),
  date: match(rule(say('keyword.date')), dates),
  amount: match(rule(say('keyword.amount')), /^[^\p{L}\p{N}]?(?:\d,?){1,10}(?:\.\d+)?元?$/u),
  phone_number: match(rule(say('keyword.phone')), /^[^\p{L}]{1,17}$/u),
  car_number: match(rule(say('keyword.car')), /^(?=.{1,8}$)\p{L}?[A-Za-z\d]*\p{L}?$/u),
}

/** Old templates have names without a number, such as `remark`, or `keyword1`: no type, no rule. */
const typedKey = /^([a-z_]+)\d+$/

/** What is to be known about a key; messages of one program use few keys again and again. */
interface KeyTraits {
  isValid: boolean
  isTyped: boolean
  mayBeEmpty: boolean
  rule: KeywordRule | undefined
}

const traitsLimit = 1_000
const knownTraits = new Map<string, KeyTraits>()

function toTraits(key: string): KeyTraits {
  const known = knownTraits.get(key)
  if (known) return known
  const type = typedKey.exec(key)?.[1]
  const traits = {
    isValid: /^[A-Za-z]\w*$/.test(key),
    isTyped: type !== undefined,
    mayBeEmpty: neverShown.has(key),
    rule: type === undefined ? undefined : rules[type],
  }
  if (knownTraits.size < traitsLimit) knownTraits.set(key, traits)
  return traits
}

const keyRule = rule(say('keyword.key'))
const emptyRule = rule(say('keyword.notEmpty'))
const surrogateRule = rule(say('keyword.wholeCharacters'))

/** The rule that WeChat would surely refuse the text for, if any; it is clean (see `toCleanText`). */
export function findBrokenRule(key: string, text: string): string | undefined {
  const { isValid, mayBeEmpty, rule: known } = toTraits(key)
  if (!isValid) return keyRule
  if (text.trim() === '') return mayBeEmpty ? undefined : emptyRule
  if (surrogates.test(text) && /\p{Cs}/u.test(text)) return surrogateRule
  return known === undefined || known.accepts(text) ? undefined : known.rule
}

const surrogates = /[\ud800-\udfff]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/
const allButLineBreaks = /[^\P{Cc}\n\t]+/gu

/**
 * The value as it can be sent: typed keywords take no control characters, so those become one space. Free text of old
 * templates keeps its line breaks.
 */
export function toCleanText(key: string, value: string): string {
  if (!controlCharacters.test(value)) return value
  if (toTraits(key).isTyped) return value.replaceAll(/\s*\p{Cc}+\s*/gu, ' ').trim()
  return value.replaceAll(/\r\n?/g, '\n').replaceAll(allButLineBreaks, ' ')
}

/** Counted in code points: how WeChat counts emoji is not known, and this refuses no more than it does. */
function isWithin(value: string, limit: number): boolean {
  return value.length <= limit || [...value].length <= limit
}

function hasHan(value: string): boolean {
  return /\p{Script=Han}/u.test(value)
}

function match(expected: string, pattern: RegExp): KeywordRule {
  return { rule: expected, accepts: (value) => pattern.test(value) }
}
