/** In which order guests start with the host, where the config leaves that to their dependencies. */
import type { DeclaredGuest } from './guest.ts'

type Starting = Pick<DeclaredGuest, 'target' | 'needs' | 'startsAtBoot' | 'bootOrder' | 'isTemplate'>

/**
 * Places by target, for guests that start with the host, declare no place of their own, and have to do with another one
 * that starts with it: one more than the latest of those that they need. Dependencies have to be free of cycles.
 */
export function bootOrders(guests: readonly Starting[]): ReadonlyMap<string, number> {
  const starting = new Map(
    guests.filter((guest) => guest.startsAtBoot && !guest.isTemplate).map((guest) => [guest.target, guest]),
  )
  const needed = (guest: Starting): Starting[] => guest.needs.flatMap((target) => starting.get(target) ?? [])
  const places = new Map<string, number>()
  const placeOf = (guest: Starting): number => {
    const known = guest.bootOrder ?? places.get(guest.target)
    if (known !== undefined) return known
    const place = Math.max(0, ...needed(guest).map(placeOf)) + 1
    places.set(guest.target, place)
    return place
  }
  for (const guest of starting.values()) placeOf(guest)
  const isNeeded = new Set([...starting.values()].flatMap(({ needs }) => needs))
  return new Map(
    [...places].filter(([target]) => isNeeded.has(target) || needed(starting.get(target) as Starting).length > 0),
  )
}
