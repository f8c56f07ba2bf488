/** The zfs section: pools, the limit of the cache, consent. Datasets have a file of their own. */
import { raidLevel } from '../config/raid-level.ts'
import { readDatasets } from './datasets.ts'
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'
import type { World } from './world.ts'

const GIB = 1024 ** 3
/** What the scripts passed on as it is, or knew: of everything else they made a stripe, without a word. */
const SCRIPTS_KNEW = ['mirror', 'single', 'stripe', 'RAIDZ1']
const LEVELS = 'single, stripe, mirror, raid10, raidz1, raidz2, raidz3'

export function readZfs(reader: OldReader, zfs: Old, world: World): Fields | undefined {
  const later = (): undefined => undefined
  const made = reader.fields(zfs, 'zfs', {
    arc_max_gb: (old) => arcLimit(reader, old, zfs.get('arc_max')),
    arc_max: (old) => (zfs.get('arc_max_gb').isPresent ? undefined : arcFromBytes(reader, old)),
    settings: (old) =>
      reader.fields(old, 'zfs.settings', { allow_destructive_operations: (one) => consent(reader, one) }),
    pools: later,
    datasets: later,
    dataset_storage_types: later,
  })
  if (made === undefined) return undefined
  if ('arc_max' in made) {
    made.arc_max_gb = made.arc_max
    delete made.arc_max
  }
  const pools = reader.list(zfs.get('pools'), (pool) => readPool(reader, pool))
  if (zfs.get('pools').isPresent) made.pools = pools
  const datasets = readDatasets(reader, zfs, world, namesOf(pools))
  if (zfs.get('datasets').isPresent) made.datasets = datasets
  return made
}

function readPool(reader: OldReader, pool: Old): Fields | undefined {
  const { report } = reader
  const name = pool.get('name').text ?? 'this pool'
  const disks = pool.get('disks')
  if (pool.isObject && !disks.isPresent && !pool.get('vdevs').isPresent) {
    const mend = 'zpool status -P names its disks: write them as paths of /dev/disk/by-id, with raid_level'
    return report.leavesOut(pool, `no disks are named for ${name}`, mend)
  }
  const level = pool.get('raid_level')
  const count = disks.itemsOrSelf().length
  if (disks.isPresent && !level.isPresent && count !== 1) {
    return report.leavesOut(
      pool,
      `${name} has ${count} disks and no raid_level`,
      `add one of ${LEVELS}: see zpool status`,
    )
  }
  const known = level.isPresent ? canonicalLevel(level) : 'single'
  if (disks.isPresent && known === undefined) {
    const message = `${String(level.text ?? level.value)} is no raid level; the scripts made a stripe of it`
    return report.leavesOut(pool, message, `see zpool status ${name}, then write one of ${LEVELS}`)
  }
  const made = reader.fields(pool, 'zfs.pools[]', {
    raid_level: (old) => {
      reader.became(old, known)
      return known
    },
    disks: (old) => reader.words(old),
  })
  if (made === undefined || !disks.isPresent) return made
  if (!level.isPresent) {
    made.raid_level = known
    report.normalised(pool, 'no raid_level', 'single', 'one disk is all it can be')
  } else if (level.text !== undefined && !SCRIPTS_KNEW.includes(level.text)) {
    const message = `the scripts did not know ${level.text} and made a stripe; ${name} may be one`
    report.asks(level, message, `compare with zpool status ${name}: phx refuses to go on with a pool of another layout`)
  }
  return made
}

/** The user's own words for levels: any case, and RAID1 for a mirror. */
function canonicalLevel(level: Old): string | undefined {
  const word = (level.text ?? '').trim().toLowerCase()
  if (word === 'raid1') return 'mirror'
  if (word === 'raidz') return 'raidz1'
  return raidLevel(word) === undefined ? undefined : word
}

function arcLimit(reader: OldReader, old: Old, bytes: Old): unknown {
  const limit = reader.value(old, 'zfs.arc_max_gb')
  if (bytes.isPresent && Number(bytes.value) !== Number(limit) * GIB) {
    reader.report.leavesOut(bytes, 'arc_max says something else than arc_max_gb', 'keep the one that is meant, in GiB')
  } else if (bytes.isPresent) reader.report.normalised(bytes, bytes.value, 'arc_max_gb', 'both said the same')
  return limit
}

function arcFromBytes(reader: OldReader, old: Old): unknown {
  const gib = Number(old.value) / GIB
  const isBytes = /^[0-9]+$/.test(String(old.value))
  if (!isBytes || !Number.isInteger(gib)) {
    return reader.report.leavesOut(old, 'arc_max is no whole number of GiB', 'write zfs.arc_max_gb, in GiB')
  }
  reader.report.normalised(old, old.value, `arc_max_gb: ${gib}`)
  return gib
}

/** `true` made every run of the scripts a destructive one; phx would say at each run that it stands armed. */
function consent(reader: OldReader, old: Old): unknown {
  if (old.value !== true && !/^(true|yes|on)$/i.test(old.text ?? '')) {
    return reader.value(old, 'zfs.settings.allow_destructive_operations')
  }
  const mend = 'agree to one loss in the run that needs it: phx run zfs --allow-destroy zpool:NAME, or --interactive'
  return reader.report.leavesOut(old, 'this would agree to every loss, in every run', mend)
}

function namesOf(pools: readonly unknown[]): string[] {
  return pools.map((pool) => String((pool as Fields).name))
}
