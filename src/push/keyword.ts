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
  thing: { rule: 'at most 20 characters', accepts: (value) => isWithin(value, 20) },
  character_string: {
    rule: 'at most 32 digits, letters and symbols, no Chinese',
    accepts: (value) => isWithin(value, 32) && !hasHan(value),
  },
  number: match(
    'at most 32 digits, with a decimal point or without',
    /^[+-]?(?=(?:\D*\d){1,32}\D*$)[\d.,]+$/,
  ),
  letter: match('at most 32 letters', /^[A-Za-z]{1,32}$/),
  symbol: match('at most 5 symbols', /^[^\p{L}\p{N}]{1,5}$/u),
  phrase: match('at most 5 Chinese characters and nothing else', /^\p{Script=Han}{1,5}$/u),
  name: {
    rule: 'at most 10 characters, or 20 without Chinese, and no digits',
    accepts: (value) => isWithin(value, hasHan(value) ? 10 : 20) && !/\d/.test(value),
  },
  time: match('a 24-hour time such as 15:01, 2019-10-01 15:01 or 10月1日 15:01, a range with ~', times),
  date: match('a date such as 2019-10-01, 2019-10 or 10月1日, with a time or without, a range with ~', dates),
  amount: match(
    'an amount such as ¥100.00 with at most 10 digits before the point',
    /^[^\p{L}\p{N}]?(?:\d,?){1,10}(?:\.\d+)?元?$/u,
  ),
  phone_number: match('at most 17 digits and symbols', /^[^\p{L}]{1,17}$/u),
  car_number: match(
    'at most 8 letters and digits, the first and the last may be Chinese',
    /^(?=.{1,8}$)\p{L}?[A-Za-z\d]*\p{L}?$/u,
  ),
}

/** Old templates have names without a number, such as `remark`, or `keyword1`: no type, no rule. */
const typedKey = /^([a-z_]+)\d+$/

/** The opening and closing lines of old templates, which WeChat still takes and shows no more. */
const neverShown = new Set(['first', 'remark'])

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

/** The rule that WeChat would surely refuse the text for, if any; it is clean (see `toCleanText`). */
export function findBrokenRule(key: string, text: string): string | undefined {
  const { isValid, mayBeEmpty, rule } = toTraits(key)
  if (!isValid) return 'a keyword of the template such as thing1, without braces and .DATA'
  if (text.trim() === '') return mayBeEmpty ? undefined : 'a text that is not empty'
  if (surrogates.test(text) && /\p{Cs}/u.test(text)) return 'whole characters, not half of an emoji'
  return rule === undefined || rule.accepts(text) ? undefined : rule.rule
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

function match(rule: string, pattern: RegExp): KeywordRule {
  return { rule, accepts: (value) => pattern.test(value) }
}
