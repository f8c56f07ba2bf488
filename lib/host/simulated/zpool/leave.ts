/** A pool leaves the host: `zpool export`, `zpool destroy`. */
import { allDevices, useOf } from '../devices.ts'
import type { Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { unmountPool } from '../zfs/mounts.ts'
import { writeLabels } from './labels.ts'
import { isPool, openPool, openPools } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'

/** State D, never to come back: no signal ends it (zfs.jsonl scenes 68 and 106, disks.jsonl scene 29). */
const stuck: ToolAnswer = { exitCode: 1, stdout: '', stderr: '', hangs: true }

/** What keeps a pool from leaving once its file systems are unmounted: its volumes. */
function volumeUse(state: SimState, pool: Pool): 'stuck' | 'busy' | null {
  const uses = allDevices(state)
    .filter((device) => device.volume !== null && pool.datasets.includes(device.volume))
    .map((device) => useOf(state, device))
  if (uses.some((use) => use?.kind === 'swap' || use?.kind === 'pool')) return 'stuck'
  return uses.some((use) => use?.kind === 'mounted') ? 'busy' : null
}

export function exportPools(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('export', args, 'afF')
  if (isAnswer(parsed)) return parsed
  const all = parsed.flags.has('a')
  if (all && parsed.names.length > 0) return usageError('export', 'too many arguments')
  if (!all && parsed.names.length === 0) return usageError('export', 'missing pool argument')
  const { pools, stderr } = openPools(state, parsed.names)
  let errors = stderr
  for (const pool of pools) {
    if (pool.suspended) return { ...stuck, stderr: errors }
    const busy = unmountPool(state, pool)
    if (busy !== null) {
      errors += `${busy}\n`
      continue
    }
    const use = volumeUse(state, pool)
    if (use === 'stuck') return { ...stuck, stderr: errors }
    if (use === 'busy') {
      errors += `cannot export '${pool.name}': pool is busy\n`
      continue
    }
    const shared = pool.spares.some((spare) => spare.state === 'INUSE' && isSharedSpare(state, pool, spare.guid))
    if (shared && !parsed.flags.has('f')) {
      errors +=
        `cannot export '${pool.name}': pool has active shared spares that could be used by other pools once ` +
        "'pool' is exported. Use '-f' to export anyway.\n"
      continue
    }
    pool.history.push({ at: state.now, text: ['zpool', 'export', ...args].join(' ') })
    leave(state, pool, 'exported')
  }
  return answer(errors === '' ? 0 : 1, '', errors)
}

const isSharedSpare = (state: SimState, pool: Pool, guid: string): boolean =>
  state.pools.some(
    (other) => other !== pool && other.presence === 'imported' && other.spares.some((spare) => spare.guid === guid),
  )

export function destroy(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('destroy', args, 'f')
  if (isAnswer(parsed)) return parsed
  const [name, further] = parsed.names
  if (name === undefined) return usageError('destroy', 'missing pool argument')
  if (further !== undefined) return usageError('destroy', 'too many arguments')
  const pool = openPool(state, name)
  if (!isPool(pool)) {
    return answer(1, '', pool.fault + (name.includes('/') ? "use 'zfs destroy' to destroy a dataset\n" : ''))
  }
  if (pool.suspended) return stuck
  const busy = unmountPool(state, pool)
  if (busy !== null) return answer(1, '', `${busy}\ncould not destroy '${name}': could not unmount datasets\n`)
  const use = volumeUse(state, pool)
  if (use === 'stuck') return stuck
  if (use === 'busy') return answer(1, '', `cannot destroy '${name}': pool is busy\n`)
  pool.history.push({ at: state.now, text: ['zpool', 'destroy', ...args].join(' ') })
  leave(state, pool, 'destroyed')
  return answer(0)
}

function leave(state: SimState, pool: Pool, as: 'exported' | 'destroyed'): void {
  pool.presence = as
  if (pool.readOnly !== true) writeLabels(state, pool, as)
  pool.altroot = null
  pool.suspended = false
  for (const dataset of pool.datasets) dataset.mounted = false
}
