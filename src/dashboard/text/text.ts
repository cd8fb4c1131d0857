import { language } from '../state.ts'
import { frameTexts } from './frame.ts'
import { viewTexts } from './views.ts'
import { wordTexts } from './words.ts'

const texts = { ...frameTexts, ...viewTexts, ...wordTexts }
export type TextKey = keyof typeof texts

/** The words of the page in the reader's language; `one|many` is chosen by `n`. */
export function t(key: TextKey, facts: Record<string, string | number> = {}): string {
  const [english, chinese] = texts[key]
  const text = language.value === 'zh' ? chinese : english
  const [one = '', many = one] = text.split('|')
  return (facts.n === 1 ? one : many).replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = facts[name]
    return typeof fact === 'number' ? toNumber(fact) : (fact ?? '')
  })
}

/** Words that come from the server, such as statuses and reasons: those that are not known here stay as they are. */
export function tWord(room: 'status' | 'reason' | 'connection' | 'role', word: string): string {
  const key = `${room}.${word}`
  return isTextKey(key) ? t(key) : word
}

export function isTextKey(key: string): key is TextKey {
  return key in texts
}

export function toNumber(count: number): string {
  return count.toLocaleString(language.value === 'zh' ? 'zh-CN' : 'en-GB', { maximumFractionDigits: 1 })
}

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB')

/** With the day unless it is today. */
export function toTime(iso: string, withSeconds = false): string {
  const date = new Date(iso)
  const isToday = date.toDateString() === new Date().toDateString()
  return date.toLocaleString(locale(), {
    ...(!isToday && { year: 'numeric', month: '2-digit', day: '2-digit' }),
    hour: '2-digit',
    minute: '2-digit',
    ...(withSeconds && { second: '2-digit' }),
    hour12: false,
  })
}

export function toLength(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 1) return t('time.instant')
  if (seconds < 60) return t('time.seconds', { n: seconds })
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return t('time.minutes', { n: minutes })
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return t('time.hours', { n: hours, m: minutes % 60 })
  return t('time.days', { n: Math.floor(hours / 24) })
}

export function toAgo(iso: string): string {
  return t('time.ago', { length: toLength(Date.now() - Date.parse(iso)) })
}
