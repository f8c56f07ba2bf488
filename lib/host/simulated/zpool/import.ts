/** `zpool import`: the listing and the import itself (zpool_do_import, import_pools, do_import, show_import). */
import type { Pool, SimState, Vdev } from '../model.ts'
import { nextGuid } from '../random.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { loadKey } from '../zfs/keys.ts'
import { mountPool } from '../zfs/mounts.ts'
import { type Candidate, findCandidates } from './candidates.ts'
import { rootHealth, shownState } from './health.ts'
import { importedPools, writeLabels } from './labels.ts'
import { nameFault } from './names.ts'
import { isAnswer, type Options, parseOptions, usageError } from './options.ts'
import { checkProperty } from './pool-properties.ts'
import { addProperty, applyProperty } from './pool-settings.ts'
import { importWords, reasonOf } from './reasons.ts'
import { classes } from './status.ts'
import { ctime } from './text.ts'
import { leavesOf, nameWidth, shownName, topLevels } from './tree.ts'

interface ImportOptions {
  readonly force: boolean
  readonly missingLog: boolean
  readonly mount: boolean
  readonly loadKeys: boolean
  readonly properties: ReadonlyMap<string, string>
}

export function importPool(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('import', args, 'aCc:d:DEfFlmnNo:R:stT:VX', ['rewind-to-checkpoint'])
  if (isAnswer(parsed)) return parsed
  const unknown = ['F', 'n', 'X', 't', 'V', 'E', 'C', 'rewind-to-checkpoint'].find((flag) => parsed.flags.has(flag))
  const unknownValue = parsed.values.find(({ option }) => option === 'c' || option === 'T')?.option
  if (unknown !== undefined || unknownValue !== undefined)
    throw new NotSimulated(`zpool import -${unknown ?? unknownValue}`)
  const { flags } = parsed
  if (flags.has('l') && flags.has('N')) return usageError('import', '-l is incompatible with -N')
  if (flags.has('l') && !flags.has('a') && parsed.names.length === 0)
    return usageError('import', '-l is only meaningful during an import')
  const options = readOptions(parsed)
  if (isAnswer(options)) return options
  const all = flags.has('a')
  const [name, newName, further] = parsed.names
  if (further !== undefined || (all && name !== undefined)) return usageError('import', 'too many arguments')
  const where = parsed.values.filter(({ option }) => option === 'd').map(({ value }) => value)
  const isDestroyed = flags.has('D')
  const candidates = findCandidates(state, where.length === 0 ? null : where).filter(
    ({ says }) => (says === 'destroyed') === isDestroyed,
  )
  if (name !== undefined)
    return importNamed(state, name, newName, candidates, options, ['zpool', 'import', ...args].join(' '))
  if (candidates.length === 0) return answer(0, '', 'no pools available to import\n')
  if (!all) return answer(0, candidates.map((candidate) => listing(state, candidate)).join('\n'))
  const answers = candidates.map((candidate) =>
    importOne(state, candidate, undefined, options, ['zpool', 'import', ...args].join(' ')),
  )
  return answer(
    answers.some(({ exitCode }) => exitCode !== 0) ? 1 : 0,
    answers.map(({ stdout }) => stdout).join(''),
    answers.map(({ stderr }) => stderr).join(''),
  )
}

function readOptions(parsed: Options): ImportOptions | ToolAnswer {
  const properties = new Map<string, string>()
  for (const { option, value } of parsed.values) {
    if (option === 'R') {
      properties.set('altroot', value)
      if (!properties.has('cachefile')) properties.set('cachefile', 'none')
    }
    if (option !== 'o') continue
    const equals = value.indexOf('=')
    if (equals < 0) throw new NotSimulated('zpool import -o MOUNTOPTIONS')
    const fault = addProperty(properties, value.slice(0, equals), value.slice(equals + 1))
    if (fault !== null) return answer(1, '', fault)
  }
  const { flags } = parsed
  return {
    force: flags.has('f'),
    missingLog: flags.has('m'),
    mount: !flags.has('N'),
    loadKeys: flags.has('l'),
    properties,
  }
}

