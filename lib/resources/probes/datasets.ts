/** Every file system and volume of every imported pool, in one process however many there are. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import { ask, type Properties, propertiesByName } from './ask.ts'
import { poolsProbe } from './pools.ts'

/** What is read of each dataset besides the declared properties. */
const always = [
  'type',
  'used',
  'referenced',
  'mounted',
  'mountpoint',
  'canmount',
  'keystatus',
  'volsize',
  'volblocksize',
  'reservation',
  'refreservation',
]

export type Datasets = ReadonlyMap<string, Properties>
export type DatasetsProbe = Probe<Datasets>

/** States in which what ZFS says of a pool's content can be believed. */
const believable = new Set(['ONLINE', 'DEGRADED'])

/** Throws for a pool that is imported but can't be believed; a suspended one lists no datasets at all, rc 0. */
export function assertBelievable(pool: { readonly name: string; readonly state: string }): void {
  if (believable.has(pool.state)) return
  throw new CannotLook(`pool ${pool.name} is ${pool.state}: nothing that it says can be believed, it is left alone`, [
    `see what is wrong: zpool status -v ${pool.name}`,
    `connect the missing disks, then: zpool clear ${pool.name}`,
    'do not export or destroy it now: such a command may hang in the kernel and can not be killed',
  ])
}

/** One probe for a whole config: its property list is the union of all that is declared anywhere. */
export function datasetsProbe(declared: Iterable<string>): DatasetsProbe {
  const properties = [...new Set([...always, ...declared])]
  const argv = [
    'zfs',
    'get',
    '-Hp',
    '-t',
    'filesystem,volume',
    '-o',
    'name,property,value,source',
    properties.join(','),
  ]
  return {
    id: argv.join(' '),
    async read(look) {
      const pools = [...(await look.at(poolsProbe)).values()]
      const good = pools.filter((pool) => believable.has(pool.state)).map((pool) => pool.name)
      if (good.length === 0) return new Map()
      // A suspended pool is not even asked: the tool might hang on it and take the answers about the others along.
      const whole = good.length === pools.length ? argv : ['zfs', 'get', '-r', ...argv.slice(2), ...good]
      return propertiesByName((await ask(look.reader, whole, 'read the datasets')).stdout)
    },
  }
}

/**
 * All datasets that there are, or undefined when this pool isn't imported. A pool that is there without its own root
 * dataset being listed was lost between two looks (seen: zfs.jsonl scene 68: `zfs list` of a suspended pool is empty, rc 0).
 */
export async function datasetsWith(look: Look, pool: string, probe: DatasetsProbe): Promise<Datasets | undefined> {
  const live = (await look.at(poolsProbe)).get(pool)
  if (!live) return undefined
  assertBelievable(live)
  const all = await look.at(probe)
  if (!all.has(pool)) {
    throw new CannotLook(`pool ${pool} is imported, yet zfs lists no dataset of it`, [
      `see whether it is suspended: zpool status ${pool}`,
    ])
  }
  return all
}
