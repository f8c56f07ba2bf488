/** Where a container sees folders of the host: each once, found by its place inside, not by its number. */
import type { DeclaredLxc, DeclaredMount } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Foreseen, Look, Owned, Refusal, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { type Covering, type Spot, slotFor } from '../lxc-volume/order.ts'
import { assertNothingIsCovered } from '../lxc-volume/ready.ts'
import { type Container, containerProbe, emptyContainer, type Mount, readContainer } from '../probes/containers.ts'
import { containerId } from './container.ts'

/** One that is to be set, and where. */
interface Placed {
  readonly mount: DeclaredMount
  readonly slot: string
  /** What the container sees there now. */
  readonly before: string | null
  /** Whether that is what is declared, and only the next start takes it away. */
  readonly isLeaving: boolean
}

export class BindMounts implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/mounts`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const { id, mounts } = this.#declared
    const isNew = foreseen.isMadeAnew(containerId(id))
    const container = (isNew ? undefined : await look.at(containerProbe(id))) ?? emptyContainer(id)
    const live = Object.fromEntries(mounts.map((one) => [one.guestPath, at(container, one)?.source ?? null]))
    const nothing = { changes: [], refusals: [], notes: [], live: isNew ? null : live }
    const taken = mounts.filter((one) => isVolume(at(container, one)))
    if (taken.length > 0) return { ...nothing, refusals: taken.map((one) => this.#taken(one)) }
    const { placed, covered } = this.#places(container)
    if (covered.length > 0) return { ...nothing, refusals: covered }
    const gone = this.#gone(container, owned)
    if (placed.length + gone.length === 0) return nothing
    if (container.lock !== null) throw locked(this.#declared, container.lock)
    if (container.isProtected) return { ...nothing, refusals: [this.#guarded()] }
    // One that is changed waits for the next start; one that comes new is mounted at once.
    for (const { mount, before } of placed)
      if (before === null) await assertNothingIsCovered(look, container, mount.guestPath)
    const changes = [
      ...(gone.length > 0 ? [this.#remove(gone)] : []),
      ...(placed.length > 0 ? [this.#set(placed)] : []),
    ]
    return { ...nothing, changes }
  }

  /** By the same rule as volumes have, which come before them. */
  #places(container: Container): { placed: Placed[]; covered: Refusal[] } {
    const { mounts, volumes } = this.#declared
    const spots: Spot[] = container.mounts.map((mount) => ({ slot: mount.slot, path: mount.path, mount }))
    const placed: Placed[] = []
    const covered: Refusal[] = []
    for (const { mountPoint } of volumes) {
      if (spots.some(({ path }) => path === mountPoint)) continue
      const slot = slotFor(mountPoint, container, spots)
      if (typeof slot === 'string') spots.push({ slot, path: mountPoint, mount: null })
    }
    for (const mount of mounts) {
      const there = at(container, mount)
      const isLeaving = there !== undefined && container.leaving.has(there.slot) && there.source === mount.hostPath
      if (there?.source === mount.hostPath && !isLeaving) continue
      const slot = there?.slot ?? slotFor(mount.guestPath, container, spots)
      if (typeof slot !== 'string') {
        covered.push(this.#covered(mount, slot))
        continue
      }
      spots.push({ slot, path: mount.guestPath, mount: null })
      placed.push({ mount, slot, before: there?.source ?? null, isLeaving })
    }
    return { placed, covered }
  }

  /** phx's own by the stamp, which the config no longer has. What waits for the next start is on its way. */
  #gone({ mounts, waiting }: Container, owned: Owned): Mount[] {
    const recorded = Object.entries(owned.live(this.id) ?? {})
    const isDeclared = (path: string): boolean => this.#declared.mounts.some(({ guestPath }) => guestPath === path)
    return mounts.filter(
      (mount) =>
        !isDeclared(mount.path) &&
        !waiting.has(mount.slot) &&
        recorded.some(([path, source]) => path === mount.path && source === mount.source),
    )
  }

  #set(placed: readonly Placed[]): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `have container ${id} see ${placed.map(({ mount }) => mount.hostPath).join(', ')}`,
      fields: placed.map(({ mount, before, isLeaving }) => {
        const from = isLeaving ? `${before}, until its next start` : before
        return { field: mount.guestPath, from, to: mount.hostPath }
      }),
      steps: [...placed.map((one) => this.#command(one)), ...placed.map((one) => this.#proof(one))],
      undo: { commands: placed.map((one) => this.#undo(one)) },
    }
  }

  #command({ mount, slot }: Placed): Step {
    const value = `${mount.hostPath},mp=${mount.guestPath}`
    return { kind: 'command', argv: ['pct', 'set', this.#declared.id, `-${slot}`, value] }
  }

  #undo({ mount, slot, before, isLeaving }: Placed): string[] {
    const how = before === null || isLeaving ? ['--delete', slot] : [`-${slot}`, `${before},mp=${mount.guestPath}`]
    return ['pct', 'set', this.#declared.id, ...how]
  }

  #proof({ mount: { hostPath, guestPath } }: Placed): Step {
    const { id } = this.#declared
    return {
      kind: 'verify',
      what: `${hostPath} is on ${guestPath} of container ${id}, once`,
      check: async (reader) => {
        const container = await readContainer(reader, id)
        const stays = ({ path, slot }: Mount): boolean => path === guestPath && !container?.leaving.has(slot)
        const there = container?.mounts.filter(stays) ?? []
        if (there.length === 1 && there[0]?.source === hostPath) return undefined
        return there.length === 0 ? 'nothing is there' : `there is ${there.map(({ source }) => source).join(' and ')}`
      },
    }
  }

  /** A bind mount is forgotten; what is in the folder stays (facts: proxmox-tools, "pct"). */
  #remove(gone: readonly Mount[]): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `take ${gone.map(({ source }) => source).join(', ')} away from container ${id}; what is in there stays`,
      fields: gone.map(({ path, source }) => ({ field: path, from: source, to: null })),
      steps: [{ kind: 'command', argv: ['pct', 'set', id, '--delete', gone.map(({ slot }) => slot).join(',')] }],
      undo: { commands: gone.map(({ slot, source, path }) => ['pct', 'set', id, `-${slot}`, `${source},mp=${path}`]) },
    }
  }

  #taken(mount: DeclaredMount): Refusal {
    const { id } = this.#declared
    const why = `${mount.guestPath} of container ${id} is taken by a volume, so ${mount.hostPath} can't be put there`
    const mend = ['declare another container_path', `see what is there: pct config ${id}`]
    return { resource: this.id, why, fields: [], mend }
  }

  #guarded(): Refusal {
    const { id } = this.#declared
    const why = `container ${id} is protected, and what it sees of the host would have to be changed`
    const mend = [`pct set ${id} --protection 0, run phx, then pct set ${id} --protection 1`]
    return { resource: this.id, why, fields: [], mend }
  }

  #covered({ hostPath, guestPath }: DeclaredMount, { over, under }: Covering): Refusal {
    const { id } = this.#declared
    const why = `${hostPath} can't be put on ${guestPath} of container ${id}: ${over.path} (${over.slot}) would cover ${under.path} (${under.slot}), since Proxmox VE mounts in the order of the numbers`
    const mend = ['declare another container_path, or another mount_point', `see what is there: pct config ${id}`]
    return { resource: this.id, why, fields: [], mend }
  }
}

const at = ({ mounts }: Container, { guestPath }: DeclaredMount): Mount | undefined =>
  mounts.find(({ path }) => path === guestPath)

const isVolume = (mount: Mount | undefined): boolean => mount !== undefined && mount.kind !== 'bind mount'
