import { keywordPlace, neverShown, parseTemplateFields } from './template.ts'

/** Keywords of a template's `content` that the data have no value for; WeChat refuses such a message with 47003. */
export function findMissingKeywords(content: string, data: object): string[] {
  return toNeededKeywords(content).filter((key) => !(key in data))
}

/** Those of a template's `content` that every message needs. */
export function toNeededKeywords(content: string): string[] {
  return parseTemplateFields(content)
    .map(({ key }) => key)
    .filter((key) => !neverShown.has(key))
}

/** Keys of the data that the template's `content` has no place for: the user never sees them. */
export function findUnknownKeywords(content: string, data: object): string[] {
  const known = new Set(parseTemplateFields(content).map(({ key }) => key))
  return Object.keys(data).filter((key) => !known.has(key) && !neverShown.has(key))
}

/** The message as the user sees it: each keyword with its value, or with its name in brackets where there is none. */
export function fillTemplate(content: string, data: Record<string, string>): string {
  return content.replace(keywordPlace, (_, key: string) =>
    neverShown.has(key) ? '' : (data[key] ?? `[${key}]`),
  )
}
