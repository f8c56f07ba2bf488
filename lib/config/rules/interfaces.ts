/** The host's own addresses: whatever is wrong here cuts the way to it. */
import { isIPv4 } from 'node:net'
import { networkFault } from '../addresses.ts'
import { canonicalAddress, familyOf, holds } from '../firewall-address.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot, warning } from '../spot.ts'

interface Interface {
  readonly name: string
  readonly spot: Spot
  readonly gatewaySpot: Spot
  /** Without the length of its network. */
  readonly address: string | undefined
  readonly length: number
  readonly gateway: string | undefined
}

function interfaceAt(one: Spot): Interface {
  const [spot, gatewaySpot] = [one.get('address'), one.get('gateway')]
  const written = spot.text !== undefined && networkFault(spot.text, 'interface')?.severity !== 'error' ? spot.text : ''
  const [plain = '', length] = written.split('/')
  return {
    name: one.get('name').text ?? '',
    spot,
    gatewaySpot,
    address: canonicalAddress(plain),
    length: Number(length ?? (isIPv4(plain) ? 32 : 128)),
    gateway: canonicalAddress(gatewaySpot.text ?? ''),
  }
}

export const interfacesAreSound: Rule = function* (config) {
  const interfaces = config.get('network', 'interfaces').itemsOrSelf().map(interfaceAt)
  for (const [index, one] of interfaces.entries()) {
    const { spot, gatewaySpot, address, length, gateway } = one
    const before = interfaces.slice(0, index)
    const other = before.find((earlier) => address !== undefined && earlier.address === address)
    if (other) yield error(spot, `${other.name} has the address ${address} already`, 'give one of them another address')
    if (address !== undefined) yield* noHostFindings(spot, address, address, length)
    if (gateway === undefined) continue
    yield* gatewayFindings(one, interfaces)
    const routed = before.find((earlier) => earlier.gateway && familyOf(earlier.gateway) === familyOf(gateway))
    if (routed) {
      const message = `${routed.name} has a gateway already: only one of the two default routes is used`
      yield warning(gatewaySpot, message, 'keep the one by which the host reaches the world')
    }
  }
}

function* gatewayFindings({ gatewaySpot, address, length, gateway }: Interface, all: readonly Interface[]) {
  if (gateway === undefined) return
  const own = all.find((one) => one.address === gateway)
  if (own) {
    yield error(gatewaySpot, `the gateway ${gateway} is the host's own address (${own.name})`, "write the router's")
    return
  }
  if (address === undefined) return
  const isSameFamily = familyOf(address) === familyOf(gateway)
  // A gateway beyond the network is reached directly only where the interface has none, or by its link-local address.
  const isBeyond = isIPv4(address) ? length < 32 : length < 128 && !/^fe[89ab]/.test(gateway)
  if (!isSameFamily || (isBeyond && !holds(`${address}/${length}`, gateway))) {
    const message = `the gateway ${gateway} is not in the interface's network ${address}/${length}`
    yield error(gatewaySpot, message, 'see the digits of both, and the length of the network')
    return
  }
  yield* noHostFindings(gatewaySpot, gateway, address, length)
}

const neverHosts: readonly (readonly [network: string, what: string])[] = [
  ['0.0.0.0/8', 'stands for no address'],
  ['127.0.0.0/8', 'never leaves the host (loopback)'],
  ['224.0.0.0/4', "is a group's (multicast)"],
  ['240.0.0.0/4', 'is reserved'],
  ['::/128', 'stands for no address'],
  ['::1/128', 'never leaves the host (loopback)'],
  ['ff00::/8', "is a group's (multicast)"],
]

/** `network` and `length`: of the interface. */
function* noHostFindings(spot: Spot, address: string, network: string, length: number): Generator<Finding> {
  const mend = "write a machine's address"
  const never = neverHosts.find(([range]) => holds(range, address))
  if (never) yield error(spot, `${address} can't be a machine's address: it ${never[1]}`, mend)
  // Networks of two have neither (RFC 3021).
  if (never || !isIPv4(address) || length > 30) return
  const first = numberOf(network) - (numberOf(network) % 2 ** (32 - length))
  if (numberOf(address) === first) yield error(spot, `${address} is the address of the network itself`, mend)
  if (numberOf(address) === first + 2 ** (32 - length) - 1)
    yield error(spot, `${address} is the network's broadcast address`, mend)
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
