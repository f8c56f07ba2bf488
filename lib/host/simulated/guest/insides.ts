/** What becomes of a guest's system when something becomes of its disks. */
import type { SimState } from '../model.ts'
import type { Insides } from '../pve/guest-machine.ts'
import { copyOf, placeIn } from './inside.ts'

export const insidesOf = (host: SimState): Insides => ({
  copy(from, to, snapshot) {
    const place = placeIn(host, from)
    if (!place) return
    const disk = snapshot === undefined ? place.guest.disk : (place.guest.snapshots[snapshot] ?? null)
    host.guests = { ...host.guests, [to]: copyOf(place, disk, to) }
  },
  snapshot(id, name) {
    const guest = host.guests?.[id]
    if (guest) guest.snapshots = { ...guest.snapshots, [name]: guest.disk }
  },
  dropSnapshot(id, name) {
    delete host.guests?.[id]?.snapshots[name]
  },
  rollBack(id, name) {
    const guest = host.guests?.[id]
    if (guest) guest.disk = guest.snapshots[name] ?? null
  },
  remove(id) {
    delete host.guests?.[id]
  },
})
