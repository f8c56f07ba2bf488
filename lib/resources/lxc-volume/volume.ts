/** A volume of a container's own: found by its mount point or by what phx recorded, made once, grown, never shrunk. */
import type { DeclaredVolume } from '../../config/lxc-volumes.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Note, Owned, Refusal, Resource } from '../../engine/resource.ts'
import { type Container, containerProbe, emptyContainer, type Mount } from '../probes/containers.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { assertStorage } from '../storage/ready.ts'
import { arrange, type Kind, type Place } from './arrange.ts'
import { allocate, attach, configure, gibibyte, grow, volumeId } from './changes.ts'
import { guidOf, type Known, knownVolumes, nobodys } from './identity.ts'
import { giveBack, type Kept, keptVolume, leftBehind, ownVolume, putBack } from './kept.ts'
import type { Covering } from './order.ts'
import { assertChangeable, assertNothingIsCovered, containerMissing, spaceNotes } from './ready.ts'
import { liveOf } from './recorded.ts'
import * as refuse from './refuse.ts'

export const guestLock = (id: string): Lock => ({ name: `guest:${id}`, mode: 'exclusive' })

type Difference = Pick<Comparison, 'changes' | 'refusals' | 'notes'>

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
    const isNew = foreseen.isMadeAnew(`lxc:${this.#container}`)
    const there = isNew ? emptyContainer(this.#container) : await look.at(containerProbe(this.#container))
    if (there === undefined) throw await containerMissing(look, this.#container)
    return this.#compare(look, foreseen, there, isNew ? nobodys : await knownVolumes(look, there, this.#all, owned))
  }

  async #compare(look: Look, foreseen: Foreseen, container: Container, known: Known): Promise<Comparison> {
    const place = arrange(container, this.#all, known).get(this.#declared.name)
    if (place === undefined) throw new Error(`volume ${this.id} is not among those of its container`)
    const { changes, refusals, notes } = await this.#difference(look, foreseen, container, place, known)
    const isGuarded = container.isProtected && changes.some(({ steps }) => steps.some(isSet))
    if (changes.length > 0) await assertChangeable(look, container)
    return {
      changes: refusals.length > 0 || isGuarded ? [] : changes,
      refusals: isGuarded ? [...refusals, refuse.guarded(this.#container, this.#declared)] : refusals,
      notes,
      live:
        place.kind === 'attached' || place.kind === 'elsewhere'
          ? liveOf(place.mount, guidOf(this.#declared.name, place.mount, known))
          : null,
    }
  }

  async #difference(
    look: Look,
    foreseen: Foreseen,
    container: Container,
    place: Place,
    known: Known,
  ): Promise<Difference> {
    const [id, declared] = [this.#container, this.#declared]
    const refused = (refusal: Refusal) => ({ changes: [], refusals: [refusal], notes: [] })
    switch (place.kind) {
      case 'attached':
        return this.#present(look, foreseen, container, place)
      case 'detached': {
        await assertNothingIsCovered(look, container, declared.mountPoint)
        const { slot, unused, volume } = place
        const size = known.behind.get(volume)?.size ?? null
        const sized = await this.#sized(look, foreseen, { slot, source: volume }, unused, size)
        return { ...sized, changes: [attach(id, declared, place), ...sized.changes] }
      }
      case 'unclear':
      case 'missing': {
        const kept = await keptVolume(look, container, declared)
        if (kept !== undefined) return this.#kept(look, foreseen, container, place, kept)
        if (place.kind === 'unclear') return refused(refuse.unclear(id, declared, place))
        await assertStorage(look, foreseen, declared.storage, 'rootdir', `can't allocate volume ${declared.name}`)
        await assertNothingIsCovered(look, container, declared.mountPoint)
        const space = await spaceNotes(look, foreseen, id, declared, declared.sizeGb * gibibyte)
        return {
          changes: [allocate(id, declared, place.slot, place.leaving)],
          refusals: [],
          notes: [...this.#lost(place.lost), ...space],
        }
      }
      case 'taken':
        return refused(refuse.taken(id, declared, place))
      case 'claimed':
        return refused(refuse.claimed(id, declared, place))
      case 'elsewhere':
        return refused(refuse.elsewhere(id, declared, place))
      case 'covered':
        return refused(refuse.covered(id, declared, place))
      case 'ordered':
        return refused(refuse.ordered(id, declared, place))
    }
  }

  async #kept(
    look: Look,
    foreseen: Foreseen,
    container: Container,
    place: Kind<'missing' | 'unclear'>,
    kept: Kept,
  ): Promise<Difference> {
    const { slot } = place
    await assertNothingIsCovered(look, container, this.#declared.mountPoint)
    const back = giveBack(this.#container, this.#declared, kept, slot, place.kind === 'missing' ? place.leaving : [])
    const source = ownVolume(this.#container, this.#declared)
    const sized = await this.#sized(look, foreseen, { slot, source }, 'kept', kept.size || null)
    return { ...sized, changes: [back, ...sized.changes] }
  }

  async #present(look: Look, foreseen: Foreseen, container: Container, { mount, covering }: Kind<'attached'>) {
    const [id, declared] = [this.#container, this.#declared]
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    const kept = declared.isPersistent && !isRunning ? await leftBehind(look, container, declared, mount) : undefined
    if (kept !== undefined) return { changes: [putBack(id, declared, kept, mount)], refusals: [], notes: [] }
    const configured = configure(id, declared, mount, container.leaving.has(mount.slot))
    const sized = await this.#sized(look, foreseen, mount, mount.slot, mount.size)
    return {
      changes: [...(configured === undefined ? [] : [configured]), ...sized.changes],
      refusals: sized.refusals,
      notes: [...sized.notes, ...this.#covering(covering), ...(await this.#waiting(look, container, mount))],
    }
  }

  /** `mount` is the slot that it will be grown in, `now` the one that it is in; `size` is null when it isn't known. */
  async #sized(
    look: Look,
    foreseen: Foreseen,
    mount: Pick<Mount, 'slot' | 'source'>,
    now: string,
    size: number | null,
  ): Promise<Difference> {
    const [id, declared] = [this.#container, this.#declared]
    const wanted = declared.sizeGb * gibibyte
    if (size === null || wanted === size) return { changes: [], refusals: [], notes: [] }
    if (wanted < size) {
      return { changes: [], refusals: [refuse.shrinking(id, declared, { ...mount, slot: now }, size)], notes: [] }
    }
    const notes = await spaceNotes(look, foreseen, id, declared, wanted - size)
    return { changes: [grow(id, declared, mount, size)], refusals: [], notes }
  }

  /** Told once a pair: by what covers, or by what is covered when the other is none of the config's. */
  #covering(covering: Covering | undefined): Note[] {
    if (covering === undefined) return []
    const { over, under } = covering
    const { mountPoint } = this.#declared
    if (over.path !== mountPoint && this.#all.some((one) => one.mountPoint === over.path)) return []
    const text = `${over.slot} of container ${this.#container} on ${over.path} is mounted after ${under.slot} on ${under.path}, and covers it: give ${under.slot} a number above that of ${over.slot} by hand`
    return [{ resource: this.id, level: 'warning', text }]
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
