/**
 * `zfs send` and `zfs receive` of one snapshot, whole: enough to have properties with the source `received` (scene 88).
 * The stream is JSON, nothing that real ZFS could read.
 */
import type { Dataset, SimFile, SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { makeDataset } from './datasets.ts'
import { effective } from './inheritance.ts'
import { mountAndShare } from './mounts.ts'
import { open } from './open.ts'
import { isAnswer, parseAssignments, parseOptions, usageError } from './options.ts'
import { placeFor } from './parents.ts'
import { checkProperties } from './properties.ts'
import { lookupIn, parentOf } from './tree.ts'

interface Stream {
  readonly snapshot: string
  readonly guid: string
  readonly used: number
  readonly kind: 'filesystem' | 'volume'
  readonly onetime: Readonly<Record<string, string>>
  /** With -p or -R. */
  readonly properties: Readonly<Record<string, string>>
  readonly written: number
  readonly files: Readonly<Record<string, SimFile>>
}

export function send(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('send', args, 'pRLecw')
  if (isAnswer(options)) throw new NotSimulated(`zfs send ${args.join(' ')}`)
  const [name] = options.names
  if (name === undefined) return usageError('send', 'missing snapshot argument')
  const opened = open(state, name, 's')
  if (typeof opened === 'string') return answer(1, '', opened)
  const { pool, dataset: snapshot } = opened
  const head = pool.datasets.find((dataset) => dataset.name === parentOf(name))
  if (head === undefined) return answer(1, '', `cannot open '${name}': dataset does not exist\n`)
  const below = pool.datasets.some((dataset) => dataset.name.startsWith(`${head.name}/`))
  if (options.flags.has('R') && below) throw new NotSimulated('zfs send -R of several datasets')
  const stream: Stream = {
    snapshot: name.slice(name.indexOf('@')),
    guid: snapshot.guid,
    used: snapshot.used,
    kind: head.type === 'volume' ? 'volume' : 'filesystem',
    onetime: head.onetime,
    properties: options.flags.has('p') || options.flags.has('R') ? head.properties : {},
    written: head.used,
    files: snapshot.files ?? {},
  }
  return answer(0, JSON.stringify(stream))
}

export function receive(state: SimState, args: readonly string[], stdin: string): ToolAnswer {
  const options = parseOptions('receive', args, 'o:x:uF')
  if (isAnswer(options)) throw new NotSimulated(`zfs receive ${args.join(' ')}`)
  const [name] = options.names
  if (name === undefined) return usageError('receive', 'missing snapshot argument')
  if (stdin === '') return answer(1, '', 'cannot receive: failed to read from stream\n')
  const stream = JSON.parse(stdin) as Stream
  const target = name.split('@', 1)[0] ?? name
  const cannot = (reason: string): ToolAnswer => answer(1, '', `cannot receive new filesystem stream: ${reason}\n`)
  const given = parseAssignments(options.values.filter(([option]) => option === 'o').map(([, value]) => value))
  if (typeof given === 'string') return answer(1, '', given)
  const checked = checkProperties(given, stream.kind)
  if ('error' in checked) return cannot(checked.error)
  const pool = placeFor(state, target, 'fv')
  if (typeof pool === 'string') return cannot(pool)
  if (pool.datasets.some((dataset) => dataset.name === target)) {
    return cannot(`destination '${target}' exists\nmust specify -F to overwrite it`)
  }
  const excluded = options.values.filter(([option]) => option === 'x').map(([, property]) => property)
  const brought = Object.entries(stream.properties)
  const taken = brought.filter(([property]) => !excluded.includes(property) && !(property in checked.ok))
  const dataset: Dataset = {
    ...makeDataset(state, pool, target, stream.kind, {}),
    properties: { ...Object.fromEntries(taken), ...checked.ok },
    received: taken.map(([property]) => property),
    receivedValues: Object.fromEntries(brought),
    onetime: { ...stream.onetime },
    used: stream.written,
    files: { ...stream.files },
  }
  const snapshot = { ...makeDataset(state, pool, `${target}${stream.snapshot}`, 'snapshot', {}), guid: stream.guid }
  pool.datasets.push(dataset, { ...snapshot, used: stream.used, files: { ...stream.files } })
  const automatic = effective(lookupIn(pool), dataset, 'canmount') === 'on'
  if (options.flags.has('u') || stream.kind === 'volume' || !automatic) return answer(0)
  const failed = mountAndShare(state, pool, dataset)
  return failed === null ? answer(0) : answer(1, '', failed)
}
