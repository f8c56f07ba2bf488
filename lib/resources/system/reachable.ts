/** Whether the host can be reached after its address changed: by its gateways, and by those who were connected to it. */

import { holds } from '../../config/firewall-address.ts'
import type { DeclaredInterface } from '../../config/initial-setup.ts'
import type { Look } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type Connection, connectionsNow, connectionsProbe } from '../probes/connections.ts'

export interface CutOff {
  /** For the plan: who, and what they have to do. */
  readonly text: string
  /** Connections of before: none of them proves anything. */
  readonly before: readonly string[]
}

/** How long someone has to connect anew; without anybody connected the gateways alone decide. */
export const secondsToConnect = 180

export const plainOf = (address: string): string => address.replace(/\/.*/, '')
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
const keyOf = ({ address, port, peer, peerPort }: Connection): string => `${address}:${port} ${peer}:${peerPort}`

/**
 * Those who are connected to the address that goes, or from beyond the gateway that goes: phx's own caller perhaps among
 * them. Null when nobody is.
 */
export async function whoIsCutOff(
  look: Look,
  { name, address, gateway }: DeclaredInterface,
  now: { readonly address: string; readonly gateway: string | null },
): Promise<CutOff | null> {
  const connections = await look.at(connectionsProbe)
  const [moves, reroutes] = [address !== now.address, gateway !== undefined && gateway !== now.gateway]
  const cut = connections.find(
    (one) =>
      one.address === plainOf(now.address) &&
      !isLoopback(one.peer) &&
      (moves || (reroutes && !holds(address, one.peer))),
  )
  if (!cut) return null
  const to = plainOf(address)
  return {
    text:
      `changing ${name} may cut off ${cut.peer}, which is connected to ${cut.address}:${cut.port} (${cut.program}): connect anew to ` +
      `${to} (ssh ${to}, or https://${to}:8006) within ${secondsToConnect} s of the change, or it is taken back`,
    before: connections.map(keyOf),
  }
}

/** Why nobody proved yet that the declared address can be reached from where people are, or undefined. */
export async function notConnectedAnew(
  reader: Reader,
  address: string,
  { before }: CutOff,
): Promise<string | undefined> {
  const connections = await connectionsNow(reader)
  const isNew = connections.some((one) => one.address === plainOf(address) && !before.includes(keyOf(one)))
  return isNew ? undefined : `nobody has connected to ${plainOf(address)} yet`
}

/** By interface, with the lengths of their networks. */
export type AddressesInForce = ReadonlyMap<string, readonly string[]>

/** What the kernel has (ip(8), -j). */
export async function addressesInForce(reader: Reader): Promise<AddressesInForce> {
  const { stdout, exitCode } = await reader.query(['ip', '-j', 'address', 'show'])
  return exitCode === 0 ? parseAddresses(stdout) : new Map()
}

export function parseAddresses(stdout: string): Map<string, string[]> {
  const links = JSON.parse(stdout || '[]') as {
    ifname: string
    addr_info?: { local: string; prefixlen: number }[]
  }[]
  return new Map(
    links.map(({ ifname, addr_info = [] }) => [
      ifname,
      addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    ]),
  )
}

export const isOwn = (inForce: AddressesInForce, address: string): boolean =>
  [...inForce.values()].flat().some((own) => plainOf(own) === address)

/** Why an interface has not all of these addresses, or undefined. */
export function missingOf(inForce: AddressesInForce, name: string, wanted: readonly string[]): string | undefined {
  const addresses = inForce.get(name) ?? []
  const isThere = wanted.every((address) => addresses.includes(address))
  return isThere ? undefined : `${name} has ${addresses.join(', ') || 'no address'}`
}

/** Default gateways of IPv4 by interface. */
export async function gatewaysInForce(reader: Reader): Promise<ReadonlyMap<string, string>> {
  const { stdout, exitCode } = await reader.query(['ip', '-j', 'route', 'show', 'default'])
  const routes = exitCode === 0 ? (JSON.parse(stdout || '[]') as { dev?: string; gateway?: string }[]) : []
  return new Map(routes.flatMap(({ dev, gateway }) => (dev && gateway ? [[dev, gateway] as const] : [])))
}

/**
 * Why a gateway seems away, or undefined. One that answers no ping still answers ARP: the kernel then says that it heard of it
 * within the last second, and the ping before waited two, so that it can't have been before the change.
 */
export async function notAnswering(reader: Reader, gateway: string): Promise<string | undefined> {
  const ping = await reader.query(['ping', '-n', '-c', '1', '-W', '2', gateway])
  if (ping.exitCode === 0) return undefined
  const { stdout, exitCode } = await reader.query(['ip', '-s', '-j', 'neigh', 'show', 'to', gateway])
  if (exitCode === 0 && wasHeard(stdout)) return undefined
  return ping.notFound ? `ping is not installed (iputils-ping)` : `gateway ${gateway} answers neither ping nor ARP`
}

/** Whether another machine has the address already. The host itself would answer for one of its own. */
export const isTaken = async (reader: Reader, inForce: AddressesInForce, address: string): Promise<boolean> =>
  !isOwn(inForce, address) && (await notAnswering(reader, address)) === undefined

/** `confirmed` is how many seconds ago the neighbour was last heard of. */
export function wasHeard(stdout: string): boolean {
  const known = JSON.parse(stdout || '[]') as { state?: string[]; confirmed?: number }[]
  return known.some(({ state = [], confirmed = 60 }) => state.includes('REACHABLE') && confirmed <= 1)
}
