/** `zpool create`: the order of its checks is that of zpool_do_create, so the first complaint is the one that ZFS makes. */
import { settleVolumes } from '../devices.ts'
import type { Pool, SimState } from '../model.ts'
import { nextGuid } from '../random.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { newRootDataset } from '../zfs/datasets.ts'
import { isEmptyFolder } from '../zfs/mount-files.ts'
import { mountPool } from '../zfs/mounts.ts'
import { checkRootProperties } from '../zfs/properties.ts'
import { parseSize } from '../zfs/sizes.ts'
import { compatibilityFault, featureNames, missingFeatures } from './features.ts'
import { checkDevices, complaint, specificationFault } from './in-use.ts'
import { importedPools, writeLabels } from './labels.ts'
import { layout } from './layout.ts'
import { nameFault } from './names.ts'
import { isAnswer, type Options, parseOptions, usageError } from './options.ts'
import { checkProperty } from './pool-properties.ts'
import { addProperty, applyProperty } from './pool-settings.ts'
import { replicationFaults } from './replication.ts'
import { parseSpecification, type Specification } from './specification.ts'
import { addVdevs, kernelFault, type Preparation, prepareDevices } from './vdevs.ts'

const fail = (stderr: string): ToolAnswer => answer(1, '', stderr)

interface Wanted {
  readonly name: string
  readonly properties: ReadonlyMap<string, string>
  readonly fileSystem: readonly (readonly [string, string])[]
  readonly mountpoint: string | null
  readonly altroot: string | null
  readonly enableFeatures: boolean
}

export function create(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('create', args, 'fndR:m:o:O:t:')
  if (isAnswer(options)) return options
  const wanted = readOptions(options)
  if (isAnswer(wanted)) return wanted
  const [name, ...words] = options.names
  if (name === undefined) return usageError('create', 'missing pool name argument')
  if (words.length === 0) return usageError('create', 'missing vdev specification')
  if (name.includes('/')) {
    return fail(`cannot create '${name}': invalid character '/' in pool name\nuse 'zfs create' to create a dataset\n`)
  }
  settleVolumes(state)
  const force = options.flags.has('f')
  const specification = askFor(state, words, wanted.properties.get('ashift'), null, force, !force)
  if (isAnswer(specification)) return specification
  if (!specification.tops.some((top) => top.place === 'data')) {
    return fail(specificationFault(['at least one general top-level vdev must be specified'], force))
  }
  const dryRun = options.flags.has('n')
  const preparation = dryRun ? { members: new Map(), warnings: '' } : prepareDevices(state, specification)
  if ('error' in preparation) return fail(preparation.error)
  const misplaced = mountpointFault(state, name, wanted)
  if (misplaced !== null) return fail(preparation.warnings + misplaced)
  if (dryRun) return answer(0, `would create '${name}' with the following layout:\n\n${layout(name, specification)}`)
  const made = make(state, { ...wanted, name }, specification, preparation)
  if ('error' in made) return fail(preparation.warnings + made.error)
  made.pool.history.push({ at: state.now, text: ['zpool', 'create', ...args].join(' ') })
  const unmounted = mountPool(state, made.pool)
  return answer(
    unmounted.length === 0 ? 0 : 1,
    '',
    preparation.warnings + unmounted.map((line) => `${line}\n`).join(''),
  )
}

function readOptions(options: Options): Omit<Wanted, 'name'> | ToolAnswer {
  const properties = new Map<string, string>()
  const fileSystem: [string, string][] = []
  let mountpoint: string | null = null
  for (const { option, value } of options.values) {
    if (option === 't') throw new NotSimulated('zpool create -t')
    if (option === 'm') mountpoint = value
    if (option === 'R') {
      properties.set('altroot', value)
      if (!properties.has('cachefile')) properties.set('cachefile', 'none')
    }
    if (option !== 'o' && option !== 'O') continue
    const equals = value.indexOf('=')
    if (equals < 0) return fail(`missing '=' for -${option} option\n`)
    const given = value.slice(0, equals)
    const asked = value.slice(equals + 1)
    if (option === 'O' && given === 'mountpoint') mountpoint = asked
    else if (option === 'O') fileSystem.push([given, asked])
    else {
      const fault = addProperty(properties, given, asked)
      if (fault !== null) return fail(fault)
    }
  }
  const checked = checkRootProperties(fileSystem, '')
  if ('error' in checked && !checked.error.startsWith('cannot create')) return fail(checked.error)
  const altroot = properties.get('altroot') ?? null
  return { properties, fileSystem, mountpoint, altroot, enableFeatures: !options.flags.has('d') }
}

