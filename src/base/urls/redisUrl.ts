import { findRedisAddressFault, isSpecialRedisUrl } from './redisAddress.ts'

const encoded =
  'the user and the password percent-encoded: # as %23, / as %2F, ? as %3F, % as %25, @ as %40, a comma as %2C'

/** Finds what makes `REDIS_URL` unusable, though it may look like URLs, and says what is expected instead; '' = a URL. */
export function findRedisUrlFault(urls: string[]): string | undefined {
  const [first = '', ...others] = urls
  if (isSpecialRedisUrl(first) && others.length === 0) return findRedisAddressFault(first)
  if (urls.some(isSpecialRedisUrl))
    return 'one kind of URL: redis://, rediss://, unix:// or redis+sentinel://'
  const faults = urls.map((text) => findFault(text, urls.length > 1)).filter((fault) => fault !== undefined)
  // A comma in a password makes two odd URLs of one; only the second of them shows what it is.
  return faults.find((fault) => fault !== '') ?? faults[0]
}

function findFault(text: string, isCluster: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // What stands before the last @ may be a password that ends what the URL takes for its host.
  if (!url || !/^rediss?:$/.test(url.protocol)) return text.includes('@') ? encoded : ''
  const { pathname, search, hash, searchParams } = url
  if (hash !== '' || `${pathname}${search}`.includes('@') || !isEncoded(url)) return encoded
  if (url.hostname === '') return ''
  for (const [name, value] of searchParams) {
    if (name === 'family' && /^[046]$/.test(value)) continue
    return `no ?${name}=${name === 'family' ? ' but 4 or 6' : ': only ?family=4 or ?family=6 can be set'}`
  }
  if (isCluster && !/^\/?0?$/.test(pathname)) {
    return `no ${pathname} at the end: a cluster has one database only`
  }
  return /^\/?\d{0,5}$/.test(pathname) ? undefined : 'the number of a database after the host, such as /1'
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
