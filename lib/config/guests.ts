/** The guests as plain data: defaults applied, older forms made new ones, what they refer to resolved. */
import type { PhxConfig } from './generated/types.ts'
import { guestWorld } from './guests/guest.ts'
import { type DeclaredLxc, declaredLxcs } from './guests/lxc.ts'
import { type DeclaredVm, declaredVms } from './guests/vm.ts'
import { oncePer } from './once.ts'

export interface DeclaredGuests {
  /** By id, as the containers. */
  readonly vms: readonly DeclaredVm[]
  readonly containers: readonly DeclaredLxc[]
}

export const declaredGuests = oncePer((config: PhxConfig): DeclaredGuests => {
  const world = guestWorld(config)
  return { vms: declaredVms(world), containers: declaredLxcs(world) }
})
