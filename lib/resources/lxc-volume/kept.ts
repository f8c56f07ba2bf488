/**
 * Volumes that outlive their container: `phx destroy` renames the dataset of a persistent one, so that Proxmox VE takes
 * it for nobody's (`pct destroy` frees what the configuration names, by its name), and a container that is made anew gets
 * it back under a name that is its own again.
 */
import { createHash } from 'node:crypto'
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Change, Look, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { bytesOf } from '../dataset/refuse.ts'
import type { Container, Mount } from '../probes/containers.ts'
import { type Datasets, datasetsProbe, datasetsWith } from '../probes/datasets.ts'
import { storageConfigProbe } from '../probes/storage-config.ts'
import { allocationSteps, optionsOf, volumeId } from './changes.ts'
import { storageOf } from './identity.ts'

type Named = Pick<DeclaredVolume, 'name'>

/** A name that both a dataset and a volume's id can have; one that had to be changed stays one of its own. */
function plain(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name
  const sum = createHash('sha256').update(name).digest('hex').slice(0, 8)
  return `${name.replace(/[^A-Za-z0-9._-]+/g, '-')}-${sum}`
}

/** Nothing that Proxmox VE would list, take for a guest's, or free. */
export const keptName = (container: string, { name }: Named): string => `kept-${container}-${plain(name)}`

/** A volume's name of the container's own (PVE::Storage::ZFSPoolPlugin, parse_volname), known again when a run was cut off. */
const ownName = (container: string, { name }: Named): string => `subvol-${container}-${plain(name)}`

const probe = datasetsProbe(['guid', 'refquota'])

/** The dataset that a storage's volumes lie in; undefined for a storage that is none of ZFS, or not there. */
export async function parentOf(look: Look, storage: string, declared: string | null): Promise<string | undefined> {
  const entry = (await look.at(storageConfigProbe))?.get(storage)
  if (entry === undefined) return declared ?? undefined
  return entry.type === 'zfspool' ? entry.options.get('pool') : undefined
}

export async function datasetsBelow(look: Look, parent: string): Promise<Datasets> {
  return (await datasetsWith(look, parent.split('/')[0] ?? parent, probe)) ?? new Map()
}

/** The dataset that a volume's id stands for; a linked clone names its base before it. */
export const datasetOf = (parent: string, volume: string): string =>
  `${parent}/${volume.slice(storageOf(volume).length + 1).replace(/^.*\//, '')}`

export interface Kept {
  readonly parent: string
  /** Its dataset now: as it was kept, or half given back. */
  readonly dataset: string
  /** Bytes. */
  readonly size: number
}

export async function keptVolume(
  look: Look,
  container: Container,
  declared: DeclaredVolume,
): Promise<Kept | undefined> {
  const parent = await parentOf(look, declared.storage, declared.dataset)
  if (parent === undefined) return undefined
  const datasets = await datasetsBelow(look, parent)
  const named = [...container.mounts.map(({ source }) => source), ...container.unused.values()]
  const names = [keptName(container.id, declared), ownName(container.id, declared)]
  const dataset = names
    .map((name) => `${parent}/${name}`)
    .find((one) => datasets.has(one) && !named.some((volume) => datasetOf(parent, volume) === one))
  const properties = dataset === undefined ? undefined : datasets.get(dataset)
  if (dataset === undefined || properties === undefined) return undefined
  return { parent, dataset, size: bytesOf(properties, 'refquota') }
}

/** What the volume's own line refers to is gone, and kept: a destruction was cut off before its container went. */
export async function leftBehind(
  look: Look,
  container: Container,
  declared: DeclaredVolume,
  { source }: Mount,
): Promise<Kept | undefined> {
  const kept = await keptVolume(look, container, declared)
  if (kept === undefined) return undefined
  return (await datasetsBelow(look, kept.parent)).has(datasetOf(kept.parent, source)) ? undefined : kept
}

/** Its id once it is given back. */
export const ownVolume = (container: string, declared: DeclaredVolume): string =>
  `${declared.storage}:${ownName(container, declared)}`

/** Nothing is allocated: its data comes back. */
export function giveBack(
  id: string,
  declared: DeclaredVolume,
  kept: Kept,
  slot: string,
  leaving: readonly Mount[],
): Change {
  const { name, storage, mountPoint } = declared
  const target = `${kept.parent}/${ownName(id, declared)}`
  const value = [ownVolume(id, declared), ...optionsOf(declared)].join(',')
  return {
    resource: volumeId(id, name),
    action: 'create',
    risk: 'safe',
    summary: `give container ${id} its kept volume ${name} (${kept.dataset}) back, ${slot} on ${mountPoint}`,
    fields: [
      { field: 'dataset', from: kept.dataset, to: target },
      { field: 'mount point', from: null, to: mountPoint },
    ],
    steps: allocationSteps(id, { slot, path: mountPoint, storage, leaving }, [
      ...(kept.dataset === target ? [] : [renamed(kept.dataset, target)]),
      { kind: 'command', argv: ['pct', 'set', id, `-${slot}`, value] },
    ]),
    undo: { commands: [['pct', 'set', id, '--delete', slot]] },
  }
}

export function putBack(id: string, { name }: DeclaredVolume, kept: Kept, { source, slot }: Mount): Change {
  const target = datasetOf(kept.parent, source)
  return {
    resource: volumeId(id, name),
    action: 'update',
    risk: 'safe',
    summary: `give container ${id} its kept volume ${name} (${kept.dataset}) back, as ${source} (${slot})`,
    fields: [{ field: 'dataset', from: kept.dataset, to: target }],
    steps: [renamed(kept.dataset, target)],
    undo: { commands: [['zfs', 'rename', target, kept.dataset]] },
  }
}

export const renamed = (from: string, to: string): Step => ({ kind: 'command', argv: ['zfs', 'rename', from, to] })

/** Whether there is such a dataset, asked anew. */
export async function isDataset(reader: Reader, dataset: string): Promise<boolean> {
  return (await reader.query(['zfs', 'list', '-H', '-o', 'name', dataset])).exitCode === 0
}
