/** `zfs mount`, `unmount`, `share` and `unshare`. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { inheritingDown } from './changes.ts'
import { effective, mountpointOf } from './inheritance.ts'
import { isMounted, mountAndShare, mountOf, mountPool, shareDataset, unmountAt, unmountDataset } from './mounts.ts'
import { open, openPathOrName } from './open.ts'
import { isAnswer, lastValue, parseOptions, usageError } from './options.ts'
import { isShared, unshareAt } from './shares.ts'
import { byName, compareNames, findDataset, lookupIn } from './tree.ts'

const importedPools = (state: SimState): Pool[] =>
  state.pools.filter(({ presence, suspended }) => presence === 'imported' && !suspended).sort(byName)

export function mount(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('mount', args, 'ajRlvo:Of', { json: 'j' })
  if (isAnswer(options)) return options
  const { flags, names } = options
  for (const letter of ['j', 'R', 'l', 'f']) if (flags.has(letter)) throw new NotSimulated(`zfs mount -${letter}`)
  if (lastValue(options, 'o') !== undefined) throw new NotSimulated('zfs mount -o')
  if (flags.has('a')) {
    if (names.length > 0) return usageError('mount', 'too many arguments')
    const lines = importedPools(state).flatMap((pool) => mountPool(state, pool, flags.has('O')))
    return answer(lines.length === 0 ? 0 : 1, '', lines.map((line) => `${line}\n`).join(''))
  }
  const [name, ...more] = names
  if (name === undefined) return answer(0, mountTable(state))
  if (more.length > 0) return usageError('mount', 'too many arguments')
  const opened = open(state, name, 'f')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const fault = mountFault(state, pool, dataset)
  if (fault !== null) return answer(1, '', `cannot mount '${name}': ${fault}\n`)
  const failed = mountAndShare(state, pool, dataset, flags.has('O'))
  return failed === null ? answer(0) : answer(1, '', failed)
}

/** Why a file system can't be mounted by name (share_mount_one in zfs_main.c). */
function mountFault(state: SimState, pool: Pool, dataset: Dataset): string | null {
  const lookup = lookupIn(pool)
  const mountpoint = mountpointOf(pool, lookup, dataset).value
  if (effective(lookup, dataset, 'zoned') === 'on') return 'dataset is exported to a local zone'
  if (mountpoint === 'legacy') return 'legacy mountpoint\nuse mount(8) to mount this filesystem'
  if (mountpoint === 'none') return 'no mountpoint set'
  if (effective(lookup, dataset, 'canmount') === 'off') return "'canmount' property is set to 'off'"
  if (!dataset.keyLoaded) return 'encryption key not loaded'
  return isMounted(state, dataset) ? 'filesystem already mounted' : null
}

const mountTable = (state: SimState): string =>
  state.mounts
    .filter(({ fstype, source }) => fstype === 'zfs' && !source.includes('@'))
    .map(({ source, target }) => `${source.padEnd(30)}  ${target}\n`)
    .join('')

