/** Guests with their spots, whatever else is wrong with them: what the rules about guests look at. */
import { oncePer } from './once.ts'
import type { Spot } from './spot.ts'

export interface GuestSpot {
  readonly kind: 'vm' | 'lxc'
  readonly id: string
  /** `vm:8101` */
  readonly target: string
  /** Where the id stands. */
  readonly idSpot: Spot
  readonly spot: Spot
  /** Where the guest that it is cloned from is named. */
  readonly source: Spot
}

export const guestSpots = oncePer((config: Spot): GuestSpot[] => {
  const guests = config.get('guests')
  const vms = guests
    .get('vms')
    .items()
    .flatMap((spot): GuestSpot[] => {
      const idSpot = spot.get('vmid')
      const id = String(idSpot.value)
      const source = spot.get('clone_from_vmid')
      return typeof idSpot.value === 'number' ? [{ kind: 'vm', id, target: `vm:${id}`, idSpot, spot, source }] : []
    })
  const containers = guests
    .get('lxc_configs')
    .fields()
    .map(([id, spot]): GuestSpot => {
      return { kind: 'lxc', id, target: `lxc:${id}`, idSpot: spot, spot, source: spot.get('clone_from_ctid') }
    })
  return [...vms, ...containers]
})

/** By id, in the order of the config; of two with the same id the first. */
export const guestsById = oncePer((config: Spot): ReadonlyMap<string, GuestSpot> => {
  const byId = new Map<string, GuestSpot>()
  for (const guest of guestSpots(config)) if (!byId.has(guest.id)) byId.set(guest.id, guest)
  return byId
})

/** The id in a reference such as 9000, "103" or vm:1001; undefined when it is none. */
export function referredId(reference: Spot): string | undefined {
  if (typeof reference.value !== 'string' && typeof reference.value !== 'number') return undefined
  const id = String(reference.value).replace(/^(vm|lxc):/, '')
  return /^[0-9]+$/.test(id) ? id : undefined
}
