/** ZFS labels: what is written on the members of a pool, and what a reader concludes from one (zpool_in_use). */
import { allDevices, type BlockDevice, findDevice } from '../devices.ts'
import type { Label, Pool, SimState, Vdev } from '../model.ts'
import { allLeaves, leavesOf, topLevels } from './tree.ts'

/** The label, if a reader finds it: one that lost its front copies still has the others. */
export function readableLabel(device: BlockDevice): Label | null {
  const label = device.content.label
  if (label === null || !label.intact || label.copies?.length === 0 || device.disk?.readErrors === true) return null
  return label
}

/** The device that a leaf lies on now: that of its path, or wherever its label turned up. */
export function memberDevice(state: SimState, leaf: Vdev): BlockDevice | undefined {
  const byPath = leaf.path === null ? undefined : findDevice(state, leaf.path)
  if (byPath?.content.label?.vdevGuid === leaf.guid) return byPath
  return allDevices(state).find((device) => device.content.label?.vdevGuid === leaf.guid) ?? byPath
}

/** States in which the kernel has the device open. */
export const isOpen = (leaf: Vdev): boolean => ['ONLINE', 'DEGRADED', 'AVAIL', 'INUSE'].includes(leaf.state)

export const importedPools = (state: SimState): Pool[] =>
  state.pools.filter((pool) => pool.presence === 'imported').sort((a, b) => (a.name < b.name ? -1 : 1))

/** The imported pool that has this device open, or one of the partitions of this disk. */
export function heldBy(state: SimState, device: BlockDevice): Pool | undefined {
  const isIn = (member: BlockDevice): boolean =>
    member.node === device.node || (device.partition === null && member.whole === device.whole)
  return importedPools(state).find((pool) =>
    allLeaves(pool).some((leaf) => {
      const member = isOpen(leaf) ? memberDevice(state, leaf) : undefined
      return member !== undefined && isIn(member)
    }),
  )
}

export interface LabelUse {
  readonly is: 'active' | 'exported' | 'potentially active' | 'spare' | 'cache'
  readonly pool: string
}

/** Whether a label makes its device part of something; null for that of a destroyed pool or a detached member. */
export function useOfLabel(state: SimState, label: Label): LabelUse | null {
  const imported = importedPools(state)
  if (label.role !== 'data') {
    const place = label.role === 'spare' ? 'spares' : 'cache'
    const user = imported.find((pool) => pool[place].some((vdev) => vdev.guid === label.vdevGuid))
    return user === undefined ? null : { is: label.role, pool: user.name }
  }
  const pool = state.pools.find((each) => each.guid === label.poolGuid)
  if (pool === undefined || label.state === 'destroyed' || label.state === 'detached') return null
  if (label.state === 'exported') return { is: 'exported', pool: pool.name }
  if (pool.presence !== 'imported') return { is: 'potentially active', pool: pool.name }
  const isMember = topLevels(pool)
    .flatMap(leavesOf)
    .some((leaf) => leaf.guid === label.vdevGuid)
  return isMember ? { is: 'active', pool: pool.name } : null
}

/** Writes the pool's state to every member that is open; the others keep an older label. */
export function writeLabels(state: SimState, pool: Pool, says: 'active' | 'exported' | 'destroyed'): void {
  pool.txg += 1
  for (const leaf of topLevels(pool).flatMap(leavesOf)) if (isOpen(leaf)) writeLabel(state, pool, leaf, says)
  for (const leaf of pool.cache) if (isOpen(leaf)) writeLabel(state, pool, leaf, says, 'cache')
  for (const leaf of pool.spares) {
    // A spare at work has an ordinary label; one that pools share carries the number of the pool that still needs it.
    if (leaf.state !== 'AVAIL') continue
    const user =
      says === 'active' ? pool : importedPools(state).find((other) => other !== pool && hasSpare(other, leaf))
    writeLabel(state, user ?? pool, leaf, says, 'spare')
  }
}

const hasSpare = (pool: Pool, leaf: Vdev): boolean => pool.spares.some((spare) => spare.guid === leaf.guid)

export function writeLabel(
  state: SimState,
  pool: Pool,
  leaf: Vdev,
  says: 'active' | 'exported' | 'destroyed' | 'detached',
  role: Label['role'] = 'data',
): void {
  const device = memberDevice(state, leaf)
  if (device === undefined) return
  // Labels cover the first and the last 512 KiB, and so whatever else was recognised there.
  device.content.signatures = []
  device.content.files = {}
  device.content.label = {
    poolGuid: pool.guid,
    vdevGuid: leaf.guid,
    role,
    intact: true,
    state: says,
    txg: says === 'detached' ? 0 : pool.txg,
    at: state.now,
    host: { id: state.hostid, name: state.hostname },
  }
}
