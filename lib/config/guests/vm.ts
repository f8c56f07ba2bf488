/** `guests.vms` as plain data. */
import type { SecretReference, Vm, VmDefaults } from '../generated/types.ts'
import { type DeclaredInjection, declaredInjection } from './files.ts'
import { type DeclaredGuest, declaredGuest, type GuestWorld, nameserversOf } from './guest.ts'
import { type DeclaredShare, declaredShares } from './shares.ts'

/** What it is made from. */
export type VmOrigin =
  | { readonly kind: 'clone'; readonly vmid: string; readonly isLinked: boolean }
  /** `file` is on the host. */
  | { readonly kind: 'file'; readonly file: string; readonly sha256: string | null }
  /** Null: nothing says where it is, or what it must be; then it can't be fetched. */
  | { readonly kind: 'image'; readonly name: string; readonly url: string | null; readonly sha256: string | null }

export interface DeclaredVm extends DeclaredGuest {
  readonly kind: 'vm'
  /** Null: the config doesn't say, so phx can't make it. */
  readonly origin: VmOrigin | null
  readonly cores: number
  readonly memoryMb: number
  /** Of the first disk, in GiB; null: as large as what it is made from. */
  readonly diskGb: number | null
  /** Id of the Proxmox VE storage for disks; null: that of the template. */
  readonly storage: string | null
  readonly bridge: string
  /** In upper case, as Proxmox VE writes it; null: left to Proxmox VE. */
  readonly macAddress: string | null
  readonly network: {
    /** `dhcp`, or an address with the length of its network. */
    readonly ip: string
    readonly gateway: string | null
    readonly nameservers: readonly string[]
  }
  /** Null: whatever account the image makes. */
  readonly user: DeclaredVmUser | null
  readonly agentTimeoutSeconds: number
  readonly shares: readonly DeclaredShare[]
  readonly injections: readonly DeclaredInjection[]
  /** Slots of disks that outlive it. */
  readonly persistentDisks: readonly string[]
}

export interface DeclaredVmUser {
  readonly name: string
  /** Where it is kept; null: none. */
  readonly password: SecretReference | null
  readonly sshKeys: readonly string[]
}

export function declaredVms(world: GuestWorld): DeclaredVm[] {
  const vms = world.config.guests?.vms ?? []
  return vms.map((vm) => declaredVm(vm, world)).sort((one, other) => Number(one.id) - Number(other.id))
}

function declaredVm(written: Vm, world: GuestWorld): DeclaredVm {
  const defaults = world.config.guests?.vm_defaults ?? {}
  const given = withDefaults(written, defaults)
  const source = given.clone_from_vmid === undefined ? undefined : String(given.clone_from_vmid)
  const { network_config: network } = given
  return {
    ...declaredGuest('vm', String(given.vmid), given, source, world),
    kind: 'vm',
    origin: originOf(given, defaults),
    cores: given.cores ?? 2,
    memoryMb: given.memory_mb ?? 2048,
    diskGb: given.disk_size_gb ?? null,
    storage: given.storage_pool ?? null,
    bridge: given.network_bridge ?? 'vmbr0',
    macAddress: given.mac_address?.toUpperCase() ?? null,
    network: {
      ip: network?.ip ?? 'dhcp',
      gateway: network?.gw ?? null,
      nameservers: nameservers(given, defaults),
    },
    user: userOf(given),
    agentTimeoutSeconds: given.agent_timeout_seconds ?? 300,
    shares: declaredShares(given, world),
    injections: (given.file_injections ?? []).map((one) => declaredInjection(one, world.config)),
    persistentDisks: given.persistent_disks ?? [],
  }
}

/** A field of the machine counts, whole; else that of vm_defaults. What only defaults have means nothing to a machine. */
function withDefaults(vm: Vm, { template: _, ubuntu_release: __, nameservers: ___, ...defaults }: VmDefaults): Vm {
  return { ...defaults, ...vm }
}

function nameservers({ network_config: network }: Vm, defaults: VmDefaults): string[] {
  const own = nameserversOf(network?.nameserver, network?.nameservers)
  return own.length > 0 ? own : nameserversOf(undefined, defaults.nameservers)
}

function originOf(vm: Vm, defaults: VmDefaults): VmOrigin | null {
  if (vm.clone_from_vmid !== undefined) {
    return { kind: 'clone', vmid: String(vm.clone_from_vmid), isLinked: vm.linked_clone ?? false }
  }
  const image = vm.template_image ?? defaults.template
  if (image === undefined) return null
  const sha256 = vm.template_image_sha256 ?? null
  if (image.startsWith('/')) return { kind: 'file', file: image, sha256 }
  return { kind: 'image', name: image, url: vm.template_image_url ?? null, sha256 }
}

function userOf({ user_config: user }: Vm): DeclaredVmUser | null {
  if (user === undefined) return null
  // An empty text is how the scripts wrote that there is no key.
  const sshKeys = (user.ssh_public_keys ?? []).map((key) => key.trim()).filter((key) => key !== '')
  return { name: user.username, password: user.password ?? null, sshKeys: [...new Set(sshKeys)] }
}