/** The specification on the command line, once its devices are known to be free and alike enough. */
export function askFor(
  state: SimState,
  words: readonly string[],
  ashift: string | undefined,
  pool: Pool | null,
  force: boolean,
  checkReplication: boolean,
): Specification | ToolAnswer {
  const fault = ashiftFault(ashift)
  if (fault !== null) return fail(fault)
  const parsed = parseSpecification(state, words)
  if ('error' in parsed) return fail(parsed.error)
  const verdict = checkDevices(state, parsed.ok, force)
  if (verdict.refused.length + verdict.faults.length > 0) return fail(complaint(verdict, force))
  const mismatches = checkReplication ? replicationFaults(state, pool, parsed.ok) : []
  return mismatches.length > 0 ? fail(specificationFault(mismatches, force)) : parsed.ok
}

function ashiftFault(value: string | undefined): string | null {
  if (value === undefined) return null
  const parsed = parseSize(value)
  if ('error' in parsed) return 'ashift must be a number.\n'
  if (parsed.ok === 0n || (parsed.ok >= 9n && parsed.ok <= 16n)) return null
  return `invalid 'ashift=${parsed.ok}' property: only values between 9 and 16 are allowed.\n`
}

function mountpointFault(state: SimState, name: string, wanted: Omit<Wanted, 'name'>): string | null {
  const { mountpoint, altroot } = wanted
  if (altroot !== null && !altroot.startsWith('/')) {
    return `invalid alternate root '${altroot}': must be an absolute path\n`
  }
  if (mountpoint === 'legacy' || mountpoint === 'none') return null
  if (mountpoint !== null && !mountpoint.startsWith('/')) {
    return `invalid mountpoint '${mountpoint}': must be an absolute path, 'legacy', or 'none'\n`
  }
  const path = `${altroot ?? ''}${mountpoint ?? `/${name}`}`
  const hint = "use '-m' option to provide a different default\n"
  if (path.split('/').some((part) => Buffer.byteLength(part) > 255))
    return `mountpoint '${path}' : File name too long\n${hint}`
  if (state.files[path]?.type === 'file') return `mountpoint '${path}' : Not a directory\n${hint}`
  return path === '/' || !isEmptyFolder(state, path) ? `mountpoint '${path}' exists and is not empty\n${hint}` : null
}

/** What libzfs checks last and the kernel then does. */
function make(
  state: SimState,
  wanted: Wanted,
  specification: Specification,
  preparation: Preparation,
): { readonly pool: Pool } | { readonly error: string } {
  const { name } = wanted
  const refuse = (why: string) => ({ error: `cannot create '${name}': ${why}\n` })
  const compatibility = wanted.properties.get('compatibility') ?? 'off'
  const unreadable = compatibilityFault(compatibility)
  if (unreadable !== null) return { error: `Error: ${unreadable}\n` }
  const nameless = nameFault(name, true)
  if (nameless !== null) return { error: `${refuse(nameless).error}pool name may have been omitted\n` }
  const properties: Record<string, string> = {}
  for (const [property, value] of wanted.properties) {
    const checked = checkProperty(state, property, value, 'create')
    if ('fault' in checked) return refuse(checked.fault)
    properties[property] = checked.ok
  }
  const given =
    wanted.mountpoint === null ? wanted.fileSystem : [...wanted.fileSystem, ['mountpoint', wanted.mountpoint] as const]
  const root = checkRootProperties(given, name)
  if ('error' in root) return root
  // Spaces and Solaris disk names pass libzfs and fail in the kernel (zfs.jsonl scene 32).
  if (/ /.test(name) || /^c\d/.test(name)) return refuse('no such pool or dataset')
  if (importedPools(state).some((pool) => pool.name === name)) return refuse('pool already exists')
  const fault = kernelFault(state, specification, preparation)
  if (fault === 'too small') return refuse('one or more devices is less than the minimum size (64M)')
  if (fault === 'busy') {
    return refuse(
      'one or more vdevs refer to the same device, or one of\nthe devices is part of an active md or lvm device',
    )
  }
  const pool = emptyPool(state, name)
  takeProperties(pool, properties, wanted.enableFeatures ? missingFeatures(compatibility) : featureNames)
  addVdevs(state, pool, specification, preparation, Number(properties.ashift ?? 0))
  state.pools.push(pool)
  pool.datasets.push(newRootDataset(state, pool, root.ok))
  pool.txg = 3
  writeLabels(state, pool, 'active')
  return { pool }
}

export function emptyPool(state: SimState, name: string): Pool {
  return {
    name,
    guid: nextGuid(state),
    presence: 'imported',
    suspended: false,
    txg: 4,
    lastHost: { id: state.hostid, name: state.hostname },
    cachefile: true,
    altroot: null,
    properties: {},
    disabledFeatures: [],
    data: [],
    logs: [],
    cache: [],
    spares: [],
    special: [],
    dedup: [],
    datasets: [],
    history: [],
    scan: null,
    checkpoint: false,
    errorCount: 0,
    loadGuid: nextGuid(state),
  }
}

function takeProperties(pool: Pool, properties: Readonly<Record<string, string>>, without: readonly string[]): void {
  pool.disabledFeatures = [...without]
  for (const [name, value] of Object.entries(properties)) applyProperty(pool, name, value)
}
