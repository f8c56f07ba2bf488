/** Datasets: names, pools, parents, volumes. */
import { propertiesIn } from '../comma.ts'
import { nearest } from '../nearest.ts'
import { parseSize } from '../size.ts'
import { error, type Rule, type Spot, warning } from '../spot.ts'
import { type DatasetSpot, datasetSpots, poolNames } from '../zfs-view.ts'

export const datasetPoolsExist: Rule = function* (config) {
  const pools = poolNames(config)
  for (const { spot, pool } of datasetSpots(config)) {
    if (pools.includes(pool)) continue
    const meant = nearest(pool, pools)
    const mend =
      meant === undefined
        ? `declare it in zfs.pools, or name one of ${pools.join(', ') || '(none)'}`
        : `did you mean ${meant}?`
    yield error(spot.get('pool'), `no pool "${pool}" is declared`, mend, meant)
  }
}

export const datasetNamesAreLegal: Rule = function* (config) {
  for (const dataset of datasetSpots(config)) {
    const { spot, pool, name } = dataset
    const at = spot.get('name')
    const fault = datasetNameFault(dataset)
    if (name.startsWith(`${pool}/`)) {
      const short = name.slice(pool.length + 1)
      yield error(at, `"${name}" repeats its pool`, `write ${short}: the pool is named beside it`, short)
    } else if (name.startsWith(`${pool}-`)) {
      const short = name.slice(pool.length + 1)
      yield warning(at, `the dataset will be ${pool}/${name}`, `if ${pool}/${short} is meant, write ${short}`, short)
    } else if (fault !== undefined)
      yield error(at, `"${name}" is no name for a dataset: ${fault}`, 'choose another name')
  }
}

/** Seen: zfs.jsonl scenes 76 and 80. */
function datasetNameFault({ name, fullName }: DatasetSpot): string | undefined {
  if (name.startsWith('/')) return 'it begins with a slash'
  if (name.endsWith('/')) return 'it ends with a slash'
  const parts = name.split('/')
  if (parts.includes('')) return 'there are two slashes in a row'
  if (parts.includes('.') || parts.includes('..')) return '. and .. lead elsewhere'
  const stranger = /[^A-Za-z0-9_.:\- /]/.exec(name)?.[0]
  if (stranger !== undefined)
    return `it has a ${JSON.stringify(stranger)}; letters, digits, blank, _ . : and - are allowed`
  // ZFS_MAX_DATASET_NAME_LEN is 256 with the closing NUL; snapshots need some of it.
  return fullName.length > 200 ? 'it is too long to take snapshots of' : undefined
}

export const datasetsAreDeclaredOnce: Rule = function* (config) {
  const seen = new Map<string, DatasetSpot>()
  for (const dataset of datasetSpots(config)) {
    const earlier = seen.get(dataset.fullName)
    if (earlier === undefined) seen.set(dataset.fullName, dataset)
    else
      yield error(
        dataset.spot.get('name'),
        `the dataset ${dataset.fullName} is declared a second time`,
        'keep one of the two',
      )
  }
}

export const datasetParentsAreDeclared: Rule = function* (config) {
  const datasets = datasetSpots(config)
  const declared = new Map(datasets.map((dataset) => [dataset.fullName, dataset]))
  const told = new Set<string>()
  for (const { spot, pool, name } of datasets) {
    if (name.startsWith(`${pool}/`)) continue
    const parts = name.split('/')
    if (parts.includes('')) continue
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/')
      const fullParent = `${pool}/${parent}`
      const found = declared.get(fullParent)
      if (found?.type === 'volume') {
        yield error(spot.get('name'), `${fullParent} is a volume and cannot hold ${name}`, 'put it elsewhere')
      } else if (found === undefined && !told.has(fullParent)) {
        told.add(fullParent)
        const entry = JSON.stringify({ name: parent, pool })
        yield error(spot.get('name'), `its parent ${fullParent} is not declared`, `add ${entry} to zfs.datasets`)
      }
    }
  }
}

export const volumesHaveSizes: Rule = function* (config) {
  for (const { spot, type, fullName } of datasetSpots(config)) {
    const size = spot.get('size')
    if (type === 'filesystem') {
      if (size.isPresent)
        yield error(
          size,
          `${fullName} is a file system and has no size`,
          'write a quota in properties, or "type": "volume"',
        )
      continue
    }
    if (!size.isPresent) {
      yield error(spot, `the volume ${fullName} has no size`, 'add "size", such as "32G"')
      continue
    }
    if (typeof size.value !== 'string' && typeof size.value !== 'number') continue
    const bytes = parseSize(String(size.value))
    if (bytes === undefined) yield error(size, `"${String(size.value)}" is no size`, 'write for instance 32G')
    else if (bytes === 0) yield error(size, 'a volume cannot be empty', 'write for instance 32G')
    else if (bytes % blockSize(spot) !== 0) {
      // Refused or rounded by ZFS, and then never equal to what is declared (seen: zfs.jsonl scene 78).
      yield error(size, 'the size must be a multiple of volblocksize (16K unless declared)', 'write it in M or G')
    }
  }
}

function blockSize(volume: Spot): number {
  const declared = propertiesIn(volume.get('properties').value).find(({ name }) => name === 'volblocksize')?.value
  return parseSize(declared ?? '16K') || 16 * 1024
}
