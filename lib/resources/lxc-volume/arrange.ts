/**
 * Which volume of a container is which: pure, from its configuration, what is declared, and what phx recorded. All
 * volumes of a container are placed together, so that no two are given one slot (incident 10), and one may take the
 * place that another leaves.
 */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import { type Container, isOrder, type Mount } from '../probes/containers.ts'
import { isProved, type Known, mayBe, storageOf } from './identity.ts'
import { type Covering, coveringOf, type Spot, slotAbove, slotFor } from './order.ts'

/** A volume that may be the one: detached (`unusedN`), or on another mount point. */
export interface Candidate {
  readonly volume: string
  readonly unused: string
  readonly mount: Mount | null
}

export type Place =
  /** On its mount point, or on the one it had before the config named another; `covering` is what hides it, or it hides. */
  | { readonly kind: 'attached'; readonly mount: Mount; readonly covering: Covering | undefined }
  /** phx's own, detached since. `leaving` are volumes that the config moves away from its mount point. */
  | {
      readonly kind: 'detached'
      readonly slot: string
      readonly unused: string
      readonly volume: string
      readonly leaving: readonly Mount[]
    }
  /** Not there. `lost` is what phx recorded of it and the configuration no longer names. */
  | {
      readonly kind: 'missing'
      readonly slot: string
      readonly lost: string | null
      readonly leaving: readonly Mount[]
    }
  /** Not there, but volumes of that storage are that phx can't tell from it. */
  | { readonly kind: 'unclear'; readonly slot: string; readonly candidates: readonly Candidate[] }
  /** Its mount point holds something else, or more than one thing. */
  | { readonly kind: 'taken'; readonly mounts: readonly Mount[] }
  /** Its mount point holds what phx recorded as another volume of the config; `own` is where its own is. */
  | {
      readonly kind: 'claimed'
      readonly mount: Mount
      readonly by: DeclaredVolume
      readonly own: Mount | undefined
      /** True when the config asks for it; else somebody moved them by hand. */
      readonly isDeclared: boolean
    }
  /** phx's own, on a mount point that neither the config named before nor names now. */
  | { readonly kind: 'elsewhere'; readonly mount: Mount }
  /** Where it would be mounted, it covers what lies below, or is covered by what lies above. */
  | { readonly kind: 'covered'; readonly covering: Covering; readonly free: string | undefined }
  /** An allocation for it failed or waits: one more would be one too many. */
  | { readonly kind: 'ordered'; readonly mount: Mount }

export type Kind<K extends Place['kind']> = Extract<Place, { kind: K }>

export function arrange(
  container: Container,
  declared: readonly DeclaredVolume[],
  known: Known,
): ReadonlyMap<string, Place> {
  const owners = new Map<Mount, DeclaredVolume>()
  for (const one of declared) {
    const record = known.recordOf(one.name)
    const own = record && container.mounts.find(({ source }) => mayBe(record, source, known))
    if (own !== undefined) owners.set(own, one)
  }
  return new Arrangement(container, declared, known, owners).places()
}

class Arrangement {
  readonly #container: Container
  readonly #declared: readonly DeclaredVolume[]
  readonly #known: Known
  readonly #owners: ReadonlyMap<Mount, DeclaredVolume>
  /** As it will be, with what is placed so far. */
  readonly #spots: Spot[]