function importNamed(
  state: SimState,
  name: string,
  newName: string | undefined,
  candidates: readonly Candidate[],
  options: ImportOptions,
  history: string,
): ToolAnswer {
  const isGuid = /^\d+$/.test(name)
  const isMeant = (pool: Pool): boolean => (isGuid ? pool.guid === name : pool.name === name)
  // Even if another pool of that name was meant (zfs.jsonl scene 45).
  if (importedPools(state).some(isMeant) && (newName === undefined || newName === name)) {
    const hint = "use the form 'zpool import <pool | id> <newpool>' to give it a new name\n"
    return answer(1, '', `cannot import '${name}': a pool with that name already exists\n${hint}`)
  }
  const [found, ...more] = candidates.filter(({ pool }) => isMeant(pool))
  // An empty name reads as the number 0, and then only an empty list is no error (seen: pvesm-zfs.jsonl 14).
  if (name === '' && candidates.length === 0) return answer(0, '', 'no pools available to import\n')
  if (found === undefined) return answer(1, '', `cannot import '${name}': no such pool available\n`)
  if (more.length > 0) {
    const line = `cannot import '${name}': more than one matching pool\nimport by numeric ID instead\n`
    return answer(1, '', line.repeat(more.length))
  }
  return importOne(state, found, newName, options, history)
}

function importOne(
  state: SimState,
  candidate: Candidate,
  newName: string | undefined,
  options: ImportOptions,
  history: string,
): ToolAnswer {
  const { pool, host } = candidate
  const fail = (stderr: string, stdout = ''): ToolAnswer => answer(1, stdout, stderr)
  if (candidate.otherHost && !options.force && host !== null) {
    return fail(
      `cannot import '${pool.name}': pool was previously in use from another system.\n` +
        `Last accessed by ${host.name} (hostid=${host.id.replace(/^0+(?=.)/, '')}) at ${ctime(candidate.at)}\n` +
        "The pool can be imported, use 'zpool import -f' to import the pool.\n",
    )
  }
  const attempt = `cannot import '${pool.name}'${newName === undefined ? '' : ` as '${newName}'`}`
  if (newName !== undefined) {
    const fault = nameFault(newName, true)
    if (fault !== null) return fail(`cannot import '${newName}': ${fault}\n`)
  }
  const properties: [string, string][] = []
  for (const [name, value] of options.properties) {
    const checked = checkProperty(state, name, value, 'import')
    if ('fault' in checked) return fail(`cannot import pool '${pool.name}': ${checked.fault}\n`)
    properties.push([name, checked.ok])
  }
  const taken = newName ?? pool.name
  if (importedPools(state).some((other) => other.name === taken)) return fail(`${attempt}: pool already exists\n`)
  if (rootHealth(pool).state === 'UNAVAIL') {
    return fail(`${attempt}: no such pool or dataset\n`, '\tDestroy and re-create the pool from\n\ta backup source.\n')
  }
  const lostLogs = pool.logs.filter((log) => log.state === 'UNAVAIL')
  if (lostLogs.length > 0 && !options.missingLog) {
    const hint = "The devices below are missing or corrupted, use '-m' to import the pool anyway:\n"
    const names = lostLogs.map((log) => `\t    ${shownName(state, log)} [log]\n`).join('')
    return fail(`${attempt}: one or more devices is currently unavailable\n`, `${hint}${names}\n`)
  }
  load(state, pool, taken, properties)
  pool.history.push({ at: state.now, text: history })
  // Without its keys the pool is imported all the same, with rc 1 (zfs.jsonl scene 100).
  const keys = options.loadKeys ? loadKey(state, ['-r', pool.name], '') : answer(0)
  const unmounted = options.mount ? mountPool(state, pool) : []
  const hint = unmounted.length === 0 ? '' : 'Import was successful, but unable to mount some datasets\n'
  const stderr = keys.stderr + unmounted.map((line) => `${line}\n`).join('') + hint
  return answer(keys.exitCode === 0 ? 0 : 1, keys.stdout.replace('key(s)', 'keys'), stderr)
}

