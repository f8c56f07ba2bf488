/** `zfs set` and `zfs inherit`. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { type Cause, gather, mountAgain, unmountAll } from './changes.ts'
import { nextTxg } from './datasets.ts'
import { isMounted, refreshMountOptions } from './mounts.ts'
import { isAnswer, parseAssignments, parseOptions, usageError } from './options.ts'
import { hasSpecialVdev, largestBlock, needsUpgrade, readOnlyPool } from './pool-limits.ts'
import { autoReservation, checkProperties, type Existing, type Given, warningsOf } from './properties.ts'
import { appliesTo, findProperty, isUserProperty } from './property-table.ts'
import { fits } from './space.ts'
import { descendantsOf } from './tree.ts'
import { defaultVolblocksize, volumeReservation } from './volumes.ts'
import { walk } from './walk.ts'

export function set(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('set', args, 'u')
  if (isAnswer(options)) return options
  const { names: words, flags } = options
  const [first] = words
  if (first === undefined) return usageError('set', 'missing arguments')
  const start = words.findIndex((word) => !word.includes('='))
  if (words.length < 2)
    return usageError('set', start < 0 ? 'missing dataset name(s)' : 'missing property=value argument(s)')
  if (start > 0 && words.slice(start).some((word) => word.includes('=')))
    return usageError('set', 'invalid argument order')
  if (start < 0) return usageError('set', 'missing dataset name(s)')
  const given = parseAssignments(words.slice(0, start))
  if (typeof given === 'string') return answer(255, '', given)
  const names = words.slice(start)
  const { found, errors } = walk(state, { ...plainly, names, types: 'fvs' })
  let stderr = errors
  let failed = false
  for (const { pool, dataset } of found) {
    const result = setOn(state, pool, dataset, given, flags.has('u'))
    stderr += result.stderr
    if (!result.ok) failed = true
  }
  return answer(failed ? 255 : errors === '' ? 0 : 1, '', stderr)
}

const plainly = { recursive: false, depth: null, paths: false, snapshotsAsPoolSays: false } as const

interface Outcome {
  readonly ok: boolean
  readonly stderr: string
}

/** All are checked before any is set; then the kernel takes them one by one and may refuse some (scene 82). */
function setOn(state: SimState, pool: Pool, dataset: Dataset, given: readonly Given[], leaveMounts: boolean): Outcome {
  const refusal = (reason: string): Outcome => ({
    ok: false,
    stderr: `cannot set property for '${dataset.name}': ${reason}\n`,
  })
  if (dataset.type === 'bookmark') return refusal('operation not applicable to datasets of this type')
  const checked = checkProperties(given, dataset.type, existingOf(pool, dataset), largestBlock(pool))
  if ('error' in checked) return refusal(checked.error)
  if (pool.readOnly === true) return refusal(readOnlyPool)
  const values = withReservation(pool, dataset, checked.ok)
  const changes = causesIn(state, dataset, values).map((cause) => gather(state, pool, dataset, cause))
  for (const change of leaveMounts ? [] : changes) {
    const busy = unmountAll(state, pool, change)
    if (busy !== null) return { ok: false, stderr: busy }
  }
  const refused = apply(pool, dataset, values)
  let stderr = refused.map((reason) => refusal(reason).stderr).join('')
  if (!leaveMounts) {
    const failures = changes.map((change) => mountAgain(state, pool, change)).join('')
    if (failures !== '') stderr += `${failures}property may be set but unable to remount filesystem\n`
  }
  refreshMountOptions(state, pool, mountedUnder(state, pool, dataset, Object.keys(values)))
  return { ok: refused.length === 0, stderr: warningsOf(given, hasSpecialVdev(pool)) + stderr }
}

function existingOf(pool: Pool, dataset: Dataset): Existing {
  const block = dataset.onetime.volblocksize ?? String(defaultVolblocksize(pool))
  return {
    volblocksize: dataset.type === 'volume' ? BigInt(block) : null,
    version: Number(dataset.properties.version ?? '5'),
    encrypted: dataset.onetime.encryptionroot !== undefined,
  }
}

/** A volume whose reservation fitted its old size gets one for the new size (zfs_add_synthetic_resv). */
function withReservation(pool: Pool, dataset: Dataset, ok: Readonly<Record<string, string>>): Record<string, string> {
  if (dataset.type !== 'volume') return { ...ok }
  const block = BigInt(dataset.onetime.volblocksize ?? defaultVolblocksize(pool))
  const size = dataset.properties.volsize ?? '0'
  const now = ok.volsize
  const fitting = String(volumeReservation(pool, BigInt(now ?? size), block))
  if (ok.refreservation === autoReservation) return { ...ok, refreservation: fitting }
  const old = String(volumeReservation(pool, BigInt(size), block))
  const kept = dataset.properties.refreservation ?? '0'
  if (now === undefined || ok.refreservation !== undefined || kept !== old) return { ...ok }
  return { ...ok, refreservation: fitting }
}

