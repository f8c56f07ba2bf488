/** `zfs create` of file systems and volumes. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { makeDataset } from './datasets.ts'
import { encryptionOf } from './encryption.ts'
import { effective } from './inheritance.ts'
import { mountAndShare } from './mounts.ts'
import { nameFault } from './names.ts'
import { isAnswer, type Options, parseAssignments, parseOptions, usageError } from './options.ts'
import { createAncestors, placeFor } from './parents.ts'
import { hasSpecialVdev, largestBlock, needsUpgrade, readOnlyPool } from './pool-limits.ts'
import { autoReservation, checkProperties, type Given, warningsOf } from './properties.ts'
import { parseSize } from './sizes.ts'
import { dirAvailable, fits, limits } from './space.ts'
import { importedPool, lookupIn, parentOf, poolNameOf } from './tree.ts'
import { blockSizeWarning, defaultVolblocksize, volumeReservation } from './volumes.ts'

type Kind = 'filesystem' | 'volume'

export function create(state: SimState, args: readonly string[], stdin: string): ToolAnswer {
  const options = parseOptions('create', args, 'PV:b:nso:puv')
  if (isAnswer(options)) return options
  const { flags, names } = options
  const asked = parseRequest(options)
  if (typeof asked === 'string') return answer(1, '', asked)
  const { kind } = asked
  if ((asked.blockSize || flags.has('s')) && kind !== 'volume') {
    return usageError('create', "'-s' and '-b' can only be used when creating a volume")
  }
  if (flags.has('u') && kind !== 'filesystem') {
    return usageError('create', "'-u' can only be used when creating a filesystem")
  }
  const [name, ...more] = names
  if (name === undefined) return usageError('create', `missing ${kind} argument`)
  if (more.length > 0) return usageError('create', 'too many arguments')

  let given: readonly Given[] = asked.given
  let stderr = ''
  if (flags.has('n') || kind === 'volume') {
    const completed = complete(state, name, kind, given, flags)
    if ('fault' in completed) return answer(1, '', completed.fault)
    given = completed.given
    stderr = completed.warning
  }
  return make(state, { name, kind, given, flags, stdin, stderr })
}

interface Request {
  readonly kind: Kind
  readonly given: readonly Given[]
  readonly blockSize: boolean
}

/** -V and -b are properties by other names; they keep their place among those of -o. */
function parseRequest(options: Options): Request | string {
  const words: string[] = []
  for (const [option, value] of options.values) {
    if (option === 'o') {
      words.push(value)
      continue
    }
    const parsed = parseSize(value)
    if ('error' in parsed) return `bad volume ${option === 'b' ? 'block size' : 'size'} '${value}': ${parsed.error}\n`
    words.push(`${option === 'V' ? 'volsize' : 'volblocksize'}=${parsed.ok}`)
  }
  const given = parseAssignments(words)
  if (typeof given === 'string') return given
  const has = (letter: string): boolean => options.values.some(([option]) => option === letter)
  return { kind: has('V') ? 'volume' : 'filesystem', given, blockSize: has('b') }
}

type Completed = { readonly given: readonly Given[]; readonly warning: string } | { readonly fault: string }

/** What zfs itself works out before it asks the kernel: for volumes the rounded size and the space to reserve. */
function complete(
  state: SimState,
  name: string,
  kind: Kind,
  given: readonly Given[],
  flags: ReadonlySet<string>,
): Completed {
  const pool = importedPool(state, poolNameOf(name))
  if (pool === undefined) return { fault: `cannot open '${poolNameOf(name)}': no such pool\n` }
  const checked = checkProperties(given, kind, null, largestBlock(pool))
  if ('error' in checked) {
    return { fault: `cannot ${flags.has('n') ? 'verify' : 'create'} '${name}': ${checked.error}\n` }
  }
  if (kind === 'filesystem') return { given, warning: warningsOf(given, hasSpecialVdev(pool)) }
  const asked = checked.ok.volblocksize
  const block = asked === undefined ? defaultVolblocksize(pool) : BigInt(asked)
  const wanted = BigInt(checked.ok.volsize ?? '0')
  const volsize = ((wanted + block - 1n) / block) * block
  const completed = new Map(given)
  if (asked === undefined && block !== 16384n) completed.set('volblocksize', String(block))
  if (volsize !== wanted) {
    completed.delete('volsize')
    completed.set('volsize', String(volsize))
  }
  if (!flags.has('s') && checked.ok.refreservation === undefined) {
    completed.set('refreservation', String(reservationFor(pool, checked.ok, volsize, block)))
  }
  return { given: [...completed], warning: asked === undefined ? '' : blockSizeWarning(pool, block) }
}

const reservationFor = (pool: Pool, ok: Readonly<Record<string, string>>, volsize: bigint, block: bigint): bigint =>
  volumeReservation(pool, volsize, block, BigInt(ok.copies ?? '1'))