/** The candidate takes the place of what was known of the pool. */
export function load(
  state: SimState,
  pool: Pool,
  name: string,
  properties: readonly (readonly [string, string])[],
): void {
  for (const leaf of topLevels(pool).flatMap(leavesOf)) markMissing(leaf)
  for (const leaf of pool.cache) markMissing(leaf)
  if (name !== pool.name) rename(state, pool, name)
  pool.presence = 'imported'
  pool.altroot = null
  pool.cachefile = true
  delete pool.readOnly
  pool.loadGuid = nextGuid(state)
  for (const [property, value] of properties) applyProperty(pool, property, value)
  for (const dataset of pool.datasets) {
    dataset.mounted = false
    dataset.keyLoaded = (dataset.onetime.encryption ?? 'off') === 'off'
  }
  pool.lastHost = { id: state.hostid, name: state.hostname }
  state.pools = state.pools.map((other) => (other.guid === pool.guid ? pool : other))
  if (pool.readOnly !== true) writeLabels(state, pool, 'active')
}

/** Not there at the import: known by its GUID from now on (vdev_set_state). */
function markMissing(leaf: Vdev): void {
  if (leaf.state === 'UNAVAIL') leaf.notPresent = true
}

export function rename(state: SimState, pool: Pool, name: string): void {
  const moved = (old: string): string => name + old.slice(pool.name.length)
  for (const dataset of pool.datasets) {
    const volume = state.volumes[dataset.name]
    if (volume !== undefined) {
      delete state.volumes[dataset.name]
      state.volumes[moved(dataset.name)] = volume
    }
    dataset.name = moved(dataset.name)
    if (dataset.origin !== null) dataset.origin = moved(dataset.origin)
  }
  pool.name = name
}

function listing(state: SimState, candidate: Candidate): string {
  const { pool } = candidate
  const root = rootHealth(pool)
  const words = importWords(reasonOf(pool, candidate), root.state)
  const width = nameWidth(state, pool, {}, 10)
  const indent = pool.properties.comment === undefined ? '' : ' '
  const indented = (text: string): string => text.replaceAll('\n\t', `\n\t${indent}`)
  const comment = pool.properties.comment === undefined ? '' : `comment: ${pool.properties.comment}\n`
  const line = (name: string, depth: number, vdev: Pick<Vdev, 'state' | 'aux'>): string =>
    `\t${' '.repeat(depth)}${name.padEnd(width - depth)}  ${shownState(vdev)}${vdev.aux === null ? '' : `  ${vdev.aux}`}\n`
  const tree = (vdev: Vdev, depth: number): string =>
    line(shownName(state, vdev), depth, vdev) + vdev.children.map((child) => tree(child, depth + 2)).join('')
  const names = (title: string, vdevs: readonly Vdev[]): string =>
    vdevs.length === 0 ? '' : `\t${title}\n${vdevs.map((vdev) => `\t  ${shownName(state, vdev)}\n`).join('')}`
  return [
    `${indent}  pool: ${pool.name}\n${indent}    id: ${pool.guid}\n${indent} state: ${root.state}`,
    candidate.says === 'destroyed' ? ' (DESTROYED)\n' : '\n',
    words.status === null ? '' : `${indent}status: ${indented(words.status)}`,
    `${indent}action: ${indented(words.action)}`,
    comment,
    words.id === null ? '' : `${indent}   see: https://openzfs.github.io/openzfs-docs/msg/${words.id}\n`,
    `${indent}config:\n\n`,
    line(pool.name, 0, root),
    ...pool.data.map((vdev) => tree(vdev, 2)),
    names('cache', pool.cache),
    names('spares', pool.spares),
    ...classes(pool)
      .filter(({ title, vdevs }) => title !== 'cache' && vdevs.length > 0)
      .map(({ title, vdevs }) => `\t${title}\n${vdevs.map((vdev) => tree(vdev, 2)).join('')}`),
  ].join('')
}
