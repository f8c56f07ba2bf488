/** `zfs clone` and `zfs promote`. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { makeDataset, nextTxg } from './datasets.ts'
import { effective } from './inheritance.ts'
import { mountAndShare } from './mounts.ts'
import { nameFault } from './names.ts'
import { open } from './open.ts'
import { isAnswer, parseAssignments, parseOptions, usageError } from './options.ts'
import { createAncestors, placeFor } from './parents.ts'
import { checkProperties } from './properties.ts'
import { referenced } from './space.ts'
import { clonesOf, findDataset, lookupIn, parentOf, poolNameOf, snapshotsOf } from './tree.ts'

export function clone(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('clone', args, 'o:p')
  if (isAnswer(options)) return options
  const given = parseAssignments(options.values.map(([, value]) => value))
  if (typeof given === 'string') return answer(1, '', given)
  const [source, target, ...more] = options.names
  if (source === undefined) return usageError('clone', 'missing source dataset argument')
  if (target === undefined) return usageError('clone', 'missing target dataset argument')
  if (more.length > 0) return usageError('clone', 'too many arguments')
  const opened = open(state, source, 's')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset: snapshot } = opened
  if (options.flags.has('p') && nameFault(target, 'f', false) === null) {
    if (findDataset(state, target) !== undefined) return answer(0)
    const failed = createAncestors(state, target)
    if (failed !== null) return answer(1, '', failed)
  }
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot create '${target}': ${reason}\n`)
  const place = placeFor(state, target, 'f')
  if (typeof place === 'string') return cannot(place)
  const head = pool.datasets.find(({ name }) => name === parentOf(source))
  const kind = head?.type === 'volume' ? 'volume' : 'filesystem'
  const checked = checkProperties(given, kind)
  if ('error' in checked) return cannot(checked.error)
  if (poolNameOf(target) !== pool.name) return cannot('source and target pools differ')
  if (pool.datasets.some(({ name }) => name === target)) return cannot('dataset already exists')
  const made = cloneOf(state, pool, snapshot, head, target, kind, checked.ok)
  pool.datasets.push(made)
  if (kind === 'volume' || effective(lookupIn(pool), made, 'canmount') !== 'on') return answer(0)
  const failed = mountAndShare(state, pool, made)
  return failed === null ? answer(0) : answer(1, '', `${failed}filesystem successfully created, but not mounted\n`)
}

function cloneOf(
  state: SimState,
  pool: Pool,
  snapshot: Dataset,
  head: Dataset | undefined,
  name: string,
  kind: 'filesystem' | 'volume',
  properties: Readonly<Record<string, string>>,
): Dataset {
  const volsize = snapshot.properties.volsize
  const made = makeDataset(state, pool, name, kind, volsize === undefined ? properties : { volsize, ...properties })
  const contents = head && state.volumes[head.name]
  if (kind === 'volume' && contents !== undefined) {
    const { minor: _, ...content } = structuredClone(contents)
    state.volumes[name] = content
  }
  return {
    ...made,
    onetime: { ...head?.onetime },
    keyLoaded: head?.keyLoaded ?? true,
    used: head === undefined ? 0 : Math.max(0, head.used + snapshot.used - referenced(pool, head)),
    files: { ...snapshot.files },
    origin: snapshot.name,
  }
}

export function promote(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('promote', args, '')
  if (isAnswer(options)) return options
  const [name, ...more] = options.names
  if (name === undefined) return usageError('promote', 'missing clone filesystem argument')
  if (more.length > 0) return usageError('promote', 'too many arguments')
  const opened = open(state, name, 'fv')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset } = opened
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot promote '${name}': ${reason}\n`)
  const origin = pool.datasets.find((each) => each.name === dataset.origin)
  const former = pool.datasets.find((each) => each.name === parentOf(origin?.name ?? ''))
  if (origin === undefined || former === undefined) return cannot('not a cloned filesystem')
  const moving = snapshotsOf(pool, former.name).filter(({ createtxg }) => createtxg <= origin.createtxg)
  const renamed = (snapshot: Dataset): string => `${name}${snapshot.name.slice(snapshot.name.indexOf('@'))}`
  const conflict = moving.find((snapshot) => pool.datasets.some((each) => each.name === renamed(snapshot)))
  if (conflict !== undefined) return cannot(`conflicting snapshot '${renamed(conflict)}' from parent '${origin.name}'`)
  nextTxg(pool)
  const formerOrigin = former.origin
  for (const snapshot of moving) {
    const to = renamed(snapshot)
    for (const other of clonesOf(pool, snapshot.name)) other.origin = to
    snapshot.name = to
  }
  former.origin = origin.name
  dataset.origin = formerOrigin
  return answer(0)
}
