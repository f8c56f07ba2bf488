/** Going into the system of a guest, and leaving it: between the two it is a whole state of its own. */
import type { SimState } from '../model.ts'
import { advance } from '../system/transient.ts'
import { type Difference, differenceOf, systemFrom } from './difference.ts'
import { imageOf } from './image.ts'
import { type Place, putInto } from './place.ts'
import type { GuestState } from './state.ts'
import { hideView, showView } from './views.ts'

export const agentPackage = 'qemu-guest-agent'
export const agentUnit = `${agentPackage}.service`

export function placeIn(host: SimState, id: string): Place | undefined {
  const guest = host.guests?.[id]
  return guest && { host, id, guest }
}

/** As it is at that time. What was changed is forgotten unless one leaves it by `leave`. */
export function enter(place: Place, now = place.host.now): SimState {
  const { guest } = place
  const system = systemFrom(imageOf(guest.kind), guest.disk ?? freshDisk(place))
  system.now = now
  putInto(system, place)
  for (const mount of system.mounts) showView(system, mount)
  advance(system)
  return system
}

export function leave({ guest }: Place, system: SimState): void {
  for (const mount of system.mounts.toReversed()) hideView(system, mount)
  guest.disk = differenceOf(imageOf(guest.kind), system)
}

/** Work in it that stays. */
export function within<T>(place: Place, work: (system: SimState) => T): T {
  const system = enter(place)
  const done = work(system)
  leave(place, system)
  return done
}

/** What is drawn in it is drawn from a seed of its own. */
function freshDisk({ id, host, guest }: Place): Difference {
  const agent = { packages: { [agentPackage]: null }, units: { [agentUnit]: null } }
  return {
    entries: guest.faults?.withoutAgent ? agent : {},
    values: { random: (Math.imul(Number(id), 0x9e3779b1) ^ host.now) >>> 0 },
  }
}

/** A copy is another system, though with the same files: it gets an identity of its own when it starts. */
export function copyOf(place: Place, disk: Difference | null, target: string): GuestState {
  const { kind, faults } = place.guest
  const copy: GuestState = {
    kind,
    disk: null,
    snapshots: {},
    ...(faults?.withoutAgent && { faults: { withoutAgent: true } }),
  }
  if (disk === null) return copy
  const system = systemFrom(imageOf(kind), disk)
  const { random } = freshDisk({ ...place, id: target }).values
  Object.assign(system, { random })
  for (const path of Object.keys(system.files)) if (/^\/etc\/ssh\/ssh_host_/.test(path)) delete system.files[path]
  const identity = system.files['/etc/machine-id']
  if (identity) identity.content = ''
  return { ...copy, disk: differenceOf(imageOf(kind), system) }
}
