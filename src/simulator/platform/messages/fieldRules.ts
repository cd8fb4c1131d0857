/** Whether WeChat takes a value for a keyword of this type; the value is neither blank nor has it control characters. */
type FieldRule = (value: string, allowed: readonly string[] | undefined) => boolean

const controlCharacters = /\p{Cc}/u
const han = /\p{Script=Han}/u

const month = '(?:1[0-2]|0?[1-9])'
const day = String.raw`(?:3[01]|[12]\d|0?[1-9])`
const fullDate = String.raw`\d{4}[年/.-]${month}[月/.-]${day}日?`
const yearAndMonth = String.raw`\d{4}(?:年${month}月|[/.-]${month})`
const monthAndDay = `${month}(?:月${day}日|[/.-]${day})`
const date = `(?:${fullDate}|${yearAndMonth}|${monthAndDay})`
const time = String.raw`(?:2[0-3]|[01]?\d):[0-5]\d(?::[0-5]\d)?`
/** Whether a date may stand alone in a time, or on both sides of a range, is not known: it may. */
const timeOfDay = String.raw`(?:${date}(?:\s*${time})?|${time}(?:\s*${date})?)`
const dateAndTime = String.raw`${date}(?:\s*${time})?`
/** Two times are joined by a half-width `~`; the full-width `～` is refused. */
const timeOrRange = new RegExp(`^${timeOfDay}(?:~${timeOfDay})?$`)
const dateOrRange = new RegExp(`^${dateAndTime}(?:~(?:${dateAndTime}|${time}))?$`)

const asciiText = /^[\x20-\x7e]{1,32}$/
const numberText = /^(?=(?:\.?\d){1,32}$)\d+(?:\.\d+)?$/
const letters = /^[A-Za-z]{1,32}$/
const symbols = /^[\p{P}\p{S}]{1,5}$/u
const hanPhrase = /^\p{Script=Han}{1,5}$/u
const amount = /^\p{Sc}?\d{1,10}(?:\.\d+)?元?$/u
const phoneNumber = /^[\d\p{P}\p{S} ]{1,17}$/u
const carNumber = /^[\p{Script=Han}A-Za-z\d](?:[A-Za-z\d]{0,6}[\p{Script=Han}A-Za-z\d])?$/u

const oneOf: FieldRule = (value, allowed) => allowed === undefined || allowed.includes(value)

/** The platform's table of typed keywords. Old industry templates (`first`, `keyword1`...) have no type and no rule. */
const rules: Record<string, FieldRule> = {
  thing: (value) => isWithin(value, 20),
  // The limit of short_thing is not published; 5 is what people assume.
  short_thing: (value) => isWithin(value, 5),
  character_string: (value) => asciiText.test(value),
  number: (value) => numberText.test(value),
  letter: (value) => letters.test(value),
  symbol: (value) => symbols.test(value),
  phrase: (value) => hanPhrase.test(value),
  name: (value) => isWithin(value, han.test(value) ? 10 : 20) && !/\d/.test(value),
  time: (value) => timeOrRange.test(value),
  date: (value) => dateOrRange.test(value),
  amount: (value) => amount.test(value),
  phone_number: (value) => phoneNumber.test(value),
  car_number: (value) => carNumber.test(value),
  const: oneOf,
  enum: oneOf,
  enum_string: oneOf,
}

export interface Field {
  key: string
  /** Undefined for a keyword without a type. */
  rule: FieldRule | undefined
  allowed: readonly string[] | undefined
}

/** The keywords of a template's content, in order. */
export function toFields(content: string, values: Record<string, readonly string[]>): Field[] {
  const keys = content.matchAll(/\{\{\s*([A-Za-z_]+\d*)\.DATA\s*\}\}/g)
  return [...keys].map(([, key = '']) => ({
    key,
    rule: rules[key.replace(/\d+$/, '')],
    allowed: values[key],
  }))
}

/** Undefined when WeChat takes the data, else the reason as a 47003 puts it. */
export function findDataFault(fields: readonly Field[], data: Record<string, unknown>): string | undefined {
  for (const { key, rule, allowed } of fields) {
    const entry = data[key]
    const value = typeof entry === 'object' && entry !== null && 'value' in entry ? entry.value : undefined
    if (value === undefined || value === '' || (typeof value === 'string' && value.trim() === '')) {
      // The opening and closing lines of old templates are not shown any more; leaving them out is fine.
      if (rule === undefined && (key === 'first' || key === 'remark')) continue
      return `data.${key}.value is empty`
    }
    if (typeof value !== 'string') return `data.${key}.value invalid`
    if (rule && (controlCharacters.test(value) || !rule(value, allowed))) return `data.${key}.value invalid`
  }
  return undefined
}

/** Counted in code points: how WeChat counts emoji is not known. */
function isWithin(value: string, limit: number): boolean {
  if (value.length <= limit) return true
  if (value.length > 2 * limit) return false
  let count = 0
  for (const _ of value) count++
  return count <= limit
}
