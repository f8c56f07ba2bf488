/** Whether a firewall would shut out the people who are connected right now. First match decides, as in the kernel. */

import type { FirewallRule } from '../../config/firewall.ts'
import { type Family, familyOf, holds } from '../../config/firewall-address.ts'
import type { Look, Refusal } from '../../engine/resource.ts'
import { type Connection, connectionsProbe, sshPortsProbe } from '../probes/connections.ts'
import { inWords } from './words.ts'

/** One rule as the kernel will see it; `lets` is false for those that drop or reject. */
export interface Sieve {
  readonly family: Family
  readonly lets: boolean
  readonly protocol: string | null
  readonly ports: string | null
  readonly source: string | null
  readonly dest: string | null
  readonly interface: string | null
  /** For people: which rule it is. */
  readonly name: string
}

/** A rule of the config for each family that it is for. */
export function sievesOf(rule: FirewallRule, families: readonly Family[]): Sieve[] {
  if (rule.direction === 'out') return []
  return families.map((family) => ({
    ...rule,
    family,
    lets: rule.action === 'allow',
    name: `${rule.action} ${inWords(rule)}`,
  }))
}

const inRange = (ports: string, port: number): boolean =>
  ports.split(',').some((part) => {
    const [from, to = from] = part.split(':').map(Number)
    return from !== undefined && to !== undefined && from <= port && port <= to
  })

/** An interface is not compared: a rule bound to one is taken to close, and not to open. */
function matches(sieve: Sieve, { peer, address, port }: Connection): boolean {
  if (sieve.family !== familyOf(peer)) return false
  if (sieve.protocol !== null && sieve.protocol !== 'tcp') return false
  if (sieve.ports !== null && !inRange(sieve.ports, port)) return false
  if (sieve.source !== null && !holds(sieve.source, peer)) return false
  if (sieve.dest !== null && !holds(sieve.dest, address)) return false
  return sieve.interface === null || !sieve.lets
}

/** What stops the connection, or undefined when it is let in. */
function stoppedBy(sieves: readonly Sieve[], policy: string, connection: Connection): string | undefined {
  const first = sieves.find((sieve) => matches(sieve, connection))
  if (first) return first.lets ? undefined : `the rule "${first.name}" stops it`
  return policy === 'ACCEPT' ? undefined : `no rule lets it in, and the policy is ${policy}`
}

const loopback = (address: string): boolean => address === '::1' || address.startsWith('127.')

/** Whether the rules let anybody in there; which addresses, is the admin's to know. */
const isOpen = (sieves: readonly Sieve[], policy: string, port: number): boolean =>
  policy === 'ACCEPT' ||
  sieves.some(
    ({ lets, protocol, ports }) =>
      lets && (protocol === null || protocol === 'tcp') && (ports === null || inRange(ports, port)),
  )

/**
 * The refusal of a change that would shut out someone who is connected, phx's own caller perhaps among them.
 * `doing` completes "… would shut out".
 */
export async function lockoutRefusal(
  look: Look,
  resource: string,
  doing: string,
  after: { readonly sieves: readonly Sieve[]; readonly policy: string },
  mend: readonly string[],
): Promise<Refusal | undefined> {
  for (const connection of await look.at(connectionsProbe)) {
    if (loopback(connection.peer)) continue
    const reason = stoppedBy(after.sieves, after.policy, connection)
    if (reason === undefined) continue
    const { program, peer, port } = connection
    const why = `${doing} would shut out ${peer}, which is connected to port ${port} (${program}): ${reason}`
    return { resource, why, fields: [], mend }
  }
  return undefined
}

/** The refusal to switch on a firewall that would shut out whoever comes next over SSH; `open` are ports that it lets in by itself. */
export async function sshRefusal(
  look: Look,
  resource: string,
  doing: string,
  after: { readonly sieves: readonly Sieve[]; readonly policy: string },
  mend: readonly string[],
  open: readonly number[] = [],
): Promise<Refusal | undefined> {
  const ports = await look.at(sshPortsProbe)
  const isReached = ports.some((port) => open.includes(port) || isOpen(after.sieves, after.policy, port))
  if (ports.length === 0 || isReached) return undefined
  const why = `${doing} would shut out everybody who comes over SSH: sshd listens on port ${ports.join(', ')}, and no rule lets anybody in there`
  return { resource, why, fields: [], mend }
}
