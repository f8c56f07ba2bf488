/** `zfs destroy` of file systems, volumes, snapshots and bookmarks. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { removeDataset } from './datasets.ts'
import { dependentsOf, isBelow } from './dependents.ts'
import { removeMountpoint, unmountDataset } from './mounts.ts'
import { open } from './open.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { readOnlyPool } from './pool-limits.ts'
import { niceBytes } from './sizes.ts'
import { snapshotUsed } from './space.ts'
import { childrenOf, clonesOf, parentOf, snapshotsOf } from './tree.ts'
import { isVolumeBusy } from './volumes.ts'

interface Run {
  readonly state: SimState
  readonly pool: Pool
  readonly flags: ReadonlySet<string>
  stdout: string
  stderr: string
}

const ended = (run: Run): ToolAnswer => answer(run.stderr === '' ? 0 : 1, run.stdout, run.stderr)

export function destroy(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('destroy', args, 'vpndfrR')
  if (isAnswer(options)) return options
  const { flags, names } = options
  const [name, ...more] = names
  if (name === undefined) return usageError('destroy', 'missing dataset argument')
  if (more.length > 0) return usageError('destroy', 'too many arguments')
  if (name.includes('@')) return destroySnapshots(state, name, flags)
  if (name.includes('#')) return destroyBookmark(state, name, flags)
  const opened = open(state, name, flags.has('d') ? 's' : 'fvs')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const recursive = flags.has('r') || flags.has('R')
  if (!recursive && dataset.name === pool.name) return answer(1, '', poolRefusal(name))
  const run: Run = { state, pool, flags, stdout: '', stderr: '' }
  const dependents = dependentsOf(pool, dataset)
  if (!flags.has('R')) run.stderr += dependentsFault(dataset, dependents, recursive)
  if (run.stderr === '') destroyAll(run, [...dependents, dataset])
  return ended(run)
}

const poolRefusal = (name: string): string =>
  `cannot destroy '${name}': operation does not apply to pools\n` +
  `use 'zfs destroy -r ${name}' to destroy all datasets in the pool\n` +
  `use 'zpool destroy ${name}' to destroy the pool itself\n`

/** Children need -r, clones elsewhere -R. A clone without -r says nothing by itself: its snapshot has spoken. */
function dependentsFault(target: Dataset, dependents: readonly Dataset[], recursive: boolean): string {
  const inside = dependents.filter(({ name }) => isBelow(name, target.name))
  const outside = dependents.filter(({ name }) => !isBelow(name, target.name))
  const list = (head: string, option: string, datasets: readonly Dataset[]): string =>
    `cannot destroy '${target.name}': ${target.type} has ${head}\nuse '${option}' to destroy the following datasets:\n` +
    datasets.map(({ name }) => `${name}\n`).join('')
  if (!recursive && inside.length > 0) return list('children', '-r', inside)
  return (recursive || target.type === 'snapshot') && outside.length > 0 ? list('dependent clones', '-R', outside) : ''
}

/**
 * Snapshots that follow one another go in one call to the kernel, all or none, just before the next file system. A
 * failure does not end it: what comes before a busy dataset is gone (facts, Z93).
 */
function destroyAll(run: Run, datasets: readonly Dataset[]): void {
  let batch: Dataset[] = []
  const flush = (): string => {
    const failed = destroyTogether(run, batch)
    batch = []
    return failed
  }
  for (const dataset of datasets) {
    run.stdout += lineFor(run.flags, dataset.name)
    if (run.flags.has('n') || dataset.name === run.pool.name) continue
    if (dataset.type === 'snapshot') batch.push(dataset)
    else run.stderr += flush() || destroyHead(run, dataset)
  }
  run.stderr += flush()
}

function destroyTogether(run: Run, snapshots: readonly Dataset[]): string {
  if (snapshots.length > 0 && run.pool.readOnly === true) return `cannot destroy snapshots: ${readOnlyPool}\n`
  const deferred = run.flags.has('d')
  const faults = deferred ? '' : snapshots.map((snapshot) => snapshotFault(run.pool, snapshot)).join('')
  if (faults !== '') return faults
  for (const snapshot of snapshots) destroySnapshot(run, snapshot)
  return ''
}

function snapshotFault(pool: Pool, { name, holds }: Dataset): string {
  const cannot = (reason: string): string => `cannot destroy snapshot ${name}: ${reason}\n`
  if (clonesOf(pool, name).length > 0) return cannot('snapshot is cloned')
  return holds.length === 0 ? '' : cannot(`it's being held. Run 'zfs holds -r ${name}' to see holders.`)
}

function lineFor(flags: ReadonlySet<string>, name: string): string {
  if (flags.has('p')) return `destroy\t${name}\n`
  if (!flags.has('v')) return ''
  return `${flags.has('n') ? 'would' : 'will'} destroy ${name}\n`
}

