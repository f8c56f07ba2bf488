/** Clients of an export: what kind exports(5) takes a word for, and which addresses it lets in. */
import { isIPv4 } from 'node:net'
import { canonicalAddress, holds } from './firewall-address.ts'

/** One spelling: `10.0.0.5/24` is the network 10.0.0.0/24, `<world>` is `*`. */
export function canonicalClient(client: string): string {
  return client === '<world>' ? '*' : (canonicalAddress(client) ?? client)
}

/** A host's name: the only kind of client that exportfs has to resolve when it reads the file. */
export function isHostName(client: string): boolean {
  return canonicalAddress(client) === undefined && !/^@|[*?[\]]/.test(client)
}

/**
 * Whether the client lets the address in; undefined where only the host can tell (names, wildcards, netgroups).
 * `addresses` are those of the client when it is a name.
 */
export function letsIn(client: string, address: string, addresses?: readonly string[]): boolean | undefined {
  if (client === '*') return true
  const canonical = canonicalAddress(address)
  if (canonical === undefined) return undefined
  const network = canonicalAddress(client)
  if (network !== undefined) return holds(network, canonical)
  if (isHostName(client) && addresses) return addresses.some((one) => canonicalAddress(one) === canonical)
  // The loopback address has a name that no name server is asked for.
  return client === 'localhost' && isIPv4(address) ? address.startsWith('127.') : undefined
}
