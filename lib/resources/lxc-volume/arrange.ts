/**
 * Which volume of a container is which: pure, from its configuration, what is declared, and what phx recorded. All
 * volumes of a container are placed together, so that no two are given one slot (incident 10).
 */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import { type Container, isOrder, type Mount } from '../probes/containers.ts'
import type { Recorded } from './recorded.ts'

export type Place =
  /** On its mount point, or on the one it had before the config named another. */
  | { readonly kind: 'attached'; readonly mount: Mount }
  /** phx's own, detached since. */
  | { readonly kind: 'detached'; readonly slot: string; readonly unused: string; readonly volume: string }
  /** Not there. `lost` is what phx recorded of it and the configuration no longer names. */
  | { readonly kind: 'missing'; readonly slot: string; readonly lost: string | null }
  /** Not there, but detached volumes of that storage are that phx knows nothing of. */
  | { readonly kind: 'unclear'; readonly slot: string; readonly unused: ReadonlyMap<string, string> }
  /** Its mount point holds something else, or more than one thing. */
  | { readonly kind: 'taken'; readonly mounts: readonly Mount[] }
  /** phx's own, on a mount point that neither the config named before nor names now. */
  | { readonly kind: 'elsewhere'; readonly mount: Mount }
  /** An allocation for it failed or waits: one more would be one too many. */
  | { readonly kind: 'ordered'; readonly mount: Mount }

const storageOf = (volume: string): string => volume.split(':')[0] ?? ''

export function arrange(
  container: Container,
  declared: readonly DeclaredVolume[],
  recordedOf: (name: string) => Recorded | undefined,
): ReadonlyMap<string, Place> {
  const slots = freeSlots(container)
  const known = new Set(declared.flatMap(({ name }) => recordedOf(name)?.volume ?? []))
  const strangers = [...container.unused].filter(([, volume]) => !known.has(volume))
  return new Map(
    declared.map((one): [string, Place] => [one.name, placeOf(container, one, recordedOf(one.name), slots, strangers)]),
  )
}

function placeOf(
  container: Container,
  { storage, mountPoint }: DeclaredVolume,
  recorded: Recorded | undefined,
  slots: Iterator<string>,
  strangers: readonly [string, string][],
): Place {
  const there = container.mounts.filter(({ path }) => path === mountPoint)
  const [mount] = there
  if (mount !== undefined) {
    if (there.length === 1 && isOrder(mount)) return { kind: 'ordered', mount }
    const isIt = there.length === 1 && mount.kind === 'volume' && storageOf(mount.source) === storage
    return isIt ? { kind: 'attached', mount } : { kind: 'taken', mounts: there }
  }
  const own = container.mounts.find(({ source }) => source === recorded?.volume)
  if (own !== undefined) return { kind: own.path === recorded?.path ? 'attached' : 'elsewhere', mount: own }
  const slot = slots.next().value
  const unused = [...container.unused].find(([, volume]) => volume === recorded?.volume)
  if (unused !== undefined) return { kind: 'detached', slot, unused: unused[0], volume: unused[1] }
  const offered = strangers.filter(([, volume]) => storageOf(volume) === storage)
  if (offered.length > 0) return { kind: 'unclear', slot, unused: new Map(offered) }
  return { kind: 'missing', slot, lost: recorded?.volume ?? null }
}

/** From the lowest on, those that nothing uses and nothing waits for. */
function* freeSlots({ mounts, waiting }: Container): Generator<string, string> {
  const used = new Set([...mounts.map(({ slot }) => slot), ...waiting])
  for (let number = 0; number < 255; number++) if (!used.has(`mp${number}`)) yield `mp${number}`
  return 'mp255' // pct has no further one (seen: pct.jsonl n=60), and refuses
}
