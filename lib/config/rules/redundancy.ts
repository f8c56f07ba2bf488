/**
 * Whether zpool create will take the vdevs beside each other. Without -f, which phx never gives, it refuses a pool whose
 * vdevs differ in redundancy (seen: zfs.jsonl scenes 9 and 30).
 */
import { raidLevel, type VdevType, vdevsOf } from '../raid-level.ts'
import { error, type Rule, type Spot } from '../spot.ts'
import { diskGroups, poolSpots } from '../zfs-view.ts'

interface Layout {
  readonly type: VdevType
  readonly width: number
  readonly spot: Spot
}

export const vdevsAreAlike: Rule = function* (config) {
  for (const pool of poolSpots(config)) {
    const layouts = diskGroups(pool)
      .filter(({ role }) => role === 'data' || role === 'special')
      .flatMap(({ level: written, disks, spot }): Layout[] => {
        const level = raidLevel(written)
        // An odd raid10 is told of by itself.
        if (level === undefined || (level === 'raid10' && disks.length % 2 === 1)) return []
        const paths = disks.map((disk) => disk.text ?? '')
        return vdevsOf(level, paths).map((vdev) => ({ type: vdev.type, width: vdev.disks.length, spot }))
      })
    const first = layouts[0]
    const odd = layouts.find((layout) => first !== undefined && !alike(first, layout))
    if (first === undefined || odd === undefined) continue
    yield error(
      odd.spot.get('raid_level'),
      `zpool create refuses ${words(odd)} beside ${words(first)}: mismatched replication level`,
      `make it ${words(first)} too`,
    )
  }
}

/** ZFS's check_replication: one type and one width, or raidz and mirror that survive equally many failures. */
function alike(one: Layout, other: Layout): boolean {
  if (one.type === other.type) return one.width === other.width
  const raidz = [one, other].find(({ type }) => type.startsWith('raidz'))
  const mirror = [one, other].find(({ type }) => type === 'mirror')
  return raidz !== undefined && mirror !== undefined && Number(raidz.type.slice('raidz'.length)) === mirror.width - 1
}

function words({ type, width }: Layout): string {
  return type === 'disk' ? 'a single disk' : `a ${type} of ${width}`
}
