/**
 * /etc/pve/storage.cfg, read as pve-storage reads it (PVE::SectionConfig). Reading the file costs a hundredth of asking
 * pvesm, and `pvesm status` would activate storages, which imports pools (facts: proxmox-tools, "Cost").
 */
import type { Probe } from '../../engine/resource.ts'

export interface StorageEntry {
  readonly id: string
  readonly type: string
  readonly options: ReadonlyMap<string, string>
}

const path = '/etc/pve/storage.cfg'

/**
 * A section is a header and all lines up to the next blank one: a header that follows without a blank line is ignored,
 * and what belongs to it lands on the section before. Of two sections with one id the later wins.
 */
export function parseStorageConfig(text: string): Map<string, StorageEntry> {
  const entries = new Map<string, StorageEntry>()
  let options: Map<string, string> | undefined
  for (const line of text.split('\n')) {
    if (/^\s*#/.test(line)) continue
    if (line.trim() === '') options = undefined
    else if (options) {
      const property = /^\s+(\S+)(?:\s+(.*\S))?\s*$/.exec(line)
      if (property?.[1] !== undefined && !options.has(property[1])) options.set(property[1], property[2] ?? '')
    } else {
      const header = /^(\S+):\s*(\S+)\s*$/.exec(line)
      if (!header?.[1] || !header[2]) continue
      options = new Map()
      entries.set(header[2], { id: header[2], type: header[1], options })
    }
  }
  return entries
}

/** The entries by id; undefined when there is no such file, as on a host without Proxmox VE. */
export const storageConfigProbe: Probe<ReadonlyMap<string, StorageEntry> | undefined> = {
  id: path,
  async read({ reader }) {
    const text = await reader.readFile(path)
    return text === undefined ? undefined : parseStorageConfig(text)
  },
}

/** This node's name, by which `nodes` of an entry knows it. */
export const nodeProbe: Probe<string | undefined> = {
  id: 'hostname',
  async read({ reader }) {
    const text = (await reader.readFile('/proc/sys/kernel/hostname')) ?? (await reader.readFile('/etc/hostname'))
    return text?.trim().split('.')[0]
  },
}