/** Which of the properties concern mounts and shares. `canmount` does only when it is switched off. */
function causesIn(state: SimState, dataset: Dataset, values: Readonly<Record<string, string>>): Cause[] {
  if (dataset.type !== 'filesystem') return []
  return Object.entries(values).flatMap(([name, value]): Cause[] => {
    if (name === 'canmount') return value === 'off' && isMounted(state, dataset) ? ['canmount'] : []
    return name === 'mountpoint' || name === 'sharenfs' || name === 'sharesmb' ? [name] : []
  })
}

/** Sets each value that the kernel takes; the reasons for the others. */
function apply(pool: Pool, dataset: Dataset, values: Readonly<Record<string, string>>): string[] {
  nextTxg(pool)
  const refused: string[] = []
  const oldSize = dataset.properties.volsize
  for (const [name, value] of Object.entries(values)) {
    if (needsUpgrade(pool, name, value)) {
      refused.push('pool and or dataset must be upgraded to set this property or value')
      continue
    }
    if (fits(pool, dataset, name, Number(value))) {
      dataset.properties[name] = value
      dataset.received = dataset.received.filter((each) => each !== name)
      continue
    }
    const limit = name === 'quota' || name === 'refquota'
    refused.push(limit ? 'size is less than current used or reserved space' : 'size is greater than available space')
    if (values.volsize !== undefined && oldSize !== undefined) dataset.properties.volsize = oldSize
  }
  return refused
}

const inMountOptions = ['atime', 'relatime', 'devices', 'exec', 'readonly', 'setuid', 'xattr', 'acltype']

/** Mounted file systems whose options the properties change: this one and those below that inherit. */
function mountedUnder(state: SimState, pool: Pool, dataset: Dataset, names: readonly string[]): Dataset[] {
  const changed = names.filter((name) => inMountOptions.includes(name))
  if (changed.length === 0) return []
  const below = descendantsOf(pool, dataset.name)
  const inheriting = below.filter((each) => changed.some((name) => each.properties[name] === undefined))
  return [dataset, ...inheriting].filter((each) => isMounted(state, each))
}

export function inherit(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('inherit', args, 'rS')
  if (isAnswer(options)) return options
  const [asked, ...names] = options.names
  if (asked === undefined) return usageError('inherit', 'missing property argument')
  if (names.length === 0) return usageError('inherit', 'missing dataset argument')
  const row = findProperty(asked)
  if (row === undefined && !isUserProperty(asked)) return usageError('inherit', `invalid property '${asked}'`)
  const received = options.flags.has('S')
  if (row !== undefined) {
    if (row.access !== 'own' && row.access !== 'inherited') return answer(1, '', `${asked} property is read-only\n`)
    if (row.access === 'own' && !received) return answer(1, '', notInheritable(asked))
    if (received && (row.name === 'volsize' || row.name === 'version')) {
      return answer(1, '', `'${asked}' property cannot be reverted to a received value\n`)
    }
  }
  const recursive = options.flags.has('r')
  const { found, errors } = walk(state, { ...plainly, names, recursive, types: 'fvs' })
  let stderr = errors
  for (const { pool, dataset } of found) {
    if (row !== undefined && !appliesTo(row, dataset.type)) {
      if (recursive) continue
      stderr += `cannot inherit ${asked} for '${dataset.name}': property does not apply to datasets of this type\n`
      continue
    }
    stderr += inheritOn(state, pool, dataset, row?.name ?? asked, received)
  }
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

function notInheritable(name: string): string {
  const full = findProperty(name)?.name ?? name
  const clear = ['quota', 'reservation', 'refquota', 'refreservation'].includes(full)
    ? `use 'zfs set ${name}=none' to clear\nuse 'zfs inherit -S ${name}' to revert to received value\n`
    : ''
  return `'${name}' property cannot be inherited\n${clear}`
}

function inheritOn(state: SimState, pool: Pool, dataset: Dataset, name: string, received: boolean): string {
  if (pool.readOnly === true) return `cannot inherit ${name} for '${dataset.name}': ${readOnlyPool}\n`
  const isCause = name === 'mountpoint' || name === 'sharenfs' || name === 'sharesmb'
  const change = isCause && dataset.type === 'filesystem' ? gather(state, pool, dataset, name) : null
  const busy = change && unmountAll(state, pool, change)
  if (busy) return busy
  nextTxg(pool)
  const brought = received ? dataset.receivedValues?.[name] : undefined
  dataset.received = dataset.received.filter((each) => each !== name)
  if (brought === undefined) delete dataset.properties[name]
  else {
    dataset.properties[name] = brought
    dataset.received.push(name)
  }
  const stderr = change === null ? '' : mountAgain(state, pool, change)
  refreshMountOptions(state, pool, mountedUnder(state, pool, dataset, [name]))
  return stderr
}
