import { isSentence, type Sentence, say, verbatim } from '../sentences/sentence.ts'

/** One Redis behind Sentinels, which say where it is. */
export interface RedisBehindSentinels {
  kind: 'sentinel'
  sentinels: { host: string; port: number }[]
  /** Of the primary, as the Sentinels call it. */
  name: string
  db: number
  username?: string
  password?: string
  tls: boolean
  sentinelUsername?: string
  sentinelPassword?: string
  sentinelTls: boolean
}

/** One Redis on this machine. */
export interface RedisSocket {
  kind: 'socket'
  path: string
  db: number
  username?: string
  password?: string
}

const encoded = say('url.encoded')
const sentinelForm = say('url.sentinelForm')
const socketForm = verbatim('unix:///path/of/redis.sock')
/** Ends of what has no end in a URL: several hosts, or none at all. */
const sentinelUrl =
  /^redis(s?)\+sentinel:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^/?#]*))?(?:\/(\d{1,5}))?(?:\?([^#]*))?$/i
const socketUrl = /^(?:unix|redis\+unix):\/\/(?:([^/?#]*)@)?(\/[^?#]*)(?:\?([^#]*))?$/i

/** Whether a URL is of one of the forms that no URL parser takes. */
export function isSpecialRedisUrl(text: string): boolean {
  return /^(rediss?\+sentinel|unix|redis\+unix):/i.test(text)
}

/** Undefined for a URL with a fault. */
export function parseRedisAddress(text: string): RedisBehindSentinels | RedisSocket | undefined {
  const address = /^rediss?\+sentinel:/i.test(text) ? parseSentinels(text) : parseSocket(text)
  return isSentence(address) ? undefined : address
}

/** Finds what makes such a URL unusable, and says what is expected instead. */
export function findRedisAddressFault(text: string): Sentence | undefined {
  const address = /^rediss?\+sentinel:/i.test(text) ? parseSentinels(text) : parseSocket(text)
  return isSentence(address) ? address : undefined
}

function parseSentinels(text: string): RedisBehindSentinels | Sentence {
  const [, s = '', login, hosts = '', name = '', db = '0', query = ''] = sentinelUrl.exec(text) ?? []
  if (hosts === '') return text.includes('@') ? encoded : sentinelForm
  if (name === '') return say('url.primaryName', { form: sentinelForm })
  const credentials = toCredentials(login)
  const sentinels = hosts.split(',').map(toHost)
  const parameters = new URLSearchParams(query)
  const tls = s !== ''
  const known = ['sentinelUsername', 'sentinelPassword', 'sentinelTls']
  const unknown = [...parameters.keys()].find((key) => !known.includes(key))
  if (unknown !== undefined) return say('url.onlyParameters', { name: unknown, known: known.join(', ') })
  const sentinelTls = parameters.get('sentinelTls') ?? (tls ? 'on' : 'off')
  if (!/^(on|off)$/.test(sentinelTls)) return say('url.sentinelTls')
  if (credentials === undefined) return encoded
  const found = sentinels.filter((sentinel) => sentinel !== undefined)
  if (found.length < sentinels.length) return say('url.eachSentinel', { form: sentinelForm })
  const [username, password] = [parameters.get('sentinelUsername'), parameters.get('sentinelPassword')]
  return {
    kind: 'sentinel',
    sentinels: found,
    name: decodeURIComponent(name),
    db: Number(db),
    ...credentials,
    tls,
    sentinelTls: sentinelTls === 'on',
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
  }
}

function parseSocket(text: string): RedisSocket | Sentence {
  const [, login, path = '', query = ''] = socketUrl.exec(text) ?? []
  if (path === '') return text.includes('@') ? encoded : socketForm
  const credentials = toCredentials(login)
  if (credentials === undefined) return encoded
  const [, db] = /^(?:db=(\d{1,5}))?$/.exec(query) ?? []
  if (query !== '' && db === undefined) return say('url.socketDatabase', { form: socketForm })
  return { kind: 'socket', path: decodeURI(path), db: Number(db ?? 0), ...credentials }
}

/** `user:password`, `user` or `:password`; undefined when it is not percent-encoded. */
function toCredentials(login: string | undefined): { username?: string; password?: string } | undefined {
  if (!login) return {}
  if (login.includes('@')) return undefined
  const [user = '', ...rest] = login.split(':')
  try {
    const [username, password] = [decodeURIComponent(user), decodeURIComponent(rest.join(':'))]
    return { ...(username && { username }), ...(password && { password }) }
  } catch {
    return undefined
  }
}

/** An IPv6 address stands in brackets in a URL, and nowhere else. */
function toHost(text: string): { host: string; port: number } | undefined {
  const [, six, name, port = '26379'] =
    /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text.trim()) ?? []
  const host = six ?? name
  return host === undefined ? undefined : { host, port: Number(port) }
}