function destroyHead(run: Run, dataset: Dataset): string {
  const { state, pool } = run
  const cannot = (reason: string): string => `cannot destroy '${dataset.name}': ${reason}\n`
  const busy = dataset.type === 'filesystem' ? unmountDataset(state, dataset) : null
  if (busy !== null) return busy
  if (dataset.type === 'volume' && isVolumeBusy(state, dataset)) return cannot('dataset is busy')
  if (pool.readOnly === true) return cannot(readOnlyPool)
  // The kernel's word for what still has children or snapshots is EEXIST.
  if (childrenOf(pool, dataset.name).length > 0 || snapshotsOf(pool, dataset.name).length > 0) {
    return cannot('dataset already exists')
  }
  const { origin } = dataset
  if (dataset.type === 'filesystem') removeMountpoint(state, pool, dataset)
  for (const bookmark of pool.datasets.filter(({ name }) => name.startsWith(`${dataset.name}#`))) {
    removeDataset(state, pool, bookmark)
  }
  removeDataset(state, pool, dataset)
  if (origin !== null) destroyDeferred(state, pool, origin)
  return ''
}

/** A snapshot that was marked with -d goes with its last clone or hold. */
export function destroyDeferred(state: SimState, pool: Pool, name: string): void {
  const snapshot = pool.datasets.find((dataset) => dataset.name === name)
  if (snapshot?.properties.defer_destroy !== 'on') return
  if (snapshot.holds.length === 0 && clonesOf(pool, name).length === 0) removeDataset(state, pool, snapshot)
}

/** With -d one that is held or cloned is only marked. */
function destroySnapshot({ state, pool }: Run, snapshot: Dataset): void {
  if (snapshot.holds.length > 0 || clonesOf(pool, snapshot.name).length > 0) snapshot.properties.defer_destroy = 'on'
  else removeDataset(state, pool, snapshot)
}

/** `fs@a,b%c`: names and ranges, with -r of all datasets below too. */
function destroySnapshots(state: SimState, name: string, flags: ReadonlySet<string>): ToolAnswer {
  const at = name.indexOf('@')
  const opened = open(state, name.slice(0, at), 'fv')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const run: Run = { state, pool, flags, stdout: '', stderr: '' }
  const recursive = flags.has('r') || flags.has('R')
  const heads = recursive ? [dataset, ...descending(pool, dataset)] : [dataset]
  const chosen = heads.flatMap((head) => chosenSnapshots(pool, head, name.slice(at + 1)))
  if (!flags.has('R') && !flags.has('d')) {
    for (const snapshot of chosen) run.stderr += dependentsFault(snapshot, dependentsOf(pool, snapshot), recursive)
    if (run.stderr !== '') return ended(run)
  }
  if (chosen.length === 0) {
    return answer(1, '', 'could not find any snapshots to destroy; check snapshot names.\n')
  }
  for (const snapshot of chosen) run.stdout += lineFor(flags, snapshot.name)
  if (flags.has('v') || flags.has('p')) run.stdout += reclaimed(run, chosen)
  if (flags.has('n')) return ended(run)
  if (flags.has('R')) for (const snapshot of chosen) destroyAll(run, dependentsOf(pool, snapshot))
  run.stderr += destroyTogether(run, chosen)
  return ended(run)
}

const descending = (pool: Pool, dataset: Dataset): Dataset[] =>
  childrenOf(pool, dataset.name).flatMap((child) => [child, ...descending(pool, child)])

function chosenSnapshots(pool: Pool, head: Dataset, specification: string): Dataset[] {
  const snapshots = snapshotsOf(pool, head.name)
  const tag = ({ name }: Dataset): string => name.slice(name.indexOf('@') + 1)
  const chosen = new Set<Dataset>()
  for (const part of specification.split(',')) {
    const [from = '', to] = part.split('%')
    if (to === undefined) {
      for (const snapshot of snapshots) if (tag(snapshot) === from) chosen.add(snapshot)
      continue
    }
    const start = from === '' ? 0 : snapshots.findIndex((snapshot) => tag(snapshot) === from)
    const end = to === '' ? snapshots.length - 1 : snapshots.findIndex((snapshot) => tag(snapshot) === to)
    if (start >= 0 && end >= 0) for (const snapshot of snapshots.slice(start, end + 1)) chosen.add(snapshot)
  }
  return snapshots.filter((snapshot) => chosen.has(snapshot))
}

function reclaimed({ pool, flags }: Run, snapshots: readonly Dataset[]): string {
  const bytes = snapshots.reduce((sum, snapshot) => sum + snapshotUsed(pool, snapshot), 0)
  if (flags.has('p')) return `reclaim\t${bytes}\n`
  return `${flags.has('n') ? 'would' : 'will'} reclaim ${niceBytes(BigInt(bytes))}\n`
}

function destroyBookmark(state: SimState, name: string, flags: ReadonlySet<string>): ToolAnswer {
  for (const [letters, word] of [
    ['n', 'dryrun'],
    ['d', 'defer destroy'],
    ['rR', 'recursive'],
  ] as const) {
    if ([...letters].some((letter) => flags.has(letter)))
      return answer(255, '', `${word} is not supported with bookmark\n`)
  }
  const opened = open(state, parentOf(name) ?? '', 'fv')
  const bookmark = typeof opened === 'string' ? undefined : opened.pool.datasets.find((each) => each.name === name)
  if (typeof opened === 'string' || bookmark === undefined) return answer(1, '', `bookmark '${name}' does not exist.\n`)
  removeDataset(state, opened.pool, bookmark)
  return answer(0)
}
