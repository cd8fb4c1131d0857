import { type Sentence, say } from '../sentences/sentence.ts'
import { findRedisAddressFault, isSpecialRedisUrl } from './redisAddress.ts'

const encoded = say('url.encoded')

/** Finds what makes `REDIS_URL` unusable, though it may look like URLs, and says what is expected instead; '' = a URL. */
export function findRedisUrlFault(urls: string[]): Sentence | '' | undefined {
  const [first = '', ...others] = urls
  if (isSpecialRedisUrl(first) && others.length === 0) return findRedisAddressFault(first)
  if (urls.some(isSpecialRedisUrl)) return say('url.oneKind')
  const faults = urls.map((text) => findFault(text, urls.length > 1)).filter((fault) => fault !== undefined)
  // A comma in a password makes two odd URLs of one; only the second of them shows what it is.
  return faults.find((fault) => fault !== '') ?? faults[0]
}

function findFault(text: string, isCluster: boolean): Sentence | '' | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // What stands before the last @ may be a password that ends what the URL takes for its host.
  if (!url || !/^rediss?:$/.test(url.protocol)) return text.includes('@') ? encoded : ''
  const { pathname, search, hash, searchParams } = url
  if (hash !== '' || `${pathname}${search}`.includes('@') || !isEncoded(url)) return encoded
  if (url.hostname === '') return ''
  for (const [name, value] of searchParams) {
    if (name === 'family' && /^[046]$/.test(value)) continue
    return name === 'family' ? say('url.family') : say('url.onlyFamily', { name })
  }
  if (isCluster && !/^\/?0?$/.test(pathname)) {
    return say('url.clusterPath', { path: pathname })
  }
  return /^\/?\d{0,5}$/.test(pathname) ? undefined : say('url.databaseNumber')
}

function isEncoded({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username)
    decodeURIComponent(password)
    return true
  } catch {
    return false
  }
}

/** The hosts of one cluster stand between commas; so do Sentinels, but within one URL. */
export function splitRedisUrls(text: string): string[] {
  const urls = /^\s*rediss?\+sentinel:/i.test(text) ? [text] : text.split(',')
  return urls.map((url) => url.trim().replace(/\/+$/, ''))
}
