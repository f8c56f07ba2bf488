/** Disks that a pool would get by hand: whether `zpool add`, `attach` and `replace` would take them as they are. */
import type { DeclaredPool } from '../../config/zfs.ts'
import type { Look } from '../../engine/resource.ts'
import { contentsOf, contentText, isBlank } from '../disk/content.ts'
import { hindrances } from '../disk/use.ts'
import { namedTwice } from './disks.ts'
import type { Group, LayoutDifference, Member } from './layout.ts'
import { replicationFaults } from './replication.ts'

/** Declared disks that are no member of the live pool yet, in whatever role. */
export function membersToAdd(difference: LayoutDifference, live: readonly Group[]): Group[] {
  const own = new Set(live.flatMap((group) => group.members.map((member) => member.identity)))
  return difference.declared.flatMap((group) => {
    const members = group.members.filter((member) => !own.has(member.identity))
    return members.length === 0 ? [] : [{ ...group, members }]
  })
}

/**
 * What stands in the way, one line each. The live pool is no exception here: a partition of a disk that it has as a
 * whole, or the whole disk of a partition, is in use.
 */
export async function addableFaults(
  look: Look,
  pool: DeclaredPool,
  all: readonly DeclaredPool[],
  groups: readonly Group[],
): Promise<string[]> {
  const members = groups.flatMap((group) => group.members)
  const inUse = await Promise.all(members.map((member) => hindrances(look, member, null)))
  const faults = [...inUse.flat().map(({ why }) => why), ...(await namedTwice(look, pool, members, all))]
  if (faults.length > 0) return faults
  const present = members.flatMap(({ device, ...rest }: Member) => (device ? [{ ...rest, device }] : []))
  const contents = present.length === 0 ? [] : await contentsOf(look, present)
  const dirty = contents.filter((content) => !isBlank(content)).map((content) => `not empty: ${contentText(content)}`)
  return [...dirty, ...groups.flatMap((group) => replicationFaults([group]))]
}
