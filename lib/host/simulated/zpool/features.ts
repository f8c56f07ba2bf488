/** Pool features of OpenZFS 2.3.9, in the order of `zpool get all`, and the sets that the `compatibility` property names. */
import type { Pool } from '../model.ts'
import { NotSimulated } from '../tool.ts'

const features = [
  'async_destroy',
  'empty_bpobj',
  'lz4_compress',
  'multi_vdev_crash_dump',
  'spacemap_histogram',
  'enabled_txg',
  'hole_birth',
  'extensible_dataset',
  'embedded_data',
  'bookmarks',
  'filesystem_limits',
  'large_blocks',
  'large_dnode',
  'sha512',
  'skein',
  'edonr',
  'userobj_accounting',
  'encryption',
  'project_quota',
  'device_removal',
  'obsolete_counts',
  'zpool_checkpoint',
  'spacemap_v2',
  'allocation_classes',
  'resilver_defer',
  'bookmark_v2',
  'redaction_bookmarks',
  'redacted_datasets',
  'bookmark_written',
  'log_spacemap',
  'livelist',
  'device_rebuild',
  'zstd_compress',
  'draid',
  'zilsaxattr',
  'head_errlog',
  'blake3',
  'block_cloning',
  'vdev_zaps_v2',
  'redaction_list_spill',
  'raidz_expansion',
  'fast_dedup',
  'longname',
  'large_microzap',
] as const

export const featureNames: readonly string[] = features
export const isFeature = (name: string): boolean => featureNames.includes(name)

/** In use from the start, when they are enabled (zfs.jsonl scene 1). */
const activeAtBirth: readonly string[] = [
  'lz4_compress',
  'spacemap_histogram',
  'enabled_txg',
  'hole_birth',
  'extensible_dataset',
  'embedded_data',
  'userobj_accounting',
  'project_quota',
  'spacemap_v2',
  'log_spacemap',
  'head_errlog',
  'vdev_zaps_v2',
]

export function featureState(pool: Pool, name: string): 'disabled' | 'enabled' | 'active' {
  if (pool.disabledFeatures.includes(name)) return 'disabled'
  return activeAtBirth.includes(name) || isUsed(pool, name) ? 'active' : 'enabled'
}

function isUsed(pool: Pool, name: string): boolean {
  switch (name) {
    case 'allocation_classes':
      return pool.special.length > 0 || pool.dedup.length > 0
    case 'zpool_checkpoint':
      return pool.checkpoint
    case 'device_removal':
      return pool.remove !== undefined
    case 'raidz_expansion':
      return pool.expand !== undefined
    case 'encryption':
      return pool.datasets.some((dataset) => (dataset.onetime.encryption ?? 'off') !== 'off')
    default:
      return false
  }
}

/** Features that a set lacks (cmd/zpool/compatibility.d); the sets of one release are alike but for `edonr` on FreeBSD. */
const sinceRelease: Readonly<Record<'2.0' | '2.1' | '2.2' | '2.3', readonly string[]>> = {
  '2.0': ['draid', 'zilsaxattr', 'head_errlog', 'blake3', 'block_cloning', 'vdev_zaps_v2'],
  '2.1': ['zilsaxattr', 'head_errlog', 'blake3', 'block_cloning', 'vdev_zaps_v2'],
  '2.2': [],
  '2.3': [],
}
const newIn23 = ['redaction_list_spill', 'raidz_expansion', 'fast_dedup', 'longname', 'large_microzap']

const missingFrom: Readonly<Record<string, readonly string[]>> = {
  'openzfs-2.0-linux': [...sinceRelease['2.0'], ...newIn23],
  'openzfs-2.1-linux': [...sinceRelease['2.1'], ...newIn23],
  'openzfs-2.2': newIn23,
  'openzfs-2.2-linux': newIn23,
  'openzfs-2.3': [],
  'openzfs-2.3-linux': [],
}

/** Features that a pool with this `compatibility` does not get. */
export function missingFeatures(compatibility: string): readonly string[] {
  if (compatibility === 'off' || compatibility === '') return []
  if (compatibility === 'legacy') return featureNames
  const sets = compatibility.split(',').map((file) => missingFrom[file] ?? [])
  return featureNames.filter((name) => sets.some((set) => set.includes(name)))
}

/** The words of zpool_load_compat for files that it does not have, or null. */
export function compatibilityFault(compatibility: string): string | null {
  if (['off', 'legacy', ''].includes(compatibility)) return null
  const unknown = compatibility.split(',').filter((file) => missingFrom[file] === undefined)
  const real = unknown.find((file) => /^(compat-20|freebsd|freenas|grub2|openzfs-2|openzfsonosx|ubuntu|zol)/.test(file))
  if (real !== undefined) throw new NotSimulated(`zpool: compatibility=${real}`)
  return unknown.length === 0
    ? null
    : `could not read/parse feature file(s): ${unknown.map((file) => `${file} `).join('')}`
}

/** Requested, supported, and not enabled: what zpool status and zpool upgrade speak of. */
export const pendingFeatures = (pool: Pool): readonly string[] => {
  const unwanted = missingFeatures(pool.properties.compatibility ?? 'off')
  return pool.disabledFeatures.filter((name) => !unwanted.includes(name))
}
