/** What each virtual machine's features make on the host: a folder on a share, and a snippet for the first boot. */
import { liesIn } from './dataset-mounts.ts'
import { baseSetup, type FeatureScript, featureScripts } from './feature-scripts.ts'
import { firstBoot } from './first-boot.ts'
import type { NfsExport, PhxConfig, Vm } from './generated/types.ts'
import { groundOfPath, type PathGround } from './path-ground.ts'
import { plainPath } from './plain-path.ts'
import { declaredServer } from './server-address.ts'
import { type DeclaredZfs, declaredZfs } from './zfs.ts'

export interface DeclaredSnippet {
  /** Null when no declared storage takes snippets: then it is only shown. */
  readonly path: string | null
  /** As Proxmox VE names it: `STORAGE:snippets/vendor-8101.yaml`; null likewise. */
  readonly volume: string | null
  readonly ground: PathGround | null
  readonly lines: readonly string[]
}

export interface DeclaredFeatures {
  readonly vmid: number
  /** `EXPORT/vm-features/VMID` */
  readonly folder: string
  readonly ground: PathGround
  /** How the machine gets at the folder; null when it is exported to nobody that it could be. */
  readonly share: { readonly server: string; readonly mountPoint: string } | null
  /** In the order in which they are declared, those that have one. */
  readonly scripts: readonly FeatureScript[]
  /** Present when base_setup is among the features. */
  readonly snippet: DeclaredSnippet | null
}

export const featuresTask = (vmid: number): string => `vm-features:${vmid}`

/** The machine's address, when the config fixes one. */
const addressOf = ({ network_config: network }: Vm): string | null =>
  network === undefined || network.ip === 'dhcp' ? null : (network.ip.split('/')[0] ?? null)

const folderOf = (carrier: string, { vmid }: Pick<Vm, 'vmid'>): string => `${plainPath(carrier)}/vm-features/${vmid}`

/** Machines with features, when the config says where they are kept. */
function vmsWithFeatures(config: PhxConfig): readonly Vm[] {
  if (config.vm_features === undefined) return []
  return (config.guests?.vms ?? []).filter(({ features = [] }) => features.length > 0)
}

export function declaredFeatures(config: PhxConfig): DeclaredFeatures[] {
  const carrier = config.vm_features?.export
  if (carrier === undefined) return []
  const zfs = declaredZfs(config)
  const ground = groundOfPath(plainPath(carrier), zfs)
  if (ground === null) return []
  const scripts = featureScripts(config)
  return vmsWithFeatures(config).map((vm) => {
    const folder = folderOf(carrier, vm)
    const share = shareOf(config, vm, folder)
    return {
      vmid: vm.vmid,
      folder,
      ground,
      share,
      scripts: [...new Set(vm.features)].flatMap((name) => scripts.get(name) ?? []),
      snippet: vm.features?.includes(baseSetup) ? snippetOf(zfs, vm, share && { ...share, folder }) : null,
    }
  })
}

/** Where they lie for a machine of that number, declared or not; null when the config doesn't say where they are kept. */
export function featurePlaces(
  config: PhxConfig,
  vmid: number,
): { readonly folder: string; readonly snippet: string | null } | null {
  const carrier = config.vm_features?.export
  if (carrier === undefined) return null
  return { folder: folderOf(carrier, { vmid }), snippet: snippetOf(declaredZfs(config), { vmid }, null).path }
}

function shareOf(config: PhxConfig, vm: Vm, folder: string): DeclaredFeatures['share'] {
  const server = declaredServer(config)
  if (server === undefined || (addressOf(vm) === null && !isExported(config, folder))) return null
  return { server, mountPoint: plainPath(config.vm_features?.mount_point ?? '/mnt/vm-features') }
}

/** In the first declared dir storage that takes snippets; Proxmox VE looks for them in its folder of that name. */
function snippetOf(
  zfs: DeclaredZfs,
  { vmid }: Pick<Vm, 'vmid'>,
  share: { readonly server: string; readonly mountPoint: string; readonly folder: string } | null,
): DeclaredSnippet {
  const lines = firstBoot(share && { source: `${share.server}:${share.folder}`, mountPoint: share.mountPoint })
  const storage = zfs.storages.find(({ type, content, disable }) => {
    return type === 'dir' && content.includes('snippets') && !disable
  })
  if (storage === undefined) return { path: null, volume: null, ground: null, lines }
  const name = `snippets/vendor-${vmid}.yaml`
  const path = `${storage.path}/${name}`
  return { path, volume: `${storage.id}:${name}`, ground: groundOfPath(path, zfs), lines }
}

const isExported = (config: PhxConfig, folder: string): boolean =>
  (config.nfs?.exports ?? []).some(({ path }) => liesIn(folder, plainPath(path)))

/**
 * The exports that the nfs step makes for them: each folder to its machine's address alone, read-only. A machine whose
 * address nobody knows beforehand gets none of its own.
 */
export function featureExports(config: PhxConfig): NfsExport[] {
  const carrier = config.vm_features?.export
  if (carrier === undefined) return []
  return vmsWithFeatures(config).flatMap((vm): NfsExport[] => {
    const address = addressOf(vm)
    if (address === null) return []
    return [{ path: folderOf(carrier, vm), clients: [address], options: ['ro', 'sync', 'no_subtree_check'] }]
  })
}
