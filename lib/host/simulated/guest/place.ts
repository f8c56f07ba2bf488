/** Where a system runs: a guest's tools reach its host only by the wires between them, and those begin here. */
import type { SimState } from '../model.ts'
import type { GuestState } from './state.ts'

export interface Place {
  readonly host: SimState
  readonly id: string
  readonly guest: GuestState
}

/** Not part of any state: it is known while somebody works in the guest. */
const places = new WeakMap<SimState, Place>()

export const putInto = (system: SimState, place: Place): void => {
  places.set(system, place)
}

/** Undefined for a host, which runs on nobody. */
export const placeOf = (system: SimState): Place | undefined => places.get(system)

/** Addresses of a system on its networks, without their lengths. */
export const addressesOf = (system: SimState): string[] =>
  Object.entries(system.network?.inForce ?? {}).flatMap(([name, { addresses }]) =>
    name === 'lo' ? [] : addresses.map((address) => address.replace(/\/.*/, '')),
  )

/** Configuration of a guest as its host has it, without that of its snapshots. */
export function settingsOf({ host, id, guest }: Place): ReadonlyMap<string, string> {
  const folder = guest.kind === 'vm' ? 'qemu-server' : 'lxc'
  const text = host.files[`/etc/pve/${folder}/${id}.conf`]?.content.split(/^\[/m)[0] ?? ''
  return new Map([...text.matchAll(/^([\w.]+):\s*(.*)$/gm)].map(([, key = '', value = '']) => [key, value]))
}
