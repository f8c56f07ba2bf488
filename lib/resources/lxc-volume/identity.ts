/**
 * Whether a volume is the one that phx recorded. Its id is no proof: Proxmox VE gives a name anew once it is free, so a
 * container that was destroyed and made again has another volume of the same id. The GUID of the dataset is.
 */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Look, Owned } from '../../engine/resource.ts'
import { bytesOf } from '../dataset/refuse.ts'
import type { Container, Mount } from '../probes/containers.ts'
import { datasetsProbe, datasetsWith } from '../probes/datasets.ts'
import { storageConfigProbe } from '../probes/storage-config.ts'
import { volumeId } from './changes.ts'
import { type Recorded, recorded } from './recorded.ts'

export const storageOf = (volume: string): string => volume.split(':')[0] ?? ''

/** The dataset that a volume is. */
export interface Behind {
  readonly guid: string
  /** Bytes. */
  readonly size: number
}

export interface Known {
  recordOf(name: string): Recorded | undefined
  /** By volume id; empty when nothing had to be asked. */
  readonly behind: ReadonlyMap<string, Behind>
}

/** Of a container that is about to be made: what is recorded is of another one. */
export const nobodys: Known = { recordOf: () => undefined, behind: new Map() }

/** The record's volume, unless it is known that another one bears its name. */
export const mayBe = ({ guid, volume }: Recorded, id: string, { behind }: Known): boolean =>
  volume === id && (guid === null || (behind.get(id)?.guid ?? guid) === guid)

/** A detached volume is attached unasked only when this is proved. */
export const isProved = ({ guid, volume }: Recorded, id: string, { behind }: Known): boolean =>
  volume === id && guid !== null && behind.get(id)?.guid === guid

/** What is to be recorded of a volume that is in its place. */
export const guidOf = (name: string, { source }: Mount, { recordOf, behind }: Known): string | null => {
  const record = recordOf(name)
  return behind.get(source)?.guid ?? (record?.volume === source ? record.guid : null)
}

export async function knownVolumes(
  look: Look,
  container: Container,
  declared: readonly DeclaredVolume[],
  owned: Owned,
): Promise<Known> {
  const recordOf = (name: string): Recorded | undefined => recorded(owned, volumeId(container.id, name))
  // Nothing to do must cost no process: what stands as it was recorded is taken for it.
  const isAsRecorded = ({ name, mountPoint }: DeclaredVolume): boolean => {
    const [mount, ...more] = container.mounts.filter(({ path }) => path === mountPoint)
    const record = recordOf(name)
    return (
      mount !== undefined &&
      more.length === 0 &&
      record?.guid !== null &&
      (['path', 'slot', 'size'] as const).every((field) => record?.[field] === mount[field]) &&
      record?.volume === mount.source
    )
  }
  const open = declared.filter((one) => !isAsRecorded(one))
  const storages = new Set(open.flatMap(({ name, storage }) => [storage, storageOf(recordOf(name)?.volume ?? storage)]))
  const candidates = [...container.mounts.map(({ source }) => source), ...container.unused.values()]
  const behind = await behindOf(
    look,
    candidates.filter((volume) => storages.has(storageOf(volume))),
    declared,
  )
  return { recordOf, behind }
}

const probe = datasetsProbe(['guid', 'refquota'])

async function behindOf(
  look: Look,
  volumes: readonly string[],
  declared: readonly DeclaredVolume[],
): Promise<ReadonlyMap<string, Behind>> {
  const behind = new Map<string, Behind>()
  if (volumes.length === 0) return behind
  const entries = await look.at(storageConfigProbe)
  for (const volume of volumes) {
    const storage = storageOf(volume)
    const entry = entries?.get(storage)
    // One that is about to be made again still says where its volumes are.
    const parent =
      entry === undefined
        ? declared.find((one) => one.storage === storage)?.dataset
        : entry.type === 'zfspool' && entry.options.get('pool')
    const [pool] = (parent || '').split('/')
    if (!parent || pool === undefined) continue
    // A linked clone names its base before it: `basevol-900-disk-0/subvol-120-disk-0`.
    const own = volume.slice(storage.length + 1).replace(/^.*\//, '')
    const properties = (await datasetsWith(look, pool, probe))?.get(`${parent}/${own}`)
    const guid = properties?.get('guid')?.value
    if (properties === undefined || guid === undefined) continue
    behind.set(volume, { guid, size: bytesOf(properties, 'refquota') || bytesOf(properties, 'volsize') })
  }
  return behind
}
