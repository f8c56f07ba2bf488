/** Names of pools, and whether raid level and number of disks go together. */
import type { Finding } from '../problem.ts'
import { raidLevel } from '../raid-level.ts'
import { atKey, error, type Rule, warning } from '../spot.ts'
import { type DiskGroup, diskGroups, poolNames, poolSpots } from '../zfs-view.ts'

/** zpool create's own minimum (seen: zfs.jsonl scene 34); raid10 is ours. */
const LEAST_DISKS = { stripe: 1, mirror: 2, raid10: 4, raidz1: 2, raidz2: 3, raidz3: 4 }

export const poolNamesAreLegal: Rule = function* (config) {
  const seen = new Set<string>()
  for (const pool of poolSpots(config)) {
    const spot = pool.get('name')
    const name = spot.text
    if (name === undefined) continue
    const fault = poolNameFault(name)
    if (fault !== undefined) yield error(spot, `"${name}" is no name for a pool: ${fault}`, 'choose another name')
    if (seen.has(name)) yield error(spot, `the pool "${name}" is declared a second time`, 'keep one of the two')
    seen.add(name)
  }
}

/** zpool-create(8), and what was seen in zfs.jsonl scene 32. */
function poolNameFault(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return 'it must begin with a letter'
  if (/\s/.test(name)) return 'a blank in it fails with "no such pool"'
  const stranger = /[^A-Za-z0-9_.:-]/.exec(name)?.[0]
  if (stranger !== undefined) return `it has a ${JSON.stringify(stranger)}; letters, digits, _ . : and - are allowed`
  if (name === 'log') return 'the word is reserved'
  const reserved = /^(mirror|raidz|draid|spare)/.exec(name)?.[1]
  if (reserved !== undefined) return `names that begin with ${reserved} are reserved`
  if (/^c[0-9]/.test(name)) return 'c and a digit is the form of a disk on Solaris, and ZFS refuses it'
  return name.length > 200 ? 'it is too long' : undefined
}

export const poolsHaveDisks: Rule = function* (config) {
  for (const pool of poolSpots(config)) {
    const plain = pool.get('disks').isPresent || pool.get('raid_level').isPresent
    const several = pool.get('vdevs').isPresent
    if (plain && several) {
      yield atKey(error(pool.get('vdevs'), 'a pool has either raid_level and disks, or vdevs', 'keep one of the two'))
    }
    // A field whose name is misspelt is told of by the schema: that a pool has no disks then follows from it.
    const known = pool.fields().every(([name]) => KNOWN_FIELDS.includes(name))
    if (!plain && !several && known) {
      yield error(pool, 'the pool has no disks', 'add "raid_level" and "disks"')
    }
  }
}
const KNOWN_FIELDS = ['name', 'log', 'special', 'cache', 'spares', 'properties', 'filesystem_properties', 'import']

export const raidLevelFitsDisks: Rule = function* (config) {
  for (const group of poolSpots(config).flatMap(diskGroups)) yield* levelFindings(group)
}

function* levelFindings({ role, spot, level: written, disks }: DiskGroup): Generator<Finding> {
  const level = raidLevel(written)
  if (level === undefined) return
  const at = spot.get('raid_level')
  const count = disks.length
  const counted = count === 1 ? 'is 1 disk' : `are ${count} disks`
  if (role === 'log' && level.startsWith('raidz')) {
    yield error(at, `a log cannot be ${written}`, 'write single, stripe or mirror', 'mirror')
  } else if (count < LEAST_DISKS[level]) {
    const mend = count === 1 ? 'add disks, or write single' : `add disks, or write ${fewer(level, count)}`
    yield error(at, `${written} needs at least ${LEAST_DISKS[level]} disks, and here ${counted}`, mend)
  } else if (level === 'raid10' && count % 2 === 1) {
    yield error(at, `raid10 is made of pairs, and here ${counted}`, `name ${count - 1} disks or ${count + 1}`)
  } else if (level === 'raidz1' && count === 2) {
    yield warning(at, 'raidz1 of 2 disks holds as much as a mirror and is slower', 'write mirror', 'mirror')
  } else if (level === 'stripe' && count > 1 && role === 'data') {
    yield warning(
      at,
      `${written} of ${count} disks is a stripe: when one disk fails, all is lost`,
      'write mirror or raidz1 to survive that',
    )
  }
}

/** What holds with fewer disks and survives the loss of one. */
function fewer(level: keyof typeof LEAST_DISKS, count: number): string {
  if (level === 'raidz3' && count === 3) return 'raidz2'
  return count === 2 ? 'mirror' : 'raidz1'
}

export const consentNamesDeclaredPools: Rule = function* (config) {
  const names = poolNames(config)
  for (const spot of config.get('zfs', 'settings', 'allow_destructive_operations').items()) {
    const pool = /^zpool:(.*)$/.exec(spot.text ?? '')?.[1]
    if (pool === undefined || names.includes(pool)) continue
    yield warning(
      spot,
      `no pool "${pool}" is declared, so this agrees to nothing`,
      `take it out, or name one of ${list(names)}`,
    )
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'the pools once there are some' : names.map((name) => `zpool:${name}`).join(', ')
}
