/** `guests.lxc_configs` as plain data. */
import type { Lxc, LxcNetwork } from '../generated/types.ts'
import { type DeclaredVolume, declaredContainers, innerPath } from '../lxc-volumes.ts'
import { plainPath } from '../plain-path.ts'
import { besideConfig } from './files.ts'
import { type DeclaredGuest, declaredGuest, type GuestWorld, nameserversOf } from './guest.ts'

/** What it is made from. */
export type LxcOrigin =
  | { readonly kind: 'clone'; readonly ctid: string }
  /** A file on the host, or a volume of a storage such as `local:vztmpl/debian-13.tar.zst`, as written. */
  | { readonly kind: 'template'; readonly template: string }

export interface DeclaredLxc extends DeclaredGuest {
  readonly kind: 'lxc'
  /** Null: the config doesn't say, so phx can't make it. */
  readonly origin: LxcOrigin | null
  /** Null, here and in the next: as Proxmox VE or what it is made from has it. */
  readonly cores: number | null
  readonly memoryMb: number | null
  readonly swapMb: number | null
  /** Id of the Proxmox VE storage for the root file system. */
  readonly storage: string | null
  /** Of the root file system, in GiB. */
  readonly rootGb: number | null
  readonly isUnprivileged: boolean
  /** In the order of their numbers: net0 is the first. */
  readonly cards: readonly DeclaredCard[]
  readonly nameservers: readonly string[]
  /** Features of pct, such as nesting. */
  readonly pctOptions: readonly Setting[]
  /** Raw lines of its config, whole. A key may come several times. */
  readonly rawLines: readonly Setting[]
  /** Numbers of the host's GPUs, ascending. */
  readonly gpus: readonly number[]
  /** Path on the machine that runs phx. */
  readonly applicationScript: string | null
  readonly volumes: readonly DeclaredVolume[]
  readonly mounts: readonly DeclaredMount[]
  readonly idMaps: readonly DeclaredIdMap[]
  readonly healthCheck: DeclaredHealthCheck | null
}

export interface DeclaredCard {
  readonly net: 'net0' | 'net1'
  /** Inside. */
  readonly name: string
  readonly bridge: string
  /** `dhcp`, or an address with the length of its network. */
  readonly ip: string
  readonly gateway: string | null
  /** In upper case, as Proxmox VE writes it; null: left to Proxmox VE. */
  readonly macAddress: string | null
}

export interface Setting {
  readonly key: string
  readonly value: string
}

/** A folder of the host that the container sees. */
export interface DeclaredMount {
  readonly hostPath: string
  readonly guestPath: string
  /** As ids inside the container; null: left as they are. */
  readonly ownerUid: number | null
  readonly ownerGid: number | null
  /** As shared_volumes says it, user:group on the host; null: left as it is. */
  readonly hostOwner: string | null
}

export interface DeclaredIdMap {
  readonly type: 'uid' | 'gid'
  readonly hostId: number
  readonly containerId: number
  readonly size: number
}

export interface DeclaredHealthCheck {
  /** Inside the container. */
  readonly argv: readonly string[]
  readonly retries: number
  readonly intervalSeconds: number
}

export function declaredLxcs(world: GuestWorld): DeclaredLxc[] {
  const volumes = new Map(declaredContainers(world.config).map((one) => [one.id, one.volumes]))
  return Object.entries(world.config.guests?.lxc_configs ?? {})
    .map(([id, lxc]) => declaredLxc(id, lxc, volumes.get(id) ?? [], world))
    .sort((one, other) => Number(one.id) - Number(other.id))
}

/** One that somebody else made, and of which the config has nothing but volumes: phx sees to those alone. */
export function hasOnlyVolumes(lxc: DeclaredLxc): boolean {
  const { origin, mayAdopt, isTemplate, cores, memoryMb, swapMb, storage, rootGb } = lxc
  const {
    applicationScript,
    healthCheck,
    firewall,
    volumes,
    cards,
    pctOptions,
    rawLines,
    gpus,
    mounts,
    idMaps,
    features,
  } = lxc
  const single = [origin, cores, memoryMb, swapMb, storage, rootGb, applicationScript, healthCheck, firewall]
  const several = [cards, pctOptions, rawLines, gpus, mounts, idMaps, features]
  const isMore = mayAdopt || isTemplate || single.some((one) => one !== null) || several.some((list) => list.length > 0)
  return volumes.length > 0 && !isMore
}

