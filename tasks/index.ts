/** Every hypervisor step that phx knows, in the order in which a person would take them, and then the guests. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'
import { adminUser } from './admin-user.ts'
import { firewall } from './firewall.ts'
import { initialSetup } from './initial-setup.ts'
import { lxc } from './lxc.ts'
import { lxcVolumes } from './lxc-volumes.ts'
import { nfs } from './nfs.ts'
import { nvidia } from './nvidia.ts'
import { samba } from './samba.ts'
import { storage } from './storage.ts'
import { vm } from './vm.ts'
import { vmFeatures } from './vm-features.ts'
import { zfs } from './zfs.ts'

export const modules: readonly TaskModule<PhxConfig>[] = [
  initialSetup,
  nvidia,
  adminUser,
  zfs,
  storage,
  vmFeatures,
  nfs,
  samba,
  firewall,
  lxcVolumes,
  vm,
  lxc,
]
