import { computed, effect, signal } from '@preact/signals'
import type { Status } from '../operations/status.ts'

export type PageLanguage = 'en' | 'zh'
export type Theme = 'auto' | 'light' | 'dark'
export interface PageSession {
  name: string
  role: 'push' | 'view' | 'operate'
}

/** Undefined = not known yet, null = nobody is logged in. */
export const session = signal<PageSession | null>()
export const mayOperate = computed(() => session.value?.role === 'operate')
export const mayRead = computed(() => session.value?.role !== 'push')

const browserLanguage = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
export const language = signal<PageLanguage>(recall('language', ['en', 'zh'], browserLanguage))
export const theme = signal<Theme>(recall('theme', ['auto', 'light', 'dark'], 'auto'))

export const status = signal<Status>()
/** Grows about once a second while something changes; views that show it ask again. */
export const pulse = signal(0)
/** `polling`: the server tells nothing by itself, so it is asked. */
export const connection = signal<'live' | 'polling' | 'stopped' | 'gone'>('polling')

/** The part of the address behind `#`: every view has one that can be passed on. */
export const address = signal(readRoute())
addEventListener('hashchange', () => {
  address.value = readRoute()
})

export function go(to: string): void {
  location.hash = to
}

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
  remember('language', language.value)
})
effect(() => {
  document.documentElement.dataset.theme = theme.value
  remember('theme', theme.value)
})

function readRoute(): { path: string[]; query: URLSearchParams; text: string } {
  const text = location.hash.replace(/^#\/?/, '')
  const [path = '', query = ''] = text.split('?', 2)
  return { path: path.split('/').map(decode), query: new URLSearchParams(query), text }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A browser may keep nothing; then the choice lasts as long as the page. */
function recall<T extends string>(name: string, known: readonly T[], otherwise: T): T {
  try {
    const kept = localStorage.getItem(`unionpush.${name}`)
    return known.find((word) => word === kept) ?? otherwise
  } catch {
    return otherwise
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`unionpush.${name}`, value)
  } catch {}
}
