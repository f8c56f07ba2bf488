/** `zfs snapshot`, `rollback` and `bookmark`. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { makeDataset, nextTxg, removeDataset } from './datasets.ts'
import { dependentsOf } from './dependents.ts'
import { filesOf, replaceFiles } from './mount-files.ts'
import { unmountDataset } from './mounts.ts'
import { nameFault } from './names.ts'
import { open } from './open.ts'
import { isAnswer, parseAssignments, parseOptions, usageError } from './options.ts'
import { readOnlyPool } from './pool-limits.ts'
import { checkProperties } from './properties.ts'
import { referenced } from './space.ts'
import { bookmarksOf, descendantsOf, parentOf, snapshotsOf } from './tree.ts'

export function snapshot(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('snapshot', args, 'ro:')
  if (isAnswer(options)) return options
  const given = parseAssignments(options.values.map(([, value]) => value))
  if (typeof given === 'string') return answer(1, '', given)
  if (options.names.length === 0) return usageError('snapshot', 'missing snapshot argument')
  const recursive = options.flags.has('r')
  const wanted: { pool: Pool; head: Dataset; name: string }[] = []
  for (const name of options.names) {
    const at = name.indexOf('@')
    if (at < 0) return usageError('snapshot', '')
    const opened = open(state, name.slice(0, at), 'fv')
    if (typeof opened === 'string') return usageError('snapshot', opened)
    const { pool, dataset } = opened
    for (const head of recursive ? [dataset, ...descendantsOf(pool, dataset.name)] : [dataset]) {
      wanted.push({ pool, head, name: `${head.name}${name.slice(at)}` })
    }
  }
  const several = recursive || options.names.length > 1
  const refused = (line: string): ToolAnswer => answer(1, '', `${line}${several ? 'no snapshots were created\n' : ''}`)
  for (const { name } of wanted) {
    const fault = nameFault(name, 's', true)
    if (fault !== null) return refused(`cannot create snapshot '${name}': ${fault}\n`)
  }
  const checked = checkProperties(given, 'snapshot')
  if ('error' in checked) return refused(`cannot create snapshots : ${checked.error}\n`)
  if (new Set(wanted.map(({ head }) => head)).size < wanted.length) {
    return refused('cannot create snapshots : multiple snapshots of same fs not allowed\n')
  }
  if (wanted.some(({ pool }) => pool.readOnly === true)) return refused(`cannot create snapshots : ${readOnlyPool}\n`)
  const existing = wanted.filter(({ pool, name }) => pool.datasets.some((dataset) => dataset.name === name))
  if (existing.length > 0) {
    return refused(existing.map(({ name }) => `cannot create snapshot '${name}': dataset already exists\n`).join(''))
  }
  const txgs = new Map<Pool, number>()
  for (const { pool, head, name } of wanted) {
    const txg = txgs.get(pool) ?? nextTxg(pool)
    txgs.set(pool, txg)
    pool.datasets.push(snapshotOf(state, pool, head, name, { ...checked.ok }, txg))
  }
  return answer(0)
}

function snapshotOf(
  state: SimState,
  pool: Pool,
  head: Dataset,
  name: string,
  properties: Record<string, string>,
  txg: number,
): Dataset {
  const volsize = head.properties.volsize
  const made = makeDataset(
    state,
    pool,
    name,
    'snapshot',
    volsize === undefined ? properties : { ...properties, volsize },
  )
  return { ...made, createtxg: txg, used: referenced(pool, head), files: filesOf(state, head) }
}

export function rollback(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('rollback', args, 'rRf')
  if (isAnswer(options)) return options
  const [name, ...more] = options.names
  if (name === undefined) return usageError('rollback', 'missing dataset argument')
  if (more.length > 0) return usageError('rollback', 'too many arguments')
  const opened = open(state, name, 's')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset: target } = opened
  const head = pool.datasets.find((dataset) => dataset.name === parentOf(name))
  if (head === undefined) return answer(1, '', `cannot open '${parentOf(name)}': dataset does not exist\n`)
  const newer = [...snapshotsOf(pool, head.name), ...bookmarksOf(pool, head.name)].filter(
    (each) => each.createtxg > target.createtxg,
  )
  const clones = newer.flatMap((each) => (each.type === 'snapshot' ? dependentsOf(pool, each) : []))
  const recursive = options.flags.has('r')
  const lines = (datasets: readonly Dataset[]): string => datasets.map((each) => `${each.name}\n`).join('')
  if (!options.flags.has('R') && !recursive && newer.length > 0) {
    const why = `cannot rollback to '${name}': more recent snapshots or bookmarks exist\n`
    return answer(1, '', `${why}use '-r' to force deletion of the following snapshots and bookmarks:\n${lines(newer)}`)
  }
  if (!options.flags.has('R') && clones.length > 0) {
    const why = `cannot rollback to '${name}': clones of previous snapshots exist\n`
    return answer(1, '', `${why}use '-R' to force deletion of the following clones and dependents:\n${lines(clones)}`)
  }
  for (const clone of clones) {
    const busy = clone.type === 'filesystem' ? unmountDataset(state, clone) : null
    if (busy !== null) return answer(1, '', busy)
    removeDataset(state, pool, clone)
  }
  for (const each of newer) removeDataset(state, pool, each)
  if (pool.readOnly === true) return answer(1, '', `cannot rollback '${head.name}': ${readOnlyPool}\n`)
  restore(state, pool, head, target)
  return answer(0)
}

/** The head becomes what the snapshot holds; its properties stay, but for a volume's size. */
function restore(state: SimState, pool: Pool, head: Dataset, target: Dataset): void {
  nextTxg(pool)
  head.used = Math.max(0, head.used + target.used - referenced(pool, head))
  const volsize = target.properties.volsize
  if (volsize !== undefined) head.properties.volsize = volsize
  if (head.type === 'filesystem') replaceFiles(state, head, target.files ?? {})
}

export function bookmark(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('bookmark', args, '')
  if (isAnswer(options)) return options
  const [from, to] = options.names
  if (from === undefined) return usageError('bookmark', 'missing source argument')
  if (to === undefined) return usageError('bookmark', 'missing bookmark argument')
  if (!/[@#]/.test(from)) return usageError('bookmark', `invalid source name '${from}': must contain a '@' or '#'`)
  if (!to.includes('#')) return usageError('bookmark', `invalid bookmark name '${to}': must contain a '#'`)
  const source = /^[@#]/.test(from) ? `${parentOf(to)}${from}` : from
  const name = to.startsWith('#') ? `${parentOf(source)}${to}` : to
  const opened = open(state, source, source.includes('@') ? 's' : 'b')
  if (typeof opened === 'string') return usageError('bookmark', opened)
  const { pool, dataset } = opened
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot create bookmark '${name}': ${reason}\n`)
  if (pool.disabledFeatures.includes('bookmarks')) return cannot('bookmark feature not enabled')
  if (pool.datasets.some((each) => each.name === name)) return cannot('bookmark exists')
  if (parentOf(name) !== parentOf(source)) return cannot("source is not an ancestor of the new bookmark's dataset")
  const made = makeDataset(state, pool, name, 'bookmark', {})
  pool.datasets.push({ ...made, guid: dataset.guid, createtxg: dataset.createtxg, used: dataset.used })
  return answer(0)
}
