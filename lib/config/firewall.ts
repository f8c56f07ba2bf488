/** The firewall as plain data: the policies, and every rule that follows from the config alone. */
import { canonicalAddress, holdsAll } from './firewall-address.ts'
import type { Firewall, FirewallPolicy, FirewallRule as GivenRule, PhxConfig } from './generated/types.ts'
import { declaredNfs } from './nfs.ts'

export interface FirewallRule {
  readonly direction: 'in' | 'out'
  readonly action: 'allow' | 'deny' | 'reject'
  /** Null is any. */
  readonly protocol: string | null
  /** One, a range `a:b`, or several with commas, ascending; null is any. */
  readonly ports: string | null
  /** One address or network, canonical; with pve-firewall also an alias or `+ipset`. Null is any. */
  readonly source: string | null
  readonly dest: string | null
  readonly interface: string | null
  /** What it is for; phx's mark is put before it. */
  readonly purpose: string
}

export interface DeclaredFirewall {
  readonly backend: 'ufw' | 'pve-firewall' | 'none'
  /** Null when the config does not say: as it is. */
  readonly enabled: boolean | null
  readonly policies: {
    readonly input: FirewallPolicy
    readonly output: FirewallPolicy
    readonly forward: FirewallPolicy | null
  }
  /** NFS and SMB for their clients, then the declared ones; the first that matches decides. */
  readonly rules: readonly FirewallRule[]
  /** The host's own networks, as far as they are declared. */
  readonly networks: readonly string[]
  /** What no rule could be made of, one sentence each. */
  readonly gaps: readonly string[]
}

/** A firewall that keeps nothing of phx's: what is left when the section is gone. */
export const noFirewall: DeclaredFirewall = {
  backend: 'none',
  enabled: null,
  policies: { input: 'DROP', output: 'ACCEPT', forward: null },
  rules: [],
  networks: [],
  gaps: [],
}

/** Undefined when the config has no such section, here or at its old place inside shared_volumes. */
export function declaredFirewall(config: PhxConfig): DeclaredFirewall | undefined {
  const given: Firewall | undefined = config.firewall ?? config.shared_volumes?.firewall
  if (given === undefined) return undefined
  const networks = networksOf(config)
  const nfs = nfsRules(config)
  const smb = smbRules(config, networks)
  return {
    backend: given.backend ?? 'none',
    enabled: given.enabled ?? null,
    policies: {
      input: given.default_input_policy ?? 'DROP',
      output: given.default_output_policy ?? 'ACCEPT',
      forward: given.default_forward_policy ?? null,
    },
    rules: [...nfs.rules, ...smb.rules, ...(given.global_firewall_rules ?? []).flatMap(rulesOf)],
    networks,
    gaps: [...nfs.gaps, ...smb.gaps],
  }
}

/** A rule that lets TCP in to these ports, from there. */
export const letIn = (purpose: string, ports: string, source: string | null, protocol = 'tcp'): FirewallRule => ({
  direction: 'in',
  action: 'allow',
  protocol,
  ports,
  source,
  dest: null,
  interface: null,
  purpose,
})

interface Found {
  readonly rules: readonly FirewallRule[]
  readonly gaps: readonly string[]
}

/** NFS version 4 needs this one port; version 3 would need the port mapper's too, and phx's server is checked for 4. */
const nfsPort = '2049'

/** For every client of every export, those of the machines' features too. */
function nfsRules(config: PhxConfig): Found {
  const clients = unique(declaredNfs(config).entries.map((entry) => entry.client)).filter(
    (client) => !isThisHost(client),
  )
  if (clients.includes('*')) return { rules: [letIn('nfs', nfsPort, null)], gaps: [] }
  const sources = clients.flatMap((client) => canonicalAddress(client) ?? [])
  const others = clients.filter((client) => canonicalAddress(client) === undefined)
  // A machine in a network that is let in needs no rule of its own.
  const widest = sources.filter((one) => !sources.some((other) => other !== one && holdsAll(other, one)))
  return {
    rules: widest.map((source) => letIn('nfs', nfsPort, source)),
    gaps: others.map(
      (client) => `NFS client ${client} is no address, so no rule lets it in: add one to global_firewall_rules`,
    ),
  }
}

/** What comes from the host itself passes in every firewall. */
const isThisHost = (client: string): boolean => client === 'localhost' || client.startsWith('127.') || client === '::1'

function smbRules(config: PhxConfig, networks: readonly string[]): Found {
  const samba = config.samba
  if (samba === undefined || (samba.shares ?? []).length === 0) return { rules: [], gaps: [] }
  const subnet = config.network?.default_subnet
  const sources = subnet === undefined ? networks : unique([canonicalAddress(subnet) ?? subnet])
  if (sources.length === 0) {
    return { rules: [], gaps: ['no rule lets SMB clients in, for no network is declared: add network.default_subnet'] }
  }
  const rules = sources.flatMap((source) => [
    letIn('smb', '445', source),
    // NetBIOS: the session service, names and datagrams.
    ...(samba.netbios === true ? [letIn('netbios', '139', source), letIn('netbios', '137,138', source, 'udp')] : []),
  ])
  return { rules, gaps: [] }
}

function networksOf(config: PhxConfig): readonly string[] {
  const { default_subnet: subnet, interfaces = [] } = config.network ?? {}
  const addresses = (Array.isArray(interfaces) ? interfaces : [interfaces]).map((one) => one.address)
  return unique(
    [...(subnet === undefined ? [] : [subnet]), ...addresses].flatMap((text) => canonicalAddress(text) ?? []),
  )
}

const actions = { ACCEPT: 'allow', DROP: 'deny', REJECT: 'reject' } as const

/** One for each source and destination, since ufw takes one address at a time. */
export function rulesOf(given: GivenRule): FirewallRule[] {
  const addresses = (text: string | undefined): (string | null)[] =>
    text === undefined ? [null] : unique(text.split(',').map((part) => canonicalAddress(part) ?? part))
  return addresses(given.source).flatMap((source) =>
    addresses(given.dest).map((dest) => ({
      direction: given.type,
      action: actions[given.action],
      protocol: given.proto ?? null,
      ports: given.port === undefined ? null : ascending(given.port),
      source,
      dest,
      interface: given.iface ?? null,
      purpose: given.comment?.trim() || 'declared rule',
    })),
  )
}

/** Ports in the order in which ufw keeps them. */
export const ascending = (ports: string): string =>
  ports
    .split(',')
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
    .join(',')

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)]
