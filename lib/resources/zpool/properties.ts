/** Pool properties: how they are compared, and which can be set on a pool that is there (zpoolprops(7)). */

import { parseSize } from '../../config/size.ts'
import type { DeclaredPool } from '../../config/zfs.ts'
import type { FieldChange } from '../../engine/resource.ts'
import type { Properties } from '../probes/ask.ts'

/** Only at creation or import; `ashift` is only the default for vdevs to come, so it is compared vdev by vdev. */
const fixed = new Set(['altroot', 'readonly', 'version', 'ashift'])

/** A value as ZFS reads it back: nothing is `-`, and a feature in use reads `active`. */
export function normalPoolValue(name: string, value: string): string {
  if (value === '-' || value === '') return ''
  if (name.startsWith('feature@')) return value === 'active' ? 'enabled' : value
  if (name === 'dedup_table_quota') return String(parseSize(value) ?? value)
  return value
}

export interface PoolPropertyDifference {
  /** Can be set with `zpool set`. */
  readonly settable: readonly FieldChange[]
  /** Can't be changed on a pool that is there. */
  readonly fixed: readonly FieldChange[]
}

export function comparePoolProperties(declared: DeclaredPool, live: Properties): PoolPropertyDifference {
  const differing = Object.entries(declared.poolProperties)
    .filter(([name]) => name !== 'ashift')
    .map(([name, value]) => ({ field: name, from: live.get(name)?.value ?? '-', to: value }))
    .filter(({ field, from, to }) => normalPoolValue(field, from) !== normalPoolValue(field, to))
  const isFixed = ({ field, to }: { field: string; to: string }): boolean =>
    fixed.has(field) || (field.startsWith('feature@') && to === 'disabled')
  return { settable: differing.filter((one) => !isFixed(one)), fixed: differing.filter(isFixed) }
}

/** The declared ashift, or null when ZFS is to choose. */
export function declaredAshift(declared: DeclaredPool): number | null {
  const value = Number(declared.poolProperties.ashift ?? 0)
  return value === 0 ? null : value
}
