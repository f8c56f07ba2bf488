/** /etc/pve/jobs.cfg: which storages the scheduled backups go to (pve-manager, PVE::Jobs::VZDump; the sections of storage.cfg). */
import type { Probe } from '../../engine/resource.ts'
import { parseStorageConfig } from './storage-config.ts'

export interface BackupJob {
  readonly id: string
  readonly storage: string
}

const path = '/etc/pve/jobs.cfg'

export const backupJobsProbe: Probe<readonly BackupJob[]> = {
  id: path,
  async read({ reader }) {
    const sections = parseStorageConfig((await reader.readFile(path)) ?? '')
    return [...sections.values()].flatMap(({ id, type, options }) => {
      const storage = options.get('storage')
      return type === 'vzdump' && storage !== undefined ? [{ id, storage }] : []
    })
  },
}
