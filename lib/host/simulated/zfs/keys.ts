/** `zfs load-key`, `unload-key` and `change-key`. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { digestOf, keyFault, readKey, rootOf, setKeyLoaded } from './encryption.ts'
import { isMounted } from './mounts.ts'
import { open } from './open.ts'
import { isAnswer, lastValue, type Options, parseAssignments, parseOptions, usageError } from './options.ts'
import { byName } from './tree.ts'

export function loadKey(state: SimState, args: readonly string[], stdin: string): ToolAnswer {
  const options = parseOptions('load-key', args, 'anrL:')
  if (isAnswer(options)) return options
  const targets = targetsOf(state, 'load-key', options, (dataset) => !dataset.keyLoaded || options.flags.has('n'))
  if (isAnswer(targets)) return targets
  let stderr = ''
  let loaded = 0
  for (const { pool, dataset } of targets.roots) {
    const fault = loadOne(state, pool, dataset, options, stdin)
    if (fault === null) loaded++
    else stderr += `Key load error: ${fault}\n`
  }
  const several = options.flags.has('a') || options.flags.has('r')
  const done = options.flags.has('n') ? 'verified' : 'loaded'
  const told = several || options.flags.has('n')
  const count = told ? `${loaded} / ${targets.roots.length} key(s) successfully ${done}\n` : ''
  return answer(stderr === '' ? 0 : 255, count, stderr)
}

function loadOne(state: SimState, pool: Pool, dataset: Dataset, options: Options, stdin: string): string | null {
  const fault = rootFault(pool, dataset)
  if (fault !== null) return fault
  if (dataset.keyLoaded && !options.flags.has('n')) return `Key already loaded for '${dataset.name}'.`
  const location = lastValue(options, 'L') ?? dataset.properties.keylocation ?? 'prompt'
  const key = readKey(state, location, stdin)
  if ('fault' in key) return key.fault
  if (digestOf(key.key) !== dataset.onetime.keyDigest) return `Incorrect key provided for '${dataset.name}'.`
  if (!options.flags.has('n')) setKeyLoaded(pool, dataset.name, true)
  return null
}

export function unloadKey(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('unload-key', args, 'ar')
  if (isAnswer(options)) return options
  const targets = targetsOf(state, 'unload-key', options, (dataset) => dataset.keyLoaded)
  if (isAnswer(targets)) return targets
  let stderr = ''
  let unloaded = 0
  for (const { pool, dataset } of targets.roots) {
    const fault = rootFault(pool, dataset) ?? unloadFault(state, pool, dataset)
    if (fault !== null) stderr += `Key unload error: ${fault}\n`
    else {
      setKeyLoaded(pool, dataset.name, false)
      unloaded++
    }
  }
  const several = options.flags.has('a') || options.flags.has('r')
  const count = several ? `${unloaded} / ${targets.roots.length} key(s) successfully unloaded\n` : ''
  return answer(stderr === '' ? 0 : 255, count, stderr)
}

function unloadFault(state: SimState, pool: Pool, root: Dataset): string | null {
  if (!root.keyLoaded) return `Key already unloaded for '${root.name}'.`
  const users = pool.datasets.filter((dataset) => dataset.onetime.encryptionroot === root.name)
  return users.some((dataset) => isMounted(state, dataset)) ? `'${root.name}' is busy.` : null
}

function rootFault(pool: Pool, dataset: Dataset): string | null {
  if (dataset.onetime.encryptionroot === undefined) return `'${dataset.name}' is not encrypted.`
  const root = rootOf(pool, dataset)
  return root === dataset ? null : `Keys must be loaded for encryption root of '${dataset.name}' (${root?.name}).`
}

interface Targets {
  readonly roots: readonly { readonly pool: Pool; readonly dataset: Dataset }[]
}

/** The dataset named, with -r the roots below it, with -a all roots that `wanted` picks. */
function targetsOf(
  state: SimState,
  verb: string,
  { flags, names }: Options,
  wanted: (dataset: Dataset) => boolean,
): Targets | ToolAnswer {
  const isRoot = (dataset: Dataset): boolean => dataset.onetime.encryptionroot === dataset.name
  if (flags.has('a')) {
    const pools = state.pools.filter(({ presence }) => presence === 'imported')
    const roots = pools.flatMap((pool) =>
      pool.datasets.filter((dataset) => isRoot(dataset) && wanted(dataset)).map((dataset) => ({ pool, dataset })),
    )
    return { roots: roots.sort((a, b) => byName(a.dataset, b.dataset)) }
  }
  const [name] = names
  if (name === undefined) return usageError(verb, 'Missing dataset argument or -a option')
  const opened = open(state, name, 'fv')
  if (typeof opened === 'string') return answer(255, '', opened)
  if (!flags.has('r')) return { roots: [opened] }
  const below = opened.pool.datasets.filter(
    (dataset) => isRoot(dataset) && (dataset.name === name || dataset.name.startsWith(`${name}/`)) && wanted(dataset),
  )
  return { roots: below.sort(byName).map((dataset) => ({ pool: opened.pool, dataset })) }
}

/** A new key for an encryption root, whose old one is loaded. */
export function changeKey(state: SimState, args: readonly string[], stdin: string): ToolAnswer {
  const options = parseOptions('change-key', args, 'ilo:')
  if (isAnswer(options)) return options
  if (options.flags.has('i')) throw new NotSimulated('zfs change-key -i')
  const given = parseAssignments(options.values.map(([, value]) => value))
  const [name] = options.names
  if (typeof given === 'string') return answer(255, '', given)
  if (name === undefined) return usageError('change-key', 'Missing dataset argument')
  const opened = open(state, name, 'fv')
  if (typeof opened === 'string') return answer(255, '', opened)
  const { dataset } = opened
  const refused = (fault: string): ToolAnswer => answer(255, '', `Key change error: ${fault}\n`)
  const format = dataset.onetime.keyformat
  if (format === undefined) return refused('Dataset not encrypted.')
  if (!dataset.keyLoaded) return refused('Key must be loaded.')
  const wanted = new Map(given)
  const keyformat = wanted.get('keyformat') ?? format
  const keylocation = wanted.get('keylocation') ?? dataset.properties.keylocation ?? 'prompt'
  const key = readKey(state, keylocation, stdin)
  const fault = 'fault' in key ? key.fault : keyFault(keyformat, key.key)
  if ('fault' in key || fault !== null) return refused(fault ?? '')
  dataset.properties.keylocation = keylocation
  Object.assign(dataset.onetime, { keyformat, keyDigest: digestOf(key.key), encryptionroot: name })
  return answer(0)
}
