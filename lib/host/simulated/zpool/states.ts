/** `zpool offline`, `online`, `clear`, `reopen`: the states that a person gives a member. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { isExpendable, settlePool } from './health.ts'
import { isOpen, memberDevice, readableLabel, writeLabels } from './labels.ts'
import { isPool, openPool } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { sparesGoBack, sparesStepIn } from './spares.ts'
import { allLeaves, findVdev, isLeaf, leavesOf, topLevels } from './tree.ts'

export function offline(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('offline', args, 'ft', ['power'])
  if (isAnswer(parsed)) return parsed
  if (parsed.flags.has('power')) throw new NotSimulated('zpool offline --power')
  const [name, ...devices] = parsed.names
  if (name === undefined) return usageError('offline', 'missing pool name')
  if (devices.length === 0) return usageError('offline', 'missing device name')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', `${pool.fault}failed to open pool "${name}"`)
  const fault = parsed.flags.has('f')
  const errors = devices.map((device) => {
    const error = fault ? faultOne(state, pool, device) : offlineOne(pool, device)
    const vdev = findVdev(pool, device)?.vdev
    if (error === null && vdev !== undefined && parsed.flags.has('t')) vdev.temporary = true
    return error
  })
  writeLabels(state, pool, 'active')
  const stderr = errors.map((error) => error ?? '').join('')
  return answer(errors.some((error) => error !== null) ? 1 : 0, '', stderr)
}

/** The line for stderr, or null when it is done. */
function offlineOne(pool: Pool, device: string): string | null {
  const refuse = (why: string): string => `cannot offline ${device}: ${why}\n`
  const found = findVdev(pool, device)
  if (found === undefined) return refuse('no such device in pool')
  if (found.place === 'spares') return refuse('device is reserved as a hot spare')
  if (pool.suspended) return refuse('pool I/O is currently suspended')
  if (!isLeaf(found.vdev)) return refuse('operation not supported on this type of pool')
  if (found.place !== 'cache' && found.place !== 'logs' && !isExpendable(pool, found.vdev))
    return refuse('no valid replicas')
  setState(found.vdev, 'OFFLINE', null)
  settlePool(pool)
  return null
}

function faultOne(state: SimState, pool: Pool, device: string): string | null {
  const vdev = findVdev(pool, device)?.vdev
  // zpool says nothing of a device that isn't there (zpool_do_offline: guid 0).
  if (vdev === undefined) return ''
  if (!isExpendable(pool, vdev)) return `cannot fault ${vdev.guid}: no valid replicas\n`
  setState(vdev, 'FAULTED', 'external device fault')
  settlePool(pool)
  sparesStepIn(state, pool, vdev)
  return null
}

export function setState(vdev: Vdev, state: Vdev['state'], aux: string | null): void {
  vdev.state = state
  vdev.aux = aux
}

export function online(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('online', args, 'e', ['power'])
  if (isAnswer(parsed)) return parsed
  const unknown = ['e', 'power'].find((flag) => parsed.flags.has(flag))
  if (unknown !== undefined) throw new NotSimulated(`zpool online -${unknown}`)
  const [name, ...devices] = parsed.names
  if (name === undefined) return usageError('online', 'missing pool name')
  if (devices.length === 0) return usageError('online', 'missing device name')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', `${pool.fault}failed to open pool "${name}"`)
  let stdout = ''
  let stderr = ''
  for (const device of devices) {
    const found = findVdev(pool, device)
    if (found === undefined) stderr += `couldn't find device "${device}" in pool "${name}"\n`
    else if (found.place === 'spares') {
      stderr += `cannot online ${device}: device is reserved as a hot spare\nFailed to online "${device}" in pool "${name}": -1\n`
    } else {
      bringBack(state, pool, found.vdev, false)
      if (found.vdev.state === 'ONLINE') continue
      stdout += `warning: device '${device}' onlined, but remains in faulted state\n`
      stdout +=
        found.vdev.state === 'FAULTED'
          ? "use 'zpool clear' to restore a faulted device\n"
          : "use 'zpool replace' to replace devices that are no longer present\n"
    }
  }
  sparesGoBack(state, pool)
  writeLabels(state, pool, 'active')
  return answer(stderr === '' ? 0 : 1, stdout, stderr)
}