export function unmount(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('unmount', args, 'afu')
  if (isAnswer(options)) return options
  if (options.flags.has('u')) throw new NotSimulated('zfs unmount -u')
  if (options.flags.has('a')) return unmountEverything(state)
  const [name, ...more] = options.names
  if (name === undefined) return usageError('unmount', 'missing filesystem argument')
  if (more.length > 0) return usageError('unmount', 'too many arguments')
  const byPath = name.startsWith('/')
  const opened = openPathOrName(state, name, 'f')
  if (typeof opened === 'string') {
    return answer(1, '', byPath && opened.startsWith("'") ? `cannot unmount '${name}': not a ZFS filesystem\n` : opened)
  }
  const { pool, dataset } = opened
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot unmount '${name}': ${reason}\n`)
  if (byPath && mountOf(state, dataset.name)?.target !== name) return cannot('not a mountpoint')
  if (mountpointOf(pool, lookupIn(pool), dataset).value === 'legacy') {
    return answer(
      1,
      '',
      `cannot unmount '${dataset.name}': legacy mountpoint\nuse umount(8) to unmount this filesystem\n`,
    )
  }
  if (!isMounted(state, dataset)) return cannot('not currently mounted')
  const affected = [dataset, ...inheritingDown(pool, dataset, 'mountpoint')].filter((each) => isMounted(state, each))
  const deepestFirst = affected.sort((a, b) => compareNames(placeOf(state, b), placeOf(state, a)))
  for (const each of deepestFirst) {
    const failed = unmountDataset(state, each)
    if (failed !== null) return answer(1, '', failed)
  }
  return answer(0)
}

const placeOf = (state: SimState, dataset: Dataset): string => mountOf(state, dataset.name)?.target ?? ''

/** -a leaves legacy mounts and those of canmount=noauto. */
function unmountEverything(state: SimState): ToolAnswer {
  let stderr = ''
  const mounts = state.mounts.filter(({ fstype }) => fstype === 'zfs').sort((a, b) => compareNames(b.source, a.source))
  for (const { source, target } of mounts) {
    const dataset = findDataset(state, source)
    const pool = importedPools(state).find((each) => dataset !== undefined && each.datasets.includes(dataset))
    if (dataset === undefined || pool === undefined) continue
    const lookup = lookupIn(pool)
    if (mountpointOf(pool, lookup, dataset).value === 'legacy') continue
    if (effective(lookup, dataset, 'canmount') === 'noauto') continue
    stderr += unmountAt(state, target) ?? ''
  }
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

export function share(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('share', args, 'al')
  if (isAnswer(options)) return options
  if (options.flags.has('a')) {
    for (const pool of importedPools(state)) for (const dataset of pool.datasets) shareDataset(state, pool, dataset)
    return answer(0)
  }
  const [name] = options.names
  if (name === undefined) return usageError('share', 'missing filesystem argument')
  const opened = open(state, name, 'f')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const lookup = lookupIn(pool)
  const nfs = effective(lookup, dataset, 'sharenfs')
  if (nfs === 'off' && effective(lookup, dataset, 'sharesmb') === 'off') {
    const hint = 'use exports(5) or smb.conf(5) to share this filesystem, or set the sharenfs or sharesmb property'
    return answer(1, '', `cannot share '${name}': legacy share\n${hint}\n`)
  }
  const mounted = mountOf(state, name)
  // Only sharenfs=on counts as shared already; with options it is shared anew (scene 101).
  if (nfs === 'on' && mounted !== undefined && isShared(state, mounted.target)) {
    return answer(1, '', `cannot share '${name}': filesystem already shared\n`)
  }
  const failed = mounted === undefined ? mountAndShare(state, pool, dataset) : null
  shareDataset(state, pool, dataset)
  return failed === null ? answer(0) : answer(1, '', failed)
}

export function unshare(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('unshare', args, 'a')
  if (isAnswer(options)) return options
  if (options.flags.has('a')) {
    for (const { target } of state.mounts.filter(({ fstype }) => fstype === 'zfs')) unshareAt(state, target)
    return answer(0)
  }
  const [name] = options.names
  if (name === undefined) return usageError('unshare', 'missing filesystem argument')
  const opened = openPathOrName(state, name, 'f')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const lookup = lookupIn(pool)
  if (effective(lookup, dataset, 'sharenfs') === 'off' && effective(lookup, dataset, 'sharesmb') === 'off') {
    const hint = 'use exports(5) or smb.conf(5) to unshare this filesystem'
    return answer(1, '', `cannot unshare '${name}': legacy share\n${hint}\n`)
  }
  const mounted = mountOf(state, dataset.name)
  if (mounted === undefined || !isShared(state, mounted.target)) {
    return answer(1, '', `cannot unshare '${name}': not currently shared\n`)
  }
  unshareAt(state, mounted.target)
  return answer(0)
}
