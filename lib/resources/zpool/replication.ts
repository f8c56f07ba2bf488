/**
 * What `zpool create` without -f would refuse of a declared layout (zpool_vdev.c, check_replication; seen: zfs.jsonl
 * scenes 9, 29, 30, 36). phx never uses -f, so it says so before anything is wiped.
 */
import { sizeText } from '../size.ts'
import type { Group } from './layout.ts'

/** Differences below this are taken for the same size (ZPOOL_FUZZ in zpool_vdev.c). */
const fuzz = 16 * 1024 ** 2
const smallest = 64 * 1024 ** 2

const failures: Readonly<Record<string, number>> = { disk: 0, raidz1: 1, raidz2: 2, raidz3: 3 }
const survives = (group: Group): number => failures[group.type] ?? group.members.length - 1

function sizeFault(group: Group): string | undefined {
  const sizes = group.members.flatMap((member) => member.device?.size ?? [])
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  if (least < smallest) return `a disk of ${sizeText(least)} is too small: ZFS needs 64 MiB`
  if (group.type === 'disk' || most - least <= fuzz) return undefined
  return `the disks of one ${group.type} differ in size (${[...new Set(sizes)].map(sizeText).join(', ')})`
}

function isAlike(one: Group, other: Group): boolean {
  if (survives(one) !== survives(other)) return false
  if (one.type === other.type) return one.members.length === other.members.length
  return one.type !== 'disk' && other.type !== 'disk'
}

/** Why `zpool create` would refuse, one line each. */
export function replicationFaults(groups: readonly Group[]): string[] {
  const faults = groups.flatMap((group) =>
    group.role === 'cache' || group.role === 'spare' ? [] : (sizeFault(group) ?? []),
  )
  const [first, ...rest] = groups.filter((group) => group.role === 'data' || group.role === 'special')
  const odd = first && rest.find((group) => !isAlike(first, group))
  if (first && odd) {
    const text = (group: Group): string =>
      group.type === 'disk' ? 'a single disk' : `a ${group.type} of ${group.members.length}`
    faults.push(
      `the vdevs differ in redundancy: ${text(first)} and ${text(odd)}${odd.role === 'special' ? ' (special)' : ''}`,
    )
  }
  return [...new Set(faults)]
}