  constructor(
    container: Container,
    declared: readonly DeclaredVolume[],
    known: Known,
    owners: ReadonlyMap<Mount, DeclaredVolume>,
  ) {
    this.#container = container
    this.#declared = declared
    this.#known = known
    this.#owners = owners
    this.#spots = container.mounts.map((mount) => {
      const owner = owners.get(mount)
      return { slot: mount.slot, path: owner && this.#moves(owner) ? owner.mountPoint : mount.path, mount }
    })
  }

  places(): ReadonlyMap<string, Place> {
    return new Map(this.#declared.map((one): [string, Place] => [one.name, this.#placeOf(one)]))
  }

  #ownOf(one: DeclaredVolume): Mount | undefined {
    return [...this.#owners].find(([, owner]) => owner === one)?.[0]
  }

  /** True when the config names another mount point than it had, and that one is free or becomes so. */
  #moves(one: DeclaredVolume, before: readonly DeclaredVolume[] = []): boolean {
    const own = this.#ownOf(one)
    if (own === undefined || before.includes(one) || !this.#isAskedToMove(one, own)) return false
    return this.#container.mounts
      .filter(({ path }) => path === one.mountPoint)
      .every((mount) => {
        const owner = this.#owners.get(mount)
        return owner !== undefined && this.#moves(owner, [...before, one])
      })
  }

  #isAskedToMove({ name, mountPoint }: DeclaredVolume, own: Mount): boolean {
    return own.path !== mountPoint && own.path === this.#known.recordOf(name)?.path
  }

  #placeOf(one: DeclaredVolume): Place {
    const { name, storage, mountPoint } = one
    const all = this.#container.mounts.filter(({ path }) => path === mountPoint)
    const leaving = all.filter((mount) => {
      const owner = this.#owners.get(mount)
      return owner !== undefined && this.#moves(owner)
    })
    const there = all.filter((mount) => !leaving.includes(mount))
    const [mount] = there
    const own = this.#ownOf(one)
    if (mount !== undefined) {
      if (there.length === 1 && isOrder(mount)) return { kind: 'ordered', mount }
      const by = there.length === 1 ? this.#owners.get(mount) : undefined
      if (by !== undefined && by !== one)
        return { kind: 'claimed', mount, by, own, isDeclared: this.#isAskedToMove(by, mount) }
      const isIt = there.length === 1 && mount.kind === 'volume' && storageOf(mount.source) === storage
      if (!isIt) return { kind: 'taken', mounts: there }
      return { kind: 'attached', mount, covering: coveringOf({ ...mount, mount }, this.#spots) }
    }
    if (own !== undefined) {
      if (!this.#isAskedToMove(one, own)) return { kind: 'elsewhere', mount: own }
      const covering = coveringOf({ slot: own.slot, path: mountPoint, mount: own }, this.#spots)
      return covering === undefined ? { kind: 'attached', mount: own, covering } : this.#covered(covering)
    }
    const slot = slotFor(mountPoint, this.#container, this.#spots)
    if (typeof slot !== 'string') return this.#covered(slot)
    this.#spots.push({ slot, path: mountPoint, mount: null })
    const record = this.#known.recordOf(name)
    const unused = [...this.#container.unused].find(([, volume]) => record && isProved(record, volume, this.#known))
    if (unused !== undefined) return { kind: 'detached', slot, unused: unused[0], volume: unused[1], leaving }
    const candidates = this.#candidates(one)
    if (candidates.length > 0) return { kind: 'unclear', slot, candidates }
    return { kind: 'missing', slot, lost: record?.volume ?? null, leaving }
  }

  #covered(covering: Covering): Place {
    return { kind: 'covered', covering, free: slotAbove(covering, this.#container, this.#spots) }
  }

  /** Detached ones of its storage that phx knows nothing of, and one that bears the name of its own. */
  #candidates({ name, storage }: DeclaredVolume): Candidate[] {
    const records = this.#declared.flatMap((one) => this.#known.recordOf(one.name) ?? [])
    const detached = [...this.#container.unused]
      .filter(([, volume]) => storageOf(volume) === storage)
      .filter(([, volume]) => !records.some((record) => isProved(record, volume, this.#known)))
    const namesake = this.#container.mounts.filter(({ source }) => source === this.#known.recordOf(name)?.volume)
    return [
      ...detached.map(([unused, volume]): Candidate => ({ volume, unused, mount: null })),
      ...namesake.map((mount): Candidate => ({ volume: mount.source, unused: mount.slot, mount })),
    ]
  }
}
