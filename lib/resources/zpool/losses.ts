/** What goes when a pool is destroyed, and what forbids it whoever agrees. */

import { liesIn } from '../../config/dataset-mounts.ts'
import type { Look, Refusal } from '../../engine/resource.ts'
import { blockDevicesProbe, family } from '../probes/block-devices.ts'
import type { Datasets } from '../probes/datasets.ts'
import { guestName, guestsNaming, guestsProbe, runningGuestsProbe } from '../probes/guests.ts'
import { mountsProbe, swapsProbe } from '../probes/mounts.ts'
import { snapshotsProbe } from '../probes/snapshots.ts'
import { type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { plural, sizeText } from '../size.ts'

/** Datasets shown one by one before the rest is summed up. */
const shown = 30

export const inPool = (name: string, pool: string): boolean => name === pool || name.startsWith(`${pool}/`)

const used = (datasets: Datasets, name: string): number => Number(datasets.get(name)?.get('used')?.value ?? 0)

/** Entries of storage.cfg that stand on the pool, by its name or by a path under one of its mount points. */
export async function storagesOn(look: Look, pool: string, datasets: Datasets): Promise<StorageEntry[]> {
  const entries = await look.at(storageConfigProbe)
  const places = [...datasets]
    .filter(([name]) => inPool(name, pool))
    .flatMap(([, properties]) => properties.get('mountpoint')?.value ?? [])
    .filter((place) => place.startsWith('/') && place !== '/')
  return [...(entries?.values() ?? [])].filter(({ type, options }) => {
    const path = options.get('path')
    if (type === 'zfspool') return inPool(options.get('pool') ?? '', pool)
    return path !== undefined && places.some((place) => liesIn(path, place))
  })
}

/** One line each: datasets with what they hold, snapshots, storages, guests. */
export async function victimsOf(look: Look, pool: string, datasets: Datasets): Promise<string[]> {
  const names = [...datasets.keys()].filter((name) => name !== pool && inPool(name, pool))
  const [snapshots, storages, guests] = await Promise.all([
    look.at(snapshotsProbe(pool)),
    storagesOn(look, pool, datasets),
    look.at(guestsProbe),
  ])
  const listed = names.slice(0, shown).map((name) => {
    const type = datasets.get(name)?.get('type')?.value === 'volume' ? 'volume' : 'dataset'
    return `${type} ${name}: ${sizeText(used(datasets, name))} used`
  })
  const rest = names.length > shown ? [`and ${plural(names.length - shown, 'more dataset')}`] : []
  return [
    `pool ${pool}: ${sizeText(used(datasets, pool))} used, ${plural(names.length, 'dataset')}, ${plural(snapshots.count, 'snapshot')}`,
    ...listed,
    ...rest,
    ...storages.map((entry) => `storage ${entry.id} (${entry.type}) loses what it stands on`),
    ...guestsNaming(
      guests,
      storages.map((entry) => entry.id),
    ).map((guest) => `${guestName(guest)} loses its disks there`),
  ]
}

/**
 * What is on the pool, as one short text: another one once something came to it or went that nobody was shown. Not how
 * much is used, which changes all the time on a host that works.
 */
export async function inventoryDigest(look: Look, pool: string, datasets: Datasets): Promise<string> {
  const [snapshots, storages, guests] = await Promise.all([
    look.at(snapshotsProbe(pool)),
    storagesOn(look, pool, datasets),
    look.at(guestsProbe),
  ])
  const ids = storages.map((entry) => entry.id).sort()
  const inventory = {
    datasets: [...datasets.keys()].filter((name) => inPool(name, pool)).sort(),
    snapshots: snapshots.count,
    storages: ids,
    guests: guestsNaming(guests, ids).map(guestName).sort(),
  }
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(JSON.stringify(inventory)).digest('hex').slice(0, 16)
}

/** Hard refusals: the pool the system runs from, swap or mounts on its volumes, guests that run from it. */
export async function usesForbidding(look: Look, id: string, pool: string, datasets: Datasets): Promise<Refusal[]> {
  const refuse = (why: string, mend: readonly string[]): Refusal => ({ resource: id, why, fields: [], mend })
  const refusals: Refusal[] = []
  const never = `pool ${pool} differs from the config and will not be destroyed`

  const system = (await look.at(mountsProbe)).find(
    ({ source, at, type }) => type === 'zfs' && inPool(source, pool) && ['/', '/boot', '/usr', '/var'].includes(at),
  )
  if (system) {
    refusals.push(
      refuse(`${never}: the system runs from it (${system.source} is mounted on ${system.at})`, [
        'declare the pool as it is, or leave it out of the config',
      ]),
    )
  }
  for (const use of await volumesInUse(look, pool, datasets)) {
    refusals.push(
      refuse(`${never}: ${use}`, [
        'release it (swapoff, umount, vgchange -an): destroying it now would hang the kernel',
      ]),
    )
  }
  const [storages, guests, running] = await Promise.all([
    storagesOn(look, pool, datasets),
    look.at(guestsProbe),
    look.at(runningGuestsProbe),
  ])
  const active = guestsNaming(
    guests,
    storages.map((entry) => entry.id),
  ).filter((guest) => running.has(guest.id))
  if (active.length > 0) {
    refusals.push(
      refuse(
        `${never}: ${active.map(guestName).join(', ')} ${active.length === 1 ? 'runs' : 'run'} from it`,
        active.map((guest) => `stop it first: ${guest.kind === 'vm' ? 'qm' : 'pct'} shutdown ${guest.id}`),
      ),
    )
  }
  return refusals
}

/** A volume used as swap makes export and destroy hang for good (seen: disks.jsonl scene 29). */
async function volumesInUse(look: Look, pool: string, datasets: Datasets): Promise<string[]> {
  const volumes = [...datasets].filter(
    ([name, properties]) => inPool(name, pool) && properties.get('type')?.value === 'volume',
  )
  if (volumes.length === 0) return []
  const [devices, swaps, mounts] = await Promise.all([
    look.at(blockDevicesProbe),
    look.at(swapsProbe),
    look.at(mountsProbe),
  ])
  const uses = volumes.map(async ([name]): Promise<string[]> => {
    const path = await look.reader.realpath(`/dev/zvol/${name}`)
    const device = path === undefined ? undefined : devices.get(path)
    const whole = device ? family(device) : []
    const paths = whole.map((one) => one.path)
    const at = whole.flatMap((one) => one.mountpoints).filter((place) => place !== '[SWAP]')
    const mounted = [...at, ...mounts.filter((mount) => paths.includes(mount.source)).map((mount) => mount.at)]
    const swapping =
      whole.some((one) => one.mountpoints.includes('[SWAP]')) || swaps.some((swap) => paths.includes(swap))
    const holder = whole.find((one) => one.type !== 'disk' && one.type !== 'part')
    return [
      ...(swapping ? [`volume ${name} is swap in use`] : []),
      ...(mounted[0] === undefined ? [] : [`volume ${name} is mounted on ${mounted[0]}`]),
      ...(holder ? [`volume ${name} is held by ${holder.path}`] : []),
    ]
  })
  return (await Promise.all(uses)).flat()
}
