/** The user's words for how disks make a vdev, and what ZFS makes of them. */
export type RaidLevel = 'stripe' | 'mirror' | 'raid10' | 'raidz1' | 'raidz2' | 'raidz3'

const LEVELS = new Map<string, RaidLevel>([
  ['single', 'stripe'],
  ['stripe', 'stripe'],
  ['mirror', 'mirror'],
  ['raid10', 'raid10'],
  // `raidz` reads back as `raidz1-0` (seen: zfs.jsonl scene 34).
  ['raidz', 'raidz1'],
  ['raidz1', 'raidz1'],
  ['raidz2', 'raidz2'],
  ['raidz3', 'raidz3'],
])

export function raidLevel(written: string | undefined): RaidLevel | undefined {
  return written === undefined ? undefined : LEVELS.get(written.toLowerCase())
}

/** The vdevs that the disks become: mirrors of two for raid10, one a disk without redundancy, else one for all. */
export function vdevsOf(level: RaidLevel, disks: readonly string[]): { type: VdevType; disks: string[] }[] {
  if (level === 'stripe') return disks.map((disk) => ({ type: 'disk', disks: [disk] }))
  if (level !== 'raid10') return [{ type: level, disks: [...disks] }]
  return Array.from({ length: Math.ceil(disks.length / 2) }, (_, pair) => {
    return { type: 'mirror', disks: disks.slice(pair * 2, pair * 2 + 2) }
  })
}

export type VdevType = 'disk' | 'mirror' | 'raidz1' | 'raidz2' | 'raidz3'
