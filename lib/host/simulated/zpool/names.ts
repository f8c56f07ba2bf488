/** Pool names (pool_namecheck in zfs_namecheck.c, zpool_name_valid in libzfs_pool.c) and opening a pool by its name. */
import type { Pool, SimState } from '../model.ts'
import { importedPools } from './labels.ts'

/** What is wrong with a name, or null. Names that are only reserved for new pools don't matter when one is opened. */
export function nameFault(name: string, isNew: boolean): string | null {
  const raw = Buffer.from(name, 'utf8')
  if (raw.length >= 240) return 'name is too long'
  const bad = [...raw].find((byte) => !/[A-Za-z0-9._: -]/.test(String.fromCharCode(byte)))
  // One byte of a multi-byte character is all that ZFS prints (zfs.jsonl scene 32).
  if (bad !== undefined) return `invalid character '${bad < 128 ? String.fromCharCode(bad) : '\ufffd'}' in pool name`
  if (!/^[A-Za-z]/.test(name)) return 'name must begin with a letter'
  if (!isNew) return ['mirror', 'raidz', 'draid'].includes(name) ? 'name is reserved' : null
  return /^(mirror|raidz|draid|spare)/.test(name) || name === 'log' ? 'name is reserved' : null
}

/** An imported pool, or the line that zpool prints. */
export function openPool(state: SimState, name: string): Pool | { readonly fault: string } {
  const fault = nameFault(name, false)
  if (fault !== null) return { fault: `cannot open '${name}': ${fault}\n` }
  const pool = importedPools(state).find((each) => each.name === name)
  return pool ?? { fault: `cannot open '${name}': no such pool\n` }
}

export const isPool = (opened: object): opened is Pool => 'guid' in opened

/** All pools, or those named, each once and by name; with the lines for those that could not be opened. */
export function openPools(state: SimState, names: readonly string[]): { pools: Pool[]; stderr: string } {
  if (names.length === 0) return { pools: importedPools(state), stderr: '' }
  const opened = names.map((name) => openPool(state, name))
  const pools = new Set(opened.filter(isPool))
  const stderr = opened.map((each) => (isPool(each) ? '' : each.fault)).join('')
  return { pools: [...pools].sort((a, b) => (a.name < b.name ? -1 : 1)), stderr }
}
