/** `zpool remove` and `zpool split`: taking whole vdevs out of a pool. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { nextGuid } from '../random.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { mountPool } from '../zfs/mounts.ts'
import { emptyPool } from './create.ts'
import { settlePool } from './health.ts'
import { importedPools, writeLabels } from './labels.ts'
import { layout } from './layout.ts'
import { isPool, nameFault, openPool } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { bytes, ctime, figure } from './text.ts'
import { type Found, findVdev, inPlaceOf, leavesOf, parity, shownName, topLevels } from './tree.ts'
import { releaseLeaf } from './vdevs.ts'

export function remove(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('remove', args, 'npsw')
  if (isAnswer(parsed)) return parsed
  const [name, ...devices] = parsed.names
  if (name === undefined) return usageError('remove', 'missing pool name argument')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  // Evacuations take no time here, so there is never one to cancel.
  if (parsed.flags.has('s')) return answer(1, '', `cannot cancel removal: operation is not in progress\n`)
  if (devices.length === 0) return usageError('remove', 'missing device')
  if (parsed.flags.has('n')) return memoryNeeded(pool, devices, parsed.flags.has('p'))
  let stderr = ''
  for (const device of devices) {
    const fault = removeOne(state, pool, device)
    if (fault !== null) stderr += `cannot remove ${device}: ${fault}\n`
  }
  writeLabels(state, pool, 'active')
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

function memoryNeeded(pool: Pool, devices: readonly string[], exact: boolean): ToolAnswer {
  let stdout = ''
  for (const device of devices) {
    const found = findVdev(pool, device)
    if (found === undefined) return answer(1, stdout, `cannot remove ${device}: no such device in pool\n`)
    const need = found.place === 'data' && found.parent === null ? 168 : 0
    stdout += exact
      ? `${device} ${need}\n`
      : `Memory that will be used after removing ${device}: ${figure(need, false)}\n`
  }
  return answer(0, stdout)
}

/** Why not, or null when it is gone. */
function removeOne(state: SimState, pool: Pool, device: string): string | null {
  const found = findVdev(pool, device)
  if (found === undefined) return 'no such device in pool'
  const { vdev, place } = found
  if (pool.suspended) return 'pool I/O is currently suspended'
  if (place === 'spares' && vdev.state === 'INUSE') return 'Pool busy; removal may already be in progress'
  if (place === 'spares' || place === 'cache') {
    releaseLeaf(state, pool, vdev)
    pool[place] = pool[place].filter((each) => each !== vdev)
    return null
  }
  if (found.parent !== null) return 'operation not supported on this type of pool'
  if (pool.checkpoint) return 'checkpoint exists'
  if (place !== 'logs') {
    const fault = evacuationFault(pool, found)
    if (fault !== null) return fault
    pool.remove =
      `Removal of vdev ${vdev.id ?? 0} copied ${bytes(52 * 1024).replace(/B$/, '')} in 0h0m, completed on ${ctime(state.now)}\n` +
      '\t168 memory used for removed device mappings'
  }
  for (const leaf of leavesOf(vdev)) releaseLeaf(state, pool, leaf)
  pool[place] = pool[place].filter((each) => each !== vdev)
  return null
}

/** What holds data can be moved away only in a pool without raidz and of one sector size (spa_vdev_remove_top_check). */
function evacuationFault(pool: Pool, found: Found): string | null {
  const tops = topLevels(pool).filter((top) => !pool.logs.includes(top))
  const isUniform = tops.every((top) => parity(top) === 0 && top.ashift === found.vdev.ashift)
  if (!isUniform) return 'invalid config; all top-level vdevs must have the same sector size and not be raidz.'
  return found.place === 'data' && pool.data.length === 1 ? 'out of space' : null
}

export function split(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('split', args, 'gLR:lno:P')
  if (isAnswer(parsed)) return parsed
  const [name, newName, ...devices] = parsed.names
  if (name === undefined) return usageError('split', 'Missing pool name')
  if (newName === undefined) return usageError('split', 'Missing new pool name')
  const unknown =
    ['l', 'g', 'L', 'P'].find((flag) => parsed.flags.has(flag)) ??
    parsed.values.find(({ option }) => option === 'o')?.option
  if (unknown !== undefined) throw new NotSimulated(`zpool split -${unknown}`)
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const refuse = (why: string): ToolAnswer => answer(1, '', `Unable to split ${name}: ${why}\n`)
  const nameless = nameFault(newName, true)
  if (nameless !== null) return refuse(nameless)
  const tops = topLevels(pool).filter((top) => !pool.logs.includes(top))
  // The empty line is ZFS's own (zfs.jsonl scene 72).
  if (tops.some((top) => top.type !== 'mirror')) return refuse('Source pool must be composed only of mirrors\n')
  const wanted = devices.map((device) => findVdev(pool, device)?.vdev.guid)
  const leaving = tops.map((top) => top.children.find((side) => wanted.includes(side.guid)) ?? top.children.at(-1))
  if (wanted.some((guid) => !leaving.some((side) => side?.guid === guid))) {
    return refuse('Device list must include at most one disk from each mirror')
  }
  const sides = tops.flatMap((top, at) => (leaving[at] === undefined ? [] : [{ top, side: leaving[at] }]))
  if (parsed.flags.has('n')) {
    const shape = sides.map(({ side }) => ({
      type: 'disk',
      place: 'data',
      members: [{ path: shownName(state, side) }],
    }))
    return answer(
      0,
      `would create '${newName}' with the following layout:\n\n${layout(newName, { tops: shape, cache: [], spares: [] })}`,
    )
  }
  if (pool.checkpoint) return refuse('checkpoint exists')
  if (importedPools(state).some((other) => other.name === newName)) return refuse('pool already exists')
  const made = splitOff(state, pool, newName, sides)
  const altroot = parsed.values.find(({ option }) => option === 'R')?.value
  if (altroot === undefined) return answer(0)
  made.presence = 'imported'
  made.altroot = altroot
  made.cachefile = false
  writeLabels(state, made, 'active')
  return answer(
    0,
    '',
    mountPool(state, made)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

/** Each mirror gives one side to the new pool, which holds the same datasets and is exported. */
function splitOff(state: SimState, pool: Pool, name: string, sides: readonly { top: Vdev; side: Vdev }[]): Pool {
  const made: Pool = {
    ...emptyPool(state, name),
    properties: { ...pool.properties },
    disabledFeatures: [...pool.disabledFeatures],
  }
  made.datasets = pool.datasets.map((dataset) => ({
    ...structuredClone(dataset),
    name: name + dataset.name.slice(pool.name.length),
    mounted: false,
  }))
  sides.forEach(({ top, side }, id) => {
    top.children = top.children.filter((child) => child !== side)
    const path = side.path
    made.data.push({ ...inPlaceOf(top, structuredClone(side)), id })
    releaseLeaf(state, pool, side)
    const moved = made.data.at(-1)
    if (moved !== undefined) Object.assign(moved, { guid: nextGuid(state), path })
    const [last] = top.children
    if (top.children.length !== 1 || last === undefined) return
    for (const place of ['data', 'special', 'dedup'] as const) {
      pool[place] = pool[place].map((each) => (each === top ? inPlaceOf(top, last) : each))
    }
  })
  settlePool(pool)
  writeLabels(state, pool, 'active')
  state.pools.push(made)
  writeLabels(state, made, 'exported')
  made.presence = 'exported'
  return made
}
