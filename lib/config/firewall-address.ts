/** Addresses of firewall rules in the one form that ufw and iptables keep: the network's own address, no length for one host. */
import { BlockList, isIPv4 } from 'node:net'
import { ipVersion, networkFault } from './addresses.ts'

export type Family = 4 | 6

/** The address or network in that form, or undefined when the text is neither. */
export function canonicalAddress(text: string): string | undefined {
  const [address = '', length, ...more] = text.trim().split('/')
  if (ipVersion(address) === 0 || more.length > 0) return undefined
  const most = isIPv4(address) ? 32 : 128
  if (length !== undefined && !(/^[0-9]{1,3}$/.test(length) && Number(length) <= most)) return undefined
  const isOne = length === undefined || Number(length) === most
  if (isIPv4(address)) {
    if (isOne) return address
    return networkFault(`${address}/${Number(length)}`, 'network')?.meant ?? `${address}/${Number(length)}`
  }
  return isOne
    ? shortened(groupsOf(address))
    : `${shortened(masked(groupsOf(address), Number(length)))}/${Number(length)}`
}

export const familyOf = (address: string): Family => (address.includes(':') ? 6 : 4)

/** Whether the network (or the one host) holds the address. Both are canonical. */
export function holds(network: string, address: string): boolean {
  if (familyOf(network) !== familyOf(address)) return false
  const kind = familyOf(network) === 4 ? 'ipv4' : 'ipv6'
  const [base = '', length] = network.split('/')
  const list = new BlockList()
  if (length === undefined) list.addAddress(base, kind)
  else list.addSubnet(base, Number(length), kind)
  return list.check(address, kind)
}

/** Whether the network holds every address of the other one. Both are canonical. */
export function holdsAll(network: string, other: string): boolean {
  const length = (text: string): number => Number(text.split('/')[1] ?? (familyOf(text) === 4 ? 32 : 128))
  return length(network) <= length(other) && holds(network, other.split('/')[0] ?? '')
}

/** The eight groups of an IPv6 address, as the URL parser reads it (it knows every way of writing one). */
function groupsOf(address: string): number[] {
  const written = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = written.split('::')
  const numbers = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  if (tail === undefined) return numbers(head)
  const [before, after] = [numbers(head), numbers(tail)]
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
}

const masked = (groups: readonly number[], length: number): number[] =>
  groups.map((group, index) => {
    const bits = Math.min(16, Math.max(0, length - index * 16))
    return group & (0xffff << (16 - bits)) & 0xffff
  })

const shortened = (groups: readonly number[]): string =>
  new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`).hostname.slice(1, -1)
