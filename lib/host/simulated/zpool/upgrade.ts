/** `zpool upgrade`: which features could be enabled, and enabling them. */
import type { Pool, SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { pendingFeatures } from './features.ts'
import { importedPools, writeLabels } from './labels.ts'
import { openPools } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'

const opening = 'This system supports ZFS pool feature flags.\n\n'
const formatted = 'All pools are formatted using feature flags.\n\n'
const explanation = `
Some supported features are not enabled on the following pools. Once a
feature is enabled the pool may become incompatible with software
that does not support the feature. See zpool-features(7) for details.

Note that the pool 'compatibility' feature can be used to inhibit
feature upgrades.

POOL  FEATURE
---------------
`

export function upgrade(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('upgrade', args, 'avV:')
  if (isAnswer(parsed)) return parsed
  if (parsed.flags.has('v') || parsed.values.length > 0) throw new NotSimulated('zpool upgrade -v and -V')
  const all = parsed.flags.has('a')
  if (all && parsed.names.length > 0)
    return usageError('upgrade', '-a option should not be used along with a pool name')
  if (parsed.names.length === 0 && !all) return answer(0, opening + formatted + overview(state))
  const { pools, stderr } = openPools(state, parsed.names)
  const texts = pools.map((pool) => enable(state, pool, all))
  if (all && texts.join('') === '') {
    return answer(
      0,
      `${opening}All pools are already formatted using feature flags.\n\n` +
        'Every feature flags pool already has all supported and requested features enabled.\n',
    )
  }
  return answer(stderr === '' ? 0 : 1, opening + texts.join(''), stderr)
}

/** Every pool's pending features; here the sets of the `compatibility` property don't hold (zfs.jsonl scene 42). */
function overview(state: SimState): string {
  const pending = importedPools(state).filter((pool) => pool.disabledFeatures.length > 0)
  if (pending.length === 0) return 'Every feature flags pool has all supported and requested features enabled.\n'
  const lists = pending.map(
    (pool) => `${pool.name}\n${pool.disabledFeatures.map((name) => `      ${name}\n`).join('')}`,
  )
  return `${explanation}${lists.join('')}\n`
}

function enable(state: SimState, pool: Pool, all: boolean): string {
  const pending = pendingFeatures(pool)
  if (pending.length === 0) {
    return all ? '' : `Pool '${pool.name}' already has all supported and requested features enabled.\n`
  }
  pool.disabledFeatures = pool.disabledFeatures.filter((name) => !pending.includes(name))
  writeLabels(state, pool, 'active')
  return `Enabled the following features on '${pool.name}':\n${pending.map((name) => `  ${name}\n`).join('')}\n`
}
