/**
 * Proxmox VE mounts a container's mounts in the order of their numbers (PVE::LXC::Config, valid_volume_keys): one on
 * /a that comes after one on /a/b covers it, and the container writes into the wrong volume.
 */
import type { Container, Mount } from '../probes/containers.ts'

/** What is, or will be, on a mount point. */
export interface Spot {
  readonly slot: string
  readonly path: string
  /** Null for what the plan adds. */
  readonly mount: Mount | null
}

export interface Covering {
  /** Mounted later, and further up. */
  readonly over: Spot
  readonly under: Spot
}

/** The last of all (`mp256`: `Unknown option`, seen: pct.jsonl n=60). */
const last = 255

const numberOf = ({ slot }: { readonly slot: string }): number => Number(slot.slice('mp'.length))

const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)

/** The first by number that covers this one or is covered by it. */
export function coveringOf(one: Spot, spots: readonly Spot[]): Covering | undefined {
  const pairs = spots
    .filter(({ slot }) => slot !== one.slot)
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((other) => (numberOf(one) < numberOf(other) ? { under: one, over: other } : { under: other, over: one }))
  return pairs.find(({ under, over }) => isBelow(under.path, over.path))
}

/** From the lowest on, those that nothing uses and nothing waits for. */
export function freeSlots({ waiting }: Container, spots: readonly Spot[]): string[] {
  const used = new Set([...spots.map(({ slot }) => slot), ...waiting])
  return Array.from({ length: last + 1 }, (_, number) => `mp${number}`).filter((slot) => !used.has(slot))
}

/** The lowest free number at which nothing is covered, or what would be; with none free the last, which is then found taken. */
export function slotFor(path: string, container: Container, spots: readonly Spot[]): string | Covering {
  const free = freeSlots(container, spots)
  const coveringAt = (slot: string): Covering | undefined => coveringOf({ slot, path, mount: null }, spots)
  const [lowest = `mp${last}`] = free
  return free.find((slot) => coveringAt(slot) === undefined) ?? coveringAt(lowest) ?? lowest
}

/** A free number above what covers it, for what would be covered. */
export function slotAbove({ over }: Covering, container: Container, spots: readonly Spot[]): string | undefined {
  return freeSlots(container, spots).find((slot) => numberOf({ slot }) >= numberOf(over))
}
