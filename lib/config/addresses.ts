/** Addresses and networks as people write them. */
import { isIPv4, isIPv6 } from 'node:net'

export interface AddressFault {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly meant?: string
}

/** Node's isIP for texts that are rarely IPv6: its pattern for that takes V8 4 ms to compile, so it is asked last. */
export function ipVersion(text: string): 4 | 6 | 0 {
  if (isIPv4(text)) return 4
  return text.includes(':') && isIPv6(text) ? 6 : 0
}

export function addressFault(text: string): AddressFault | undefined {
  return ipVersion(text) === 0 ? { severity: 'error', message: `${text} is no IP address` } : undefined
}

/** An address with the length of its network. `10.0.0.13/24` names an interface; as a network it has host bits set. */
export function networkFault(text: string, meaning: 'interface' | 'network'): AddressFault | undefined {
  const [address = '', length, ...more] = text.split('/')
  const fault = addressFault(address)
  if (fault !== undefined || length === undefined || more.length > 0)
    return fault ?? (more.length > 0 ? bad(text) : undefined)
  const most = isIPv4(address) ? 32 : 128
  if (!/^[0-9]{1,3}$/.test(length) || Number(length) > most) {
    return { severity: 'error', message: `/${length} is no length of a network; the most is /${most}` }
  }
  const network = isIPv4(address) ? networkOf(address, Number(length)) : address
  if (meaning === 'interface' || network === address) return undefined
  const meant = `${network}/${length}`
  return { severity: 'warning', message: `${text} has bits set beyond the network: it means ${meant}`, meant }
}

function bad(text: string): AddressFault {
  return { severity: 'error', message: `${text} is no network` }
}

function networkOf(address: string, length: number): string {
  const bits = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - length)
  const network = Math.floor(bits / size) * size
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')
}