function declaredLxc(id: string, lxc: Lxc, volumes: readonly DeclaredVolume[], world: GuestWorld): DeclaredLxc {
  const source = lxc.clone_from_ctid === undefined ? undefined : String(lxc.clone_from_ctid)
  const { network_config: first, secondary_network_config: second, application_script: script } = lxc
  return {
    ...declaredGuest('lxc', id, lxc, source, world),
    kind: 'lxc',
    origin: originOf(lxc, source),
    cores: lxc.cores ?? null,
    memoryMb: lxc.memory_mb ?? null,
    swapMb: lxc.swap_mb ?? null,
    storage: lxc.storage_pool ?? null,
    rootGb: lxc.storage_size_gb ?? null,
    isUnprivileged: lxc.unprivileged ?? true,
    cards: [
      ...(first === undefined ? [] : [cardOf('net0', first, lxc.mac_address)]),
      ...(second === undefined ? [] : [cardOf('net1', second, undefined)]),
    ],
    nameservers: [...new Set([first, second].flatMap((card) => nameserversOf(card?.nameserver, card?.nameservers)))],
    pctOptions: (lxc.pct_options ?? []).map((line) => settingIn(line, '=')),
    rawLines: (lxc.lxc_options ?? []).map((line) => settingIn(line, /[=:]/)),
    gpus: gpusIn(lxc.gpu_assignment ?? 'none'),
    applicationScript: script === undefined ? null : besideConfig(world.config, script),
    volumes,
    mounts: mountsOf(id, lxc, world),
    idMaps: (lxc.id_maps ?? []).map((one) => {
      return { type: one.type, hostId: one.host_id, containerId: one.container_id, size: one.size }
    }),
    healthCheck: healthCheckOf(lxc),
  }
}

function originOf({ template }: Lxc, source: string | undefined): LxcOrigin | null {
  if (source !== undefined) return { kind: 'clone', ctid: source }
  return template === undefined ? null : { kind: 'template', template }
}

function cardOf(net: DeclaredCard['net'], card: LxcNetwork, mac: string | undefined): DeclaredCard {
  return {
    net,
    name: card.name,
    bridge: card.bridge,
    ip: card.ip,
    gateway: card.gw ?? null,
    macAddress: (card.hwaddr ?? mac)?.toUpperCase() ?? null,
  }
}

/** Split once: a value may hold the separator and blanks (incident of phoenix.md 5.4: a line split at its blanks). */
function settingIn(line: string, separator: string | RegExp): Setting {
  const at = line.search(separator)
  return { key: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }
}

/** `0, 1`, `0 1`, `1,0` and `0,1` are the same. */
function gpusIn(assignment: string): number[] {
  if (assignment === 'none') return []
  return [...new Set(assignment.split(/[\s,]+/).map(Number))].sort((one, other) => one - other)
}

function mountsOf(id: string, lxc: Lxc, { config }: GuestWorld): DeclaredMount[] {
  const own = (lxc.mount_points ?? []).map((one) => ({
    hostPath: plainPath(one.host_path),
    guestPath: innerPath(one.container_path),
    ownerUid: one.owner_uid ?? null,
    ownerGid: one.owner_gid ?? null,
    hostOwner: null,
  }))
  const shared = Object.values(config.shared_volumes ?? {}).flatMap((volume) => {
    if (volume === undefined || !('host_path' in volume)) return []
    const guestPath = volume.mounts?.[id]
    if (guestPath === undefined) return []
    const place = { hostPath: plainPath(volume.host_path), guestPath: innerPath(guestPath) }
    return [{ ...place, ownerUid: null, ownerGid: null, hostOwner: volume.owner ?? null }]
  })
  // Folders before what is mounted inside them: pct mounts by number.
  return [...own, ...shared].sort((one, other) => (one.guestPath < other.guestPath ? -1 : 1))
}

function healthCheckOf({ health_check: check }: Lxc): DeclaredHealthCheck | null {
  if (check === undefined) return null
  const { command, retries = 3, interval = 5 } = check
  return { argv: typeof command === 'string' ? ['sh', '-c', command] : command, retries, intervalSeconds: interval }
}
