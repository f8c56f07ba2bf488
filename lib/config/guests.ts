/** The guests as plain data: defaults applied, older forms made new ones, what they refer to resolved. */
import type { PhxConfig } from './generated/types.ts'
import { guestWorld } from './guests/guest.ts'
import { type DeclaredLxc, declaredLxcs } from './guests/lxc.ts'
import { type DeclaredVm, declaredVms } from './guests/vm.ts'

export interface DeclaredGuests {
  /** By id, as the containers. */
  readonly vms: readonly DeclaredVm[]
  readonly containers: readonly DeclaredLxc[]
}

const known = new WeakMap<PhxConfig, DeclaredGuests>()

/** Worked out once for a config: rules and steps ask for it again and again. */
export function declaredGuests(config: PhxConfig): DeclaredGuests {
  const found = known.get(config)
  if (found !== undefined) return found
  const world = guestWorld(config)
  const declared = { vms: declaredVms(world), containers: declaredLxcs(world) }
  known.set(config, declared)
  return declared
}
