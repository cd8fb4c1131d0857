import { type KeywordType, type TemplateField, typedKeywords } from './types.ts'

/** The opening and closing lines of old templates, which WeChat still takes and shows no more. */
export const neverShown: ReadonlySet<string> = new Set(['first', 'remark'])

/** `{{key.DATA}}` in a template's `content`; WeChat's own samples print the braces with spaces. */
export const keywordPlace = /\{\s*\{\s*(\w+)\.DATA\s*\}\s*\}/g

/** Keywords of a template's `content`, one per `{{key.DATA}}`. */
export function parseTemplateFields(content: string): TemplateField[] {
  const keys = new Set<string>()
  for (const [, key] of content.matchAll(keywordPlace)) if (key) keys.add(key)
  return [...keys].map((key) => ({ key, type: toKeywordType(key) }))
}

/** The type is the key without its number: `thing1` is a `thing`; `first` and `keyword1` of old templates have none. */
export function toKeywordType(key: string): KeywordType {
  const prefix = /^([a-z_]+)\d+$/.exec(key)?.[1]
  return typedKeywords.find((type) => type === prefix) ?? 'free'
}

/** The list of templates may hold the account's one-time subscription (一次性订阅), which template/send does not take. */
export function isOneTimeSubscription({ title, content }: { title: string; content: string }): boolean {
  return title === '订阅模板消息' && content.replace(/\s/g, '') === '{{content.DATA}}'
}
