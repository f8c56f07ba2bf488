/** Guests are started, stop, go down by themselves and come up again. */
import type { SimState } from '../model.ts'
import { makeGroup, removeGroup } from '../pve/pct/groups.ts'
import { isAgentOn } from '../pve/qm/agent-setting.ts'
import { startEmulator, stopEmulator } from '../pve/qm/emulators.ts'
import { bootInside } from './boot.ts'
import { placeIn, within } from './inside.ts'
import { type Place, settingsOf } from './place.ts'
import type { GuestState, Power } from './state.ts'

/** Seconds in which a system that is asked to go down does so. */
const goingDown = 3

const switches = {
  vm: { on: startEmulator, off: stopEmulator },
  lxc: { on: makeGroup, off: removeGroup },
}

export function startGuest(host: SimState, kind: GuestState['kind'], id: string): void {
  const guest: GuestState = host.guests?.[id] ?? { kind, disk: null, snapshots: {} }
  host.guests = { ...host.guests, [id]: guest }
  switches[kind].on(host, id)
  const place = { host, id, guest }
  // QEMU gets the port when it is started; what is set later waits for the next start.
  guest.power = { since: host.now, readyAt: host.now, hasPort: isAgentOn(settingsOf(place)) }
  boot(place, guest.power)
}

function boot(place: Place, power: Power): void {
  delete power.leaving
  delete power.isFrozen
  power.since = place.host.now
  power.readyAt = within(place, (system) => bootInside(system, place))
}

/** As pulling the plug: what is on its disks stays. */
export function stopGuest(host: SimState, kind: GuestState['kind'], id: string): void {
  switches[kind].off(host, id)
  delete host.guests?.[id]?.power
}

/** The reset button. */
export function resetGuest(host: SimState, id: string): void {
  const place = placeIn(host, id)
  if (place?.guest.power) boot(place, place.guest.power)
}

/** The system itself is asked, and heeds it once it is up; one that hangs doesn't. */
export function askToLeave({ host, guest: { power, faults } }: Place, how: 'down' | 'anew'): void {
  if (power && faults?.agent !== 'frozen') power.leaving ??= { at: Math.max(host.now, power.readyAt) + goingDown, how }
}

/** Time has passed on the host. */
export function settleGuests(host: SimState): void {
  for (const [id, guest] of Object.entries(host.guests ?? {})) {
    const { power } = guest
    if (!power?.leaving || host.now < power.leaving.at) continue
    if (power.leaving.how === 'down') stopGuest(host, guest.kind, id)
    else boot({ host, id, guest }, power)
  }
}
