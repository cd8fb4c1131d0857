import { BlockList, isIP } from 'node:net'
import type { ProxyConfig } from '../base/config.ts'

/** The proxy through which a base URL is reached, by the rules curl has for the same settings. */
export function findProxy(base: string, proxy: ProxyConfig): string | undefined {
  const { protocol, hostname, port } = new URL(base)
  const secure = protocol === 'https:'
  const found = secure ? proxy.https : proxy.http
  if (!found) return undefined
  const host = withoutBrackets(hostname).replace(/\.$/, '')
  const isDirect = (proxy.none ?? '')
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => matches(entry, host, port || (secure ? '443' : '80')))
  return isDirect ? undefined : found
}

export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** `*`, an address, a range in CIDR, a host, or a domain with or without leading dot or `*.`; each may have a port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const { name, onlyPort } = toNameAndPort(entry)
  if (onlyPort !== undefined && onlyPort !== port) return false
  if (isIP(host)) return isWithin(name, host)
  const domain = name
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')
    .toLowerCase()
  return host === domain || host.endsWith(`.${domain}`)
}

/** The colons of a bare IPv6 address are not those of a port. */
function toNameAndPort(entry: string): { name: string; onlyPort?: string | undefined } {
  const [, bracketed, rest = ''] = /^\[([^\]]*)\](.*)$/.exec(entry) ?? []
  if (bracketed !== undefined) {
    return rest.startsWith(':') ? { name: bracketed, onlyPort: rest.slice(1) } : { name: bracketed + rest }
  }
  const [, name = entry, onlyPort] = /^([^:]+):(\d+)$/.exec(entry) ?? []
  return { name, onlyPort }
}

/** Whether an address is that of the entry or in its range; an entry that is no address has none in it. */
function isWithin(entry: string, address: string): boolean {
  const [net = '', prefix = ''] = entry.split('/')
  const [family, bits] = isIP(net) === 6 ? (['ipv6', 128] as const) : (['ipv4', 32] as const)
  const length = entry.includes('/') ? prefix : String(bits)
  if (!isIP(net) || !/^\d{1,3}$/.test(length) || Number(length) > bits) return false
  const range = new BlockList()
  range.addSubnet(net, Number(length), family)
  return range.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
