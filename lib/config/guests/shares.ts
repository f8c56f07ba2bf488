/** Shares that a virtual machine mounts: of this host's NFS server, or of another one in the form before nfs_shares. */
import { liesIn } from '../dataset-mounts.ts'
import { letsIn } from '../export-clients.ts'
import { canonicalAddress } from '../firewall-address.ts'
import type { Vm } from '../generated/types.ts'
import { type DeclaredEntry, serverAddress } from '../nfs.ts'
import { plainPath } from '../plain-path.ts'
import type { GuestWorld } from './guest.ts'

export interface DeclaredShare {
  readonly server: string
  /** On the server. */
  readonly source: string
  readonly guestPath: string
  /** Of the mount, as the fourth field of fstab(5) has them. */
  readonly options: string
  /** Nobody writes there through it: it is mounted or exported so. */
  readonly isReadOnly: boolean
  /** Whether this host exports it, so that its server has to be ready before. */
  readonly isOfThisHost: boolean
  /** Whom the server takes for nobody (exports(5), "User ID Mapping"); null: its export is not this host's. */
  readonly squash: 'none' | 'root' | 'all' | null
}

const DEFAULT_OPTIONS = 'defaults,_netdev,nofail'

/** Null when the guest gets it by DHCP, or the config doesn't say. */
export function staticAddress(ip: string | undefined): string | null {
  return ip === undefined || ip === 'dhcp' ? null : (ip.split('/')[0] ?? null)
}

export function declaredShares(vm: Vm, { config, nfs }: GuestWorld): DeclaredShare[] {
  const { nfs_shares: shares = [], volumes = [], network_config: network } = vm
  const address = staticAddress(network?.ip)
  const given = [
    ...volumes.map((one) => ({ server: one.server, source: one.path, guestPath: one.mount_point, options: undefined })),
    ...shares.map((one) => {
      return { server: serverAddress(config), source: one.host_path, guestPath: one.guest_path, options: one.options }
    }),
  ]
  return given.map(({ server, source, guestPath, options = DEFAULT_OPTIONS }) => {
    const isOfThisHost = nfs.ownAddresses.includes(server)
    const entry = isOfThisHost ? servingEntry(nfs.entries, plainPath(source), address) : undefined
    return {
      server,
      source: plainPath(source),
      guestPath: plainPath(guestPath),
      options,
      isReadOnly: optionsSay(options, 'ro') || (entry !== undefined && !entry.options.includes('rw')),
      isOfThisHost,
      squash: entry === undefined ? null : squashOf(entry),
    }
  })
}

function squashOf({ options }: Pick<DeclaredEntry, 'options'>): DeclaredShare['squash'] {
  if (options.includes('all_squash')) return 'all'
  return options.includes('no_root_squash') ? 'none' : 'root'
}

export const optionsSay = (options: string, word: 'ro' | 'rw'): boolean => options.split(',').includes(word)

/**
 * The export through which a guest gets a folder: the deepest one around it that lets the guest in, and of its clients
 * the narrowest, as mountd chooses (exports(5), "Machine Name Formats": an address before a network before a wildcard).
 */
export function servingEntry<Entry extends Pick<DeclaredEntry, 'path' | 'client'>>(
  entries: readonly Entry[],
  folder: string,
  address: string | null,
): Entry | undefined {
  const serving = entries.filter(({ path, client }) => liesIn(folder, path) && admits(client, address))
  return serving.sort((a, b) => b.path.length - a.path.length || narrowness(b.client) - narrowness(a.client))[0]
}

/** An address that nobody knows beforehand is in no list of single addresses; what the host has to resolve may hold it. */
function admits(client: string, address: string | null): boolean {
  if (address !== null) return letsIn(client, address) !== false
  const canonical = canonicalAddress(client)
  return canonical === undefined || canonical.includes('/')
}

function narrowness(client: string): number {
  if (client === '*') return -1
  const canonical = canonicalAddress(client)
  if (canonical === undefined) return 0
  return canonical.includes('/') ? Number(canonical.split('/')[1]) : 129
}
