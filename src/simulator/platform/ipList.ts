import { BlockList, isIP } from 'node:net'

/** Whether an address is on the list of addresses and CIDR ranges; without a list everybody is. */
export function createIpList(list: readonly string[] | undefined): (address: string) => boolean {
  if (!list) return () => true
  const addresses = new BlockList()
  for (const entry of list) {
    const [host = '', bits] = entry.split('/')
    if (bits === undefined) addresses.addAddress(host, toFamily(host))
    else addresses.addSubnet(host, Number(bits), toFamily(host))
  }
  return (address) => addresses.check(address, toFamily(address))
}

function toFamily(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
