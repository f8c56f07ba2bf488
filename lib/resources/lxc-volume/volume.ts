/** A volume of a container's own: found by its mount point or by what phx recorded, made once, grown, never shrunk. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Note, Owned, Refusal, Resource } from '../../engine/resource.ts'
import { type Container, containerProbe, type Mount } from '../probes/containers.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { arrange, type Place } from './arrange.ts'
import { allocate, attach, configure, gibibyte, grow, volumeId } from './changes.ts'
import { assertChangeable, assertStorage, containerMissing, spaceNotes } from './ready.ts'
import { liveOf, type Recorded, recorded } from './recorded.ts'
import * as refuse from './refuse.ts'

export const guestLock = (id: string): Lock => ({ name: `guest:${id}`, mode: 'exclusive' })

export class LxcVolume implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #container: string
  readonly #declared: DeclaredVolume
  readonly #all: readonly DeclaredVolume[]

  /** `all` are the container's declared volumes, this one among them: they are placed together. */
  constructor(container: string, declared: DeclaredVolume, all: readonly DeclaredVolume[]) {
    this.id = volumeId(container, declared.name)
    this.locks = [guestLock(container)]
    this.#container = container
    this.#declared = declared
    this.#all = all
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const container = await look.at(containerProbe(this.#container))
    if (container === undefined) throw await containerMissing(look, this.#container)
    const recordedOf = (name: string): Recorded | undefined => recorded(owned, volumeId(this.#container, name))
    const place = arrange(container, this.#all, recordedOf).get(this.#declared.name)
    if (place === undefined) throw new Error(`volume ${this.id} is not among those of its container`)
    const { changes, refusals, notes } = await this.#difference(look, foreseen, container, place)
    const isGuarded = container.isProtected && changes.some(({ steps }) => steps.some(isSet))
    if (changes.length > 0) await assertChangeable(look, container)
    return {
      changes: refusals.length > 0 || isGuarded ? [] : changes,
      refusals: isGuarded ? [...refusals, refuse.guarded(this.#container, this.#declared)] : refusals,
      notes,
      live: 'mount' in place ? liveOf(place.mount) : null,
    }
  }

  async #difference(
    look: Look,
    foreseen: Foreseen,
    container: Container,
    place: Place,
  ): Promise<{ changes: readonly Change[]; refusals: readonly Refusal[]; notes: readonly Note[] }> {
    const [id, declared] = [this.#container, this.#declared]
    const refused = (refusal: Refusal) => ({ changes: [], refusals: [refusal], notes: [] })
    switch (place.kind) {
      case 'attached':
        return this.#present(look, foreseen, container, place.mount)
      case 'detached':
        return {
          changes: [attach(id, declared, place.slot, place.unused, place.volume)],
          refusals: [],
          notes: [],
        }
      case 'missing': {
        await assertStorage(look, foreseen, declared)
        const space = await spaceNotes(look, foreseen, id, declared, declared.sizeGb * gibibyte)
        return {
          changes: [allocate(id, declared, place.slot)],
          refusals: [],
          notes: [...this.#lost(place.lost), ...space],
        }
      }
      case 'unclear':
        return refused(refuse.unclear(id, declared, place))
      case 'taken':
        return refused(refuse.taken(id, declared, place))
      case 'elsewhere':
        return refused(refuse.elsewhere(id, declared, place))
      case 'ordered':
        return refused(refuse.ordered(id, declared, place))
    }
  }

  async #present(look: Look, foreseen: Foreseen, container: Container, mount: Mount) {
    const [id, declared] = [this.#container, this.#declared]
    const wanted = declared.sizeGb * gibibyte
    const { size } = mount
    const refusals = size !== null && wanted < size ? [refuse.shrinking(id, declared, mount, size)] : []
    const isTooSmall = size !== null && wanted > size
    const configured = configure(id, declared, mount)
    const changes = [
      ...(configured === undefined ? [] : [configured]),
      ...(isTooSmall ? [grow(id, declared, mount, size)] : []),
    ]
    const notes = isTooSmall ? await spaceNotes(look, foreseen, id, declared, wanted - size) : []
    return { changes, refusals, notes: [...notes, ...(await this.#waiting(look, container, mount))] }
  }

  /** A running container keeps its mounts as they are; what is set waits for its next start. */
  async #waiting(look: Look, container: Container, mount: Mount): Promise<Note[]> {
    const says = (text: string): Note[] => [{ resource: this.id, level: 'warning', text }]
    if (mount.size === null) {
      return says(
        `the size of ${mount.source} doesn't stand in container ${container.id}'s configuration, so it is not compared: pct rescan --vmid ${container.id} writes it there`,
      )
    }
    if (!container.waiting.has(mount.slot)) return []
    const running = (await look.at(runningGuestsProbe)).has(container.id)
    return says(
      `what is set for ${mount.slot} of container ${container.id} takes effect when it ${running ? 'is started anew: pct reboot' : 'starts: pct start'} ${container.id}`,
    )
  }

  #lost(volume: string | null): Note[] {
    if (volume === null) return []
    const text = `container ${this.#container} no longer names ${volume}, which phx recorded as volume ${this.#declared.name}: a new one is allocated; if the storage still has the old one, pct rescan --vmid ${this.#container} lists it as unused`
    return [{ resource: this.id, level: 'warning', text }]
  }
}

const isSet = (step: Change['steps'][number]): boolean => step.kind === 'command' && step.argv[1] === 'set'
