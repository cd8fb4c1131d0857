import type { ProxyConfig } from '../config.ts'

/** The proxy through which a base URL is reached, by the rules curl has for the same settings. */
export function findProxy(base: string, proxy: ProxyConfig): string | undefined {
  const { protocol, hostname, port } = new URL(base)
  const secure = protocol === 'https:'
  const found = secure ? proxy.https : proxy.http
  if (!found) return undefined
  const isDirect = (proxy.none ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => matches(entry, hostname, port || (secure ? '443' : '80')))
  return isDirect ? undefined : found
}

/** `*`, a host, a domain with or without leading dot or `*.`, each optionally with a port. */
function matches(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true
  const [, name = '', onlyPort] = /^(.+?)(?::(\d+))?$/.exec(entry) ?? []
  if (onlyPort !== undefined && onlyPort !== port) return false
  const domain = name.replace(/^\*?\./, '').toLowerCase()
  return hostname === domain || hostname.endsWith(`.${domain}`)
}
