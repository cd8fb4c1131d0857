export const languages = ['en', 'zh'] as const
export type Language = (typeof languages)[number]

/** The language of sentences for people: `UNIONPUSH_LANG`, else what the terminal is set to, else English. Any Chinese is `zh`. */
export function toLanguage(env: Record<string, string | undefined>): Language {
  const chosen = languages.find((language) => language === env.UNIONPUSH_LANG)
  if (chosen !== undefined) return chosen
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return /^zh(?![a-z])/i.test(locale) ? 'zh' : 'en'
}
