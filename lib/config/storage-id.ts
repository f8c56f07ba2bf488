/** Ids of Proxmox VE storages: how the config names them, and which are legal. */

/** The user's key of proxmox_storage_ids. */
export function storageKey(pool: string, dataset: string): string {
  return `${pool}_${dataset.replace(/[-/]/g, '_')}`
}

export function defaultStorageId(pool: string, dataset: string): string {
  return `${pool}-${dataset.replace(/\//g, '-')}`
}

/** Facts: recorded refusals of pvesm add; a letter first, a letter or digit last, two characters at least. */
export function isLegalStorageId(id: string): boolean {
  return /^[A-Za-z][A-Za-z0-9\-_.]*[A-Za-z0-9]$/.test(id)
}

/** Entries that Proxmox VE's installer makes; they are the host's own. */
export const RESERVED_STORAGE_IDS: readonly string[] = ['local', 'local-zfs', 'local-lvm']

/** What a storage of the type may hold (pve-storage 9.1: plugindata of the two). */
export const CONTENT_TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ['zfspool', ['images', 'rootdir']],
  ['dir', ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'import']],
])

/** What Proxmox VE takes when nothing is said. */
export const DEFAULT_CONTENT = 'images,rootdir'
