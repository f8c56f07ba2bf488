/** What one section has to know of another: pools and storages for guests, guests for storages, the network for exports. */
import { defaultStorageId, RESERVED_STORAGE_IDS, storageKey } from '../config/storage-id.ts'
import { isObject, type Old } from './old.ts'

export interface World {
  /** Where the scripts thought datasets to be: /mnt/pve. */
  readonly mountPointBase: string
  readonly defaultSubnet: string | undefined
  /** Names of the pools in the old file, also of those that are left out. */
  readonly pools: readonly string[]
  /** Id of each guest in the old files → what it is; `both` when a VM and a container have it. */
  readonly guests: ReadonlyMap<string, 'vm' | 'lxc' | 'both'>
  /** Whether the file with that kind of guests was given: without it, a guest that is not found may well exist. */
  readonly hasVms: boolean
  readonly hasContainers: boolean
  /** Storage id → guests that name it, such as lxc:801. */
  readonly storageUsers: ReadonlyMap<string, readonly string[]>
  /** Key of proxmox_storage_ids → storage id, as the old file has it. */
  readonly storageIds: ReadonlyMap<string, string>
}

export interface OldGuests {
  readonly vms: readonly Old[]
  readonly containers: readonly (readonly [string, Old])[]
  readonly hasVms: boolean
  readonly hasContainers: boolean
}

export function worldOf(hypervisor: Old, { vms, containers, hasVms, hasContainers }: OldGuests): World {
  const guests = new Map<string, 'vm' | 'lxc' | 'both'>()
  const add = (id: string, kind: 'vm' | 'lxc'): void => {
    guests.set(id, guests.has(id) && guests.get(id) !== kind ? 'both' : kind)
  }
  for (const vm of vms) if (vm.get('vmid').isPresent) add(String(vm.get('vmid').value), 'vm')
  for (const [id] of containers) add(id, 'lxc')
  return {
    mountPointBase: hypervisor.get('mount_point_base').text ?? '/mnt/pve',
    defaultSubnet: hypervisor.get('network', 'default_subnet').text,
    pools: namesIn(hypervisor.get('zfs', 'pools')),
    guests,
    hasVms,
    hasContainers,
    storageUsers: usersOf([
      ...vms.map((vm) => ({ name: `vm:${String(vm.get('vmid').value)}`, places: [vm.get('storage_pool')] })),
      ...containers.map(([id, lxc]) => ({
        name: `lxc:${id}`,
        places: [
          lxc.get('storage_pool'),
          ...[...lxc.get('zfs_volumes').items(), ...lxc.get('volumes').items()].map((volume) => volume.get('pool')),
        ],
      })),
    ]),
    storageIds: new Map(
      hypervisor
        .get('proxmox_storage_ids')
        .fields()
        .flatMap(([key, id]) => (id.text === undefined ? [] : [[key, id.text]])),
    ),
  }
}

/** The id under which Proxmox VE knows a dataset. */
export function storageIdOf(world: World, pool: string, dataset: string): string {
  return world.storageIds.get(storageKey(pool, dataset)) ?? defaultStorageId(pool, dataset)
}

/** Ids that the storages of the new config will have, and those that every Proxmox VE has. */
export function knownStorages(world: World, datasets: readonly unknown[]): string[] {
  const declared = datasets.flatMap((dataset) => {
    if (!isObject(dataset)) return []
    const { pool, name, storage_class, proxmox_storage_type: type } = dataset
    if (typeof pool !== 'string' || typeof name !== 'string' || type === undefined) return []
    return type === 'zfspool' && storage_class === 'shared' ? [] : [storageIdOf(world, pool, name)]
  })
  return [...declared, ...RESERVED_STORAGE_IDS]
}

function namesIn(list: Old): string[] {
  return list.items().flatMap((one) => one.get('name').text ?? [])
}

function usersOf(guests: readonly { name: string; places: readonly Old[] }[]): Map<string, string[]> {
  const users = new Map<string, string[]>()
  for (const { name, places } of guests) {
    for (const id of new Set(places.flatMap((place) => place.text ?? []))) {
      users.set(id, [...(users.get(id) ?? []), name])
    }
  }
  return users
}
