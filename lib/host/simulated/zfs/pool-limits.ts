/** What a pool allows its datasets: its features decide which values the kernel takes (zpool-features(7)). */
import type { Pool } from '../model.ts'

const lacks = (pool: Pool, feature: string): boolean => pool.disabledFeatures.includes(feature)

/** The largest record or volume block: 16 MiB without any module parameter (scene 86), 128 KiB without the feature. */
export const largestBlock = (pool: Pool): bigint => (lacks(pool, 'large_blocks') ? 131072n : 16777216n)

/** Whether a value needs a feature that the pool has not enabled. */
export function needsUpgrade(pool: Pool, name: string, value: string): boolean {
  const feature = featureFor(name, value)
  return feature !== null && lacks(pool, feature)
}

function featureFor(name: string, value: string): string | null {
  switch (name) {
    case 'compression':
      return value === 'lz4' ? 'lz4_compress' : value.startsWith('zstd') ? 'zstd_compress' : null
    case 'checksum':
    case 'dedup': {
      const algorithm = value.split(',')[0] ?? ''
      return ['sha512', 'skein', 'edonr', 'blake3'].includes(algorithm) ? algorithm : null
    }
    case 'dnodesize':
      return value === 'legacy' ? null : 'large_dnode'
    case 'longname':
      return value === 'on' ? 'longname' : null
    case 'encryption':
      return value === 'off' ? null : 'encryption'
    case 'filesystem_limit':
    case 'snapshot_limit':
      return 'filesystem_limits'
    default:
      return null
  }
}

export const readOnlyPool = 'pool is read-only'

/** Without one `special_small_blocks` has nowhere to put small blocks. */
export const hasSpecialVdev = (pool: Pool): boolean => pool.special.length > 0 || pool.dedup.length > 0
