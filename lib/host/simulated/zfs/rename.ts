/** `zfs rename` of file systems, volumes and snapshots. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { gather, mountAgain, unmountAll } from './changes.ts'
import { nextTxg } from './datasets.ts'
import { mountpointOf } from './inheritance.ts'
import { nameFault } from './names.ts'
import { open } from './open.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { createAncestors, placeFor } from './parents.ts'
import { readOnlyPool } from './pool-limits.ts'
import { descendantsOf, lookupIn, parentOf, poolNameOf } from './tree.ts'

export function rename(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('rename', args, 'pruf')
  if (isAnswer(options)) return options
  const { flags } = options
  const [from, to, ...more] = options.names
  if (from === undefined) return usageError('rename', 'missing source dataset argument')
  if (to === undefined) return usageError('rename', 'missing target dataset argument')
  if (more.length > 0) return usageError('rename', 'too many arguments')
  if (flags.has('r') && flags.has('p')) return usageError('rename', '-p and -r options are mutually exclusive')
  if (flags.has('u') && flags.has('p')) return usageError('rename', '-u and -p options are mutually exclusive')
  if (flags.has('r') && !from.includes('@')) {
    return usageError('rename', 'source dataset for recursive rename must be a snapshot')
  }
  const opened = open(state, from, flags.has('u') ? 'f' : flags.has('p') ? 'fv' : 'fvs')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  if (flags.has('p') && nameFault(to, dataset.type === 'volume' ? 'v' : 'f', false) === null) {
    const failed = createAncestors(state, to)
    if (failed !== null) return answer(1, '', failed)
  }
  if (from === to) return answer(0)
  return dataset.type === 'snapshot'
    ? renameSnapshot(pool, dataset, to, flags.has('r'))
    : renameHead(state, pool, dataset, to, flags.has('u'))
}

function renameSnapshot(pool: Pool, snapshot: Dataset, asked: string, recursive: boolean): ToolAnswer {
  const head = parentOf(snapshot.name) ?? ''
  const to = !asked.includes('@') ? `${head}@${asked}` : asked.startsWith('@') ? `${head}${asked}` : asked
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot rename to '${asked}': ${reason}\n`)
  if (parentOf(to) !== head) return cannot('snapshots must be part of same dataset')
  const fault = nameFault(to, 's', true)
  if (fault !== null) return answer(1, '', `cannot rename to '${to}': ${fault}\n`)
  const tail = (name: string): string => name.slice(name.indexOf('@'))
  const heads = recursive ? [head, ...descendantsOf(pool, head).map(({ name }) => name)] : [head]
  const moved = pool.datasets.filter((each) => heads.some((name) => each.name === `${name}${tail(snapshot.name)}`))
  const target = (each: Dataset): string => `${parentOf(each.name)}${tail(to)}`
  const clash = moved.find((each) => pool.datasets.some(({ name }) => name === target(each)))
  if (clash !== undefined) {
    const reason = recursive ? 'a child dataset already has a snapshot with the new name' : 'dataset already exists'
    return answer(1, '', `cannot rename '${clash.name}': ${reason}\n`)
  }
  nextTxg(pool)
  for (const each of moved) moveName(pool, each, target(each))
  return answer(0)
}

function moveName(pool: Pool, dataset: Dataset, to: string): void {
  for (const other of pool.datasets) if (other.origin === dataset.name) other.origin = to
  dataset.name = to
}

function renameHead(state: SimState, pool: Pool, dataset: Dataset, to: string, keepMounts: boolean): ToolAnswer {
  const fault = nameFault(to, dataset.type === 'volume' ? 'v' : 'f', true)
  if (fault !== null) return answer(1, '', `cannot rename to '${to}': ${fault}\n`)
  const place = placeFor(state, to, 'fv')
  if (typeof place === 'string') return answer(1, '', `cannot create '${to}': ${place}\n`)
  const refused = (reason: string): ToolAnswer => answer(1, '', `cannot rename to '${to}': ${reason}\n`)
  if (poolNameOf(to) !== pool.name) return refused('datasets must be within same pool')
  if (to.startsWith(`${dataset.name}/`)) {
    return refused('New dataset name cannot be a descendant of current dataset name')
  }
  const mountpoint = mountpointOf(pool, lookupIn(pool), dataset).value
  const stays = keepMounts || (dataset.type === 'filesystem' && !mountpoint.startsWith('/'))
  const change = stays ? null : gather(state, pool, dataset, 'name')
  const busy = change && unmountAll(state, pool, change)
  if (busy) return answer(1, '', busy)
  const taken = pool.datasets.some(({ name }) => name === to)
  const refusal = pool.readOnly === true ? readOnlyPool : taken ? 'dataset already exists' : null
  if (refusal === null) moveTree(state, pool, dataset.name, to)
  const stderr = change === null ? '' : mountAgain(state, pool, change)
  return taken
    ? answer(1, '', `${stderr}cannot rename '${dataset.name}': dataset already exists\n`)
    : answer(0, '', stderr)
}

/** The dataset and all below it; what stays mounted keeps its place and gets the new name (scene 108). */
function moveTree(state: SimState, pool: Pool, from: string, to: string): void {
  nextTxg(pool)
  const moved = (name: string): string | null =>
    name === from || /^[/@#]/.test(name.slice(from.length))
      ? name.startsWith(from)
        ? to + name.slice(from.length)
        : null
      : null
  for (const mount of state.mounts) {
    if (mount.fstype === 'zfs') mount.source = moved(mount.source) ?? mount.source
  }
  for (const dataset of [...pool.datasets]) {
    const name = moved(dataset.name)
    if (name === null) continue
    const content = state.volumes[dataset.name]
    if (content !== undefined) {
      delete state.volumes[dataset.name]
      state.volumes[name] = content
    }
    const root = dataset.onetime.encryptionroot
    if (root !== undefined) dataset.onetime.encryptionroot = moved(root) ?? root
    moveName(pool, dataset, name)
  }
}