interface Making {
  readonly name: string
  readonly kind: Kind
  readonly given: readonly Given[]
  readonly flags: ReadonlySet<string>
  readonly stdin: string
  /** Warnings so far. */
  readonly stderr: string
}

function make(state: SimState, making: Making): ToolAnswer {
  const { name, kind, given, flags } = making
  const letter = kind === 'volume' ? 'v' : 'f'
  let stdout = ''
  if (flags.has('p') && nameFault(name, letter, false) === null) {
    const existing = importedPool(state, poolNameOf(name))?.datasets.find((dataset) => dataset.name === name)
    if (existing?.type === kind) return answer(0, '', making.stderr)
    stdout += ancestorsText(name, flags)
    const failed = flags.has('n') ? null : createAncestors(state, name)
    if (failed !== null) return answer(1, stdout, making.stderr + failed)
  }
  stdout += verboseText(name, given, flags)
  if (flags.has('n')) return answer(0, stdout, making.stderr)

  const refused = (reason: string): ToolAnswer =>
    answer(1, stdout, `${making.stderr}cannot create '${name}': ${reason}\n`)
  const pool = placeFor(state, name, letter)
  if (typeof pool === 'string') return refused(pool)
  if (pool.datasets.some((dataset) => dataset.name === name)) return refused('dataset already exists')
  const checked = checkProperties(given, kind, null, largestBlock(pool))
  if ('error' in checked) return refused(checked.error)
  const volumeFault = kind === 'volume' ? sizeFault(checked.ok, defaultVolblocksize(pool)) : null
  if (volumeFault !== null) return refused(volumeFault)
  const encryption = encryptionOf(state, pool, name, checked.ok, making.stdin)
  if ('fault' in encryption) return answer(1, stdout, making.stderr + encryption.fault)

  if (pool.readOnly === true) return refused(readOnlyPool)
  if (Object.entries(checked.ok).some(([key, value]) => needsUpgrade(pool, key, value))) {
    return refused('pool must be upgraded to set this property or value')
  }
  const dataset = makeDataset(state, pool, name, kind, withFigures(pool, encryption.properties))
  Object.assign(dataset.onetime, encryption.onetime)
  if (!hasRoom(pool, dataset)) return refused('out of space')
  pool.datasets.push(dataset)
  const stderr = making.stderr + (kind === 'filesystem' ? warningsOf(given, hasSpecialVdev(pool)) : '')
  if (flags.has('u') || kind === 'volume' || effective(lookupIn(pool), dataset, 'canmount') !== 'on') {
    return answer(0, stdout, stderr)
  }
  const failed = mountAndShare(state, pool, dataset)
  if (failed === null) return answer(0, stdout, stderr)
  return answer(1, stdout, `${stderr}${failed}filesystem successfully created, but not mounted\n`)
}

function sizeFault(ok: Readonly<Record<string, string>>, fittingBlock: bigint): string | null {
  const size = BigInt(ok.volsize ?? '0')
  if (size === 0n) return 'volume size cannot be zero'
  return size % BigInt(ok.volblocksize ?? fittingBlock) === 0n
    ? null
    : 'volume size must be a multiple of volume block size'
}

/** `refreservation=auto` becomes its figure. */
function withFigures(pool: Pool, ok: Readonly<Record<string, string>>): Record<string, string> {
  if (ok.refreservation !== autoReservation) return { ...ok }
  const block = BigInt(ok.volblocksize ?? defaultVolblocksize(pool))
  const figure = reservationFor(pool, ok, BigInt(ok.volsize ?? '0'), block)
  return { ...ok, refreservation: String(figure) }
}

/** Whether the pool takes the dataset with its quotas and reservations; it is tried on a copy of the pool's list. */
function hasRoom(pool: Pool, dataset: Dataset): boolean {
  const parent = parentOf(dataset.name)
  if (parent !== null && dirAvailable(pool, parent) <= 0) return false
  const bare: Dataset = { ...dataset, properties: { ...dataset.properties } }
  for (const limit of limits) delete bare.properties[limit]
  const trial: Pool = { ...pool, datasets: [...pool.datasets, bare] }
  return limits.every((limit) => {
    const wanted = dataset.properties[limit]
    if (wanted === undefined || !fits(trial, bare, limit, Number(wanted))) return wanted === undefined
    bare.properties[limit] = wanted
    return true
  })
}

function ancestorsText(name: string, flags: ReadonlySet<string>): string {
  if (flags.has('P')) return `create_ancestors\t${name}\n`
  if (!flags.has('v')) return ''
  return flags.has('n') ? `would create ancestors of ${name}\n` : `create ancestors of ${name}\n`
}

function verboseText(name: string, given: readonly Given[], flags: ReadonlySet<string>): string {
  if (flags.has('P')) {
    return `create\t${name}\n${given.map(([key, value]) => `property\t${key}\t${value}\n`).join('')}`
  }
  if (!flags.has('v')) return ''
  const head = flags.has('n') ? `would create ${name}\n` : `create ${name}\n`
  return head + given.map(([key, value]) => `\t${key}=${value}\n`).join('')
}