/** Opens a member again. A faulted one needs `zpool clear`; one whose device or label is gone stays away. */
export function bringBack(state: SimState, pool: Pool, leaf: Vdev, evenFaulted: boolean): void {
  if (isOpen(leaf) || (leaf.state === 'FAULTED' && !evenFaulted)) return
  const device = memberDevice(state, leaf)
  if (device === undefined || device.disk?.readErrors === true) {
    if (leaf.state === 'OFFLINE') setState(leaf, 'UNAVAIL', null)
  } else if (device.content.label?.vdevGuid === leaf.guid && device.content.label.intact) {
    setState(leaf, 'ONLINE', null)
    delete leaf.notPresent
    delete leaf.temporary
    // What was written meanwhile has to be copied before it counts as a replica.
    leaf.staleSince = state.now
  } else setState(leaf, 'UNAVAIL', readableLabel(device) === null ? 'invalid label' : 'corrupted data')
  settlePool(pool)
}

export function clear(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('clear', args, 'FnX', ['power'])
  if (isAnswer(parsed)) return parsed
  const unknown = ['F', 'n', 'X', 'power'].find((flag) => parsed.flags.has(flag))
  if (unknown !== undefined) throw new NotSimulated(`zpool clear -${unknown}`)
  const [name, device, further] = parsed.names
  if (name === undefined) return usageError('clear', 'missing pool name')
  if (further !== undefined) return usageError('clear', 'too many arguments')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const found = device === undefined ? undefined : findVdev(pool, device)
  const refuse = (why: string): ToolAnswer => answer(1, '', `cannot clear errors for ${device ?? name}: ${why}\n`)
  if (device !== undefined && found === undefined) return refuse('no such device in pool')
  if (found?.place === 'spares') return refuse('device is reserved as a hot spare')
  const leaves = found === undefined ? allLeaves(pool) : leavesOf(found.vdev)
  if (pool.suspended && !resume(state, pool)) return refuse('I/O error')
  for (const leaf of leaves) {
    leaf.readErrors = 0
    leaf.writeErrors = 0
    leaf.checksumErrors = 0
    if (leaf.state === 'DEGRADED') setState(leaf, 'ONLINE', null)
    // What a person took offline stays so; cleared is what failed.
    if (leaf.state !== 'OFFLINE' && pool.spares.every((spare) => spare.guid !== leaf.guid))
      bringBack(state, pool, leaf, true)
  }
  settlePool(pool)
  sparesGoBack(state, pool)
  writeLabels(state, pool, 'active')
  return answer(0)
}

/** A suspended pool goes on when every device that it can't do without answers again. */
function resume(state: SimState, pool: Pool): boolean {
  const isThere = (leaf: Vdev): boolean => memberDevice(state, leaf) !== undefined
  const serves = (vdev: Vdev): boolean =>
    isLeaf(vdev) ? isThere(vdev) : isExpendableUnless(vdev, vdev.children.filter((child) => !serves(child)).length)
  if (!topLevels(pool).every(serves)) return false
  pool.suspended = false
  pool.errorCount = 0
  return true
}

const isExpendableUnless = (vdev: Vdev, missing: number): boolean =>
  missing <= (vdev.type.startsWith('raidz') ? Number(vdev.type.slice(5)) : vdev.children.length - 1)

export function reopen(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('reopen', args, 'n')
  if (isAnswer(parsed)) return parsed
  for (const name of parsed.names) {
    const pool = openPool(state, name)
    if (!isPool(pool)) return answer(1, '', pool.fault)
  }
  return answer(0)
}
