/** What is done with the whole state of a host at each change and each look, without touching the systems of its guests. */
import type { SimState } from '../model.ts'
import type { GuestState } from './state.ts'

/** A copy to be changed: the guests' systems are shared, as they are only ever replaced. */
export function copyOfHost({ guests, ...host }: SimState): SimState {
  const copy: SimState = structuredClone(host)
  if (guests) copy.guests = Object.fromEntries(Object.entries(guests).map(([id, guest]) => [id, copyOfGuest(guest)]))
  return copy
}

const copyOfGuest = ({ disk, snapshots, ...rest }: GuestState): GuestState => ({
  ...structuredClone(rest),
  disk,
  snapshots: { ...snapshots },
})

/** What tells whether a look has changed something; a guest's system shows that itself, for it is frozen. */
export function textOfHost({ guests, ...host }: SimState): string {
  const shown = Object.entries(guests ?? {}).map(([id, { disk, snapshots, ...rest }]) => [id, rest])
  return JSON.stringify([host, shown])
}
