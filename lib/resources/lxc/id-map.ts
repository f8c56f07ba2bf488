/** Which ids of the host stand for a container's own (lxc.container.conf(5), lxc.idmap; subuid(5)). */
import type { DeclaredIdMap, DeclaredLxc } from '../../config/guests/lxc.ts'

/** Where Proxmox VE puts an unprivileged container's ids, and how many (/etc/subuid: root:100000:65536). */
const base = 100_000
const count = 65_536

/** The host's id for one inside. */
export function hostId(
  { isUnprivileged, idMaps }: Pick<DeclaredLxc, 'isUnprivileged' | 'idMaps'>,
  type: 'uid' | 'gid',
  id: number,
): number {
  if (!isUnprivileged) return id
  const map = idMaps.find((one) => one.type === type && id >= one.containerId && id < one.containerId + one.size)
  return map ? map.hostId + (id - map.containerId) : base + id
}

/** Lines of the container's configuration; none when nothing is declared, for then Proxmox VE maps all. */
export function idMapLines(maps: readonly DeclaredIdMap[]): string[] {
  if (maps.length === 0) return []
  return (['uid', 'gid'] as const).flatMap((type) => {
    const own = maps.filter((one) => one.type === type).sort((one, other) => one.containerId - other.containerId)
    return rangesOf(own).map(
      ({ inside, outside, size }) => `${type === 'uid' ? 'u' : 'g'} ${inside} ${outside} ${size}`,
    )
  })
}

interface Range {
  readonly inside: number
  readonly outside: number
  readonly size: number
}

/** The declared ones, and what lies between them mapped as ever: an id without a map is nobody's inside. */
function rangesOf(maps: readonly DeclaredIdMap[]): Range[] {
  const ranges: Range[] = []
  let next = 0
  for (const { containerId, hostId: outside, size } of maps) {
    if (containerId > next) ranges.push({ inside: next, outside: base + next, size: containerId - next })
    ranges.push({ inside: containerId, outside, size })
    next = containerId + size
  }
  if (next < count) ranges.push({ inside: next, outside: base + next, size: count - next })
  return ranges
}
