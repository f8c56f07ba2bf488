/** How far one gets who wants something of a guest. */
import { imageOf } from './image.ts'
import { agentUnit } from './inside.ts'
import type { Place } from './place.ts'

/** `off`: it doesn't run; `no port`: QEMU has none for an agent; `silent`: nobody answers there; else the system. */
export type Reached = 'off' | 'no port' | 'silent' | 'answers'

/** Without going in: this is asked before each question. */
function isAgentActive({ guest }: Place): boolean {
  const changed = guest.disk?.entries.units?.[agentUnit]
  const record = changed === undefined ? imageOf(guest.kind).units?.[agentUnit] : changed
  return typeof record === 'object' && record !== null && 'active' in record && record.active === true
}

export function reach(place: Place | undefined, now: number): Reached {
  const power = place?.guest.power
  if (!place || !power) return 'off'
  if (place.guest.kind === 'lxc') return 'answers'
  if (!power.hasPort) return 'no port'
  if (now < power.readyAt || place.guest.faults?.agent) return 'silent'
  return isAgentActive(place) ? 'answers' : 'silent'
}
