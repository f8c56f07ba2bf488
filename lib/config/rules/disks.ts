/** A disk belongs to one vdev, whatever name it goes by. */
import { isKernelName, sameDisk } from '../disk-alias.ts'
import { climbs, plainPath } from '../plain-path.ts'
import { jsonPath } from '../problem.ts'
import { error, type Rule, type Spot, warning } from '../spot.ts'
import { type DiskGroup, diskGroups, poolSpots } from '../zfs-view.ts'

interface DiskUse {
  readonly spot: Spot
  readonly path: string
  readonly role: DiskGroup['role']
  readonly pool: Spot
}

export const disksAreUsedOnce: Rule = function* (config) {
  const uses = poolSpots(config).flatMap((pool) =>
    diskGroups(pool).flatMap(({ role, disks }) =>
      disks.flatMap((spot): DiskUse[] => (spot.text === undefined ? [] : [{ spot, path: spot.text, role, pool }])),
    ),
  )
  for (const [index, use] of uses.entries()) {
    const earlier = uses.slice(0, index).find((other) => sameDisk(other.path, use.path) && !mayShare(other, use))
    if (earlier === undefined) continue
    const otherName = earlier.path === use.path ? '' : `, there as ${earlier.path}`
    yield error(
      use.spot,
      `this disk is already used at ${jsonPath(earlier.spot.path)}${otherName}: ${use.path}`,
      'name each disk once: zpool create would refuse, or a mirror would be one disk',
    )
  }
}

export const diskPathsAreStraight: Rule = function* (config) {
  for (const { disks } of poolSpots(config).flatMap(diskGroups)) {
    for (const disk of disks) {
      if (disk.text === undefined || !climbs(disk.text)) continue
      yield error(disk, `the disk's path goes through ..: ${disk.text}`, 'write the path that is meant')
    }
  }
}

/** ZFS lets pools share a hot spare (seen: zfs.jsonl scene 104). */
function mayShare(one: DiskUse, other: DiskUse): boolean {
  return one.role === 'spare' && other.role === 'spare' && one.pool !== other.pool
}

export const disksHaveStableNames: Rule = function* (config) {
  for (const disk of poolSpots(config)
    .flatMap(diskGroups)
    .flatMap(({ disks }) => disks)) {
    if (disk.text === undefined || !isKernelName(disk.text)) continue
    yield warning(
      disk,
      `${disk.text} may be another disk after the next start`,
      `write its path of /dev/disk/by-id: ls -l /dev/disk/by-id | grep ${plainPath(disk.text).slice('/dev/'.length)}`,
    )
  }
}
