/** storage.cfg is changed by pvesm alone; where that isn't, the plan says so rather than the run. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look } from '../../engine/resource.ts'

/** `what` completes "can't …". */
export async function assertPvesm(look: Look, what: string): Promise<void> {
  if (await look.reader.hasTool('pvesm')) return
  throw new CannotLook(`can't ${what}: there is a storage.cfg, but pvesm is not installed (or not on the PATH)`, [
    'apt-get install libpve-storage-perl',
    'on a host without Proxmox VE: leave proxmox_storage_type out of the datasets',
  ])
}
