/** What virtual machines and containers have in common: what they depend on, and on which storage they are. */
import { defaultStorageId } from '../config/storage-id.ts'
import type { Old } from './old.ts'
import { isObject } from './old.ts'
import type { Fields, OldReader } from './read.ts'
import type { World } from './world.ts'

export interface GuestReader {
  readonly reader: OldReader
  readonly world: World
  readonly datasets: readonly unknown[]
  /** Storage ids that will exist. */
  readonly storages: readonly string[]
  readonly pools: readonly string[]
}

/** Ids were strings in one file and numbers in the other, and said nothing of what they name. */
export function readDependencies({ reader, world }: GuestReader, list: Old): unknown[] {
  return reader.list(list, (old) => {
    const id = String(old.value).replace(/^(vm|lxc):/, '')
    const kind = world.guests.get(id)
    if (kind === undefined) {
      const isWhole = world.hasVms && world.hasContainers
      const mend = isWhole ? 'declare it, or do without' : 'give the file with the other guests too'
      return reader.report.leavesOut(old, `there is no guest ${id} in the given files`, mend)
    }
    if (kind === 'both') {
      return reader.report.leavesOut(old, `a VM and a container both have the id ${id}`, 'give one of them another id')
    }
    const made = `${kind}:${id}`
    reader.became(old, made)
    return made
  })
}

/** A storage for disks; undefined when there is none of that id, which is told of. */
export function readStorage(guests: GuestReader, old: Old, takesPools = false): unknown {
  const { reader, storages, pools, datasets } = guests
  const id = old.text
  if (id !== undefined && (storages.includes(id) || (takesPools && pools.includes(id)))) {
    reader.report.taken(old)
    return id
  }
  // The first scripts named a storage after its dataset alone.
  const meant = datasets.flatMap((dataset) => {
    if (!isObject(dataset) || dataset.name !== id || typeof dataset.pool !== 'string') return []
    return [defaultStorageId(dataset.pool, String(id))].filter((one) => storages.includes(one))
  })
  if (meant.length === 1) {
    reader.became(old, meant[0], 'the storage had the name of its dataset alone until September')
    return meant[0]
  }
  const message = `no storage ${String(old.value)} is declared`
  return reader.report.leavesOut(old, message, `name one of ${storages.join(', ')}`)
}

interface Node {
  readonly id: string
  readonly spot: Fields
}

/** Takes the dependencies out that lead back to where they began: nothing could ever start. */
export function withoutCycles(reader: OldReader, vms: readonly Fields[], containers: Fields): void {
  const nodes: Node[] = [
    ...vms.map((spot) => ({ id: `vm:${String(spot.vmid)}`, spot })),
    ...Object.entries(containers).map(([id, spot]) => ({ id: `lxc:${id}`, spot: spot as Fields })),
  ]
  const needs = new Map(nodes.map(({ id, spot }) => [id, dependenciesOf(spot)]))
  for (const { id, spot } of nodes) {
    const listed = dependenciesOf(spot)
    const circular = listed.filter((other) => reaches(needs, other, id))
    if (circular.length === 0) continue
    for (const other of circular) tellCircle(reader, id, other, reader.originOf(spot))
    spot.dependencies = listed.filter((other) => !circular.includes(other))
  }
}

function tellCircle(reader: OldReader, id: string, other: string, guest: Old | undefined): void {
  const old = guest
    ?.get('dependencies')
    .items()
    .find(({ value }) => other.endsWith(`:${String(value).replace(/^(vm|lxc):/, '')}`))
  if (old === undefined) return
  const message = id === other ? `${id} depends on itself` : `${id} needs ${other}, which in the end needs ${id}`
  reader.report.leavesOut(old, message, 'decide who starts first')
}

function dependenciesOf(guest: Fields): string[] {
  return Array.isArray(guest.dependencies) ? guest.dependencies.map(String) : []
}

function reaches(needs: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set<string>()
  const waiting = [from]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (id === to) return true
    if (seen.has(id)) continue
    seen.add(id)
    waiting.push(...(needs.get(id) ?? []))
  }
  return false
}
