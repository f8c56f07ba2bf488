/** What the config says of the host itself, in one meaning each, for the initial-setup step. */
import type { ExtraRepository, NetworkInterface, PhxConfig } from './generated/types.ts'

export type ProxmoxComponent = 'no-subscription' | 'enterprise' | 'test' | 'none'

export interface DeclaredExtra {
  readonly name: string
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly keyFile: string | undefined
  readonly keyUrl: string | undefined
  /** 40 hexadecimal digits in upper case. */
  readonly fingerprint: string | undefined
}

export interface DeclaredRepositories {
  readonly proxmox: ProxmoxComponent | undefined
  readonly ceph: ProxmoxComponent | undefined
  readonly extra: readonly DeclaredExtra[]
}

export interface DeclaredInterface {
  readonly name: string
  /** With the length of its network, such as `10.0.0.13/24`. */
  readonly address: string
  readonly gateway: string | undefined
}

export interface DeclaredSystem {
  readonly repositories: DeclaredRepositories
  readonly packages: readonly string[]
  readonly upgrade: 'none' | 'safe' | 'full'
  readonly forceIpv4: boolean
  readonly locale: string | undefined
  readonly dns: { readonly nameservers: readonly string[]; readonly search: readonly string[] | undefined } | undefined
  readonly sysctl: Readonly<Record<string, string>>
  readonly ntpServers: readonly string[] | undefined
  readonly timezone: string | undefined
  readonly hostname: string | undefined
  readonly domain: string | undefined
  readonly interfaces: readonly DeclaredInterface[]
  /** Bytes; 0 leaves it to ZFS, undefined: nothing is declared. */
  readonly arcMax: number | undefined
}

const extraOf = (one: ExtraRepository): DeclaredExtra => ({
  name: one.name,
  uris: one.uris,
  suites: one.suites,
  components: one.components ?? [],
  keyFile: one.key_file,
  keyUrl: one.key_url,
  fingerprint: one.key_fingerprint?.replaceAll(' ', '').toUpperCase(),
})

const listOf = <T>(one: T | readonly T[] | undefined): readonly T[] =>
  one === undefined ? [] : Array.isArray(one) ? one : [one as T]

/** A list, or one text with blanks or commas. */
const serversOf = ({ dns_nameservers: given }: NetworkInterface): readonly string[] =>
  typeof given === 'string' ? given.split(/[\s,]+/).filter((one) => one !== '') : (given ?? [])

function dnsOf({ host, network, domain_name: domain }: PhxConfig): DeclaredSystem['dns'] {
  if (host?.dns) return { nameservers: host.dns.nameservers, search: host.dns.search }
  const [nameservers] = listOf(network?.interfaces)
    .map(serversOf)
    .filter((servers) => servers.length > 0)
  return nameservers && { nameservers, search: domain === undefined ? undefined : [domain] }
}

const GIB = 2 ** 30

export function declaredSystem(config: PhxConfig): DeclaredSystem {
  const { host = {}, network = {}, zfs } = config
  const arc = zfs?.arc_max_gb
  return {
    repositories: {
      proxmox: host.repositories?.proxmox,
      ceph: host.repositories?.ceph,
      extra: (host.repositories?.extra ?? []).map(extraOf),
    },
    packages: host.packages ?? [],
    upgrade: host.upgrade ?? 'none',
    forceIpv4: host.force_ipv4 ?? false,
    locale: host.locale,
    dns: dnsOf(config),
    sysctl: Object.fromEntries(
      Object.entries(host.sysctl ?? {}).map(([key, value]): [string, string] => [key, String(value).trim()]),
    ),
    ntpServers: host.ntp_servers,
    timezone: config.timezone,
    hostname: network.hostname,
    domain: config.domain_name,
    interfaces: listOf(network.interfaces).map(({ name, address, gateway }) => ({ name, address, gateway })),
    arcMax: arc === undefined ? undefined : Math.round(arc * GIB),
  }
}

/** Whether the config says anything of the host itself. */
export const declaresSystem = ({ host, timezone, network, zfs }: PhxConfig): boolean =>
  host !== undefined ||
  timezone !== undefined ||
  network?.hostname !== undefined ||
  network?.interfaces !== undefined ||
  zfs?.arc_max_gb !== undefined
