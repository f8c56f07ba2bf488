/** Every area of the simulated host. */
import { accounts } from './accounts/area.ts'
import type { Area } from './area.ts'
import { coreutils } from './coreutils/area.ts'
import { firewall } from './firewall/area.ts'
import { guestSystems } from './guest/area.ts'
import { nfs } from './nfs/area.ts'
import { nvidia } from './nvidia/area.ts'
import { containers } from './pve/pct/pct.ts'
import { virtualMachines } from './pve/qm/qm.ts'
import { samba } from './samba/area.ts'
import { init, system } from './system/area.ts'
import { network } from './system/network.ts'

export const areas: readonly Area[] = [
  system,
  accounts,
  coreutils,
  nfs,
  nvidia,
  firewall,
  samba,
  network,
  guestSystems,
  init,
  // Guests are started when their host is up.
  containers,
  virtualMachines,
]
