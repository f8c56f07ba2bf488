/** Where a container sees folders of the host: each once, found by its place inside, not by its number. */
import type { DeclaredLxc, DeclaredMount } from '../../config/guests/lxc.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { type Container, containerProbe, type Mount, readContainer } from '../probes/containers.ts'
import { containerId } from './container.ts'

/** pct knows mp0 to mp255 (pct(1)). */
const slots = Array.from({ length: 256 }, (_, index) => `mp${index}`)

export class BindMounts implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/mounts`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, mounts } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const container = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(containerProbe(id))
    const live = Object.fromEntries(
      mounts.map(({ guestPath }) => [guestPath, container?.mounts.find(({ path }) => path === guestPath)?.source ?? null]),
    )
    const taken = container ? mounts.filter((one) => isVolume(at(container, one))) : []
    if (taken.length > 0) return { ...nothing, refusals: taken.map((one) => this.#taken(one)), live }
    const missing = mounts.filter((one) => container === undefined || at(container, one)?.source !== one.hostPath)
    const set = missing.map((one, index) => this.#set(one, container, index))
    if (missing.length === 0) return { ...nothing, live }
    if (container?.lock) throw locked(this.#declared, container.lock)
    const fields = missing.map((one) => ({ field: one.guestPath, from: live[one.guestPath] ?? null, to: one.hostPath }))
    const changes = [this.#change([...set, ...this.#proof(missing)], fields, missing)]
    return { ...nothing, changes, live: container ? live : null }
  }

  /** A running container gets a new one at once, over whatever it has there. */
  #set(mount: DeclaredMount, container: Container | undefined, index: number): Step {
    const { id, volumes } = this.#declared
    const there = container && at(container, mount)
    const used = new Set(container?.mounts.map(({ slot }) => slot))
    // Volumes of the container's own come before: those that are still to be allocated take the first free ones.
    const pending = volumes.filter(({ mountPoint }) => !container?.mounts.some(({ path }) => path === mountPoint)).length
    const free = slots.filter((slot) => !used.has(slot))[index + pending]
    const slot = there?.slot ?? free
    if (slot === undefined) throw new CannotLook(`container ${id} has no mount point left`, ['take one away: pct set'])
    return { kind: 'command', argv: ['pct', 'set', id, `-${slot}`, `${mount.hostPath},mp=${mount.guestPath}`] }
  }

  #proof(missing: readonly DeclaredMount[]): Step[] {
    const { id } = this.#declared
    return missing.map((one) => ({
      kind: 'verify',
      what: `${one.hostPath} is on ${one.guestPath} of container ${id}, once`,
      check: async (reader) => {
        const container = await readContainer(reader, id)
        const there = container?.mounts.filter(({ path }) => path === one.guestPath) ?? []
        if (there.length === 1 && there[0]?.source === one.hostPath) return undefined
        return there.length === 0 ? 'nothing is there' : `there is ${there.map(({ source }) => source).join(' and ')}`
      },
    }))
  }

  #taken(mount: DeclaredMount) {
    const { id } = this.#declared
    const why = `${mount.guestPath} of container ${id} is taken by a volume, so ${mount.hostPath} can't be put there`
    return { resource: this.id, why, fields: [], mend: ['declare another container_path', `see what is there: pct config ${id}`] }
  }

  #change(steps: readonly Step[], fields: readonly FieldChange[], missing: readonly DeclaredMount[]): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `have container ${id} see ${missing.map(({ hostPath }) => hostPath).join(', ')}`,
      fields,
      steps,
      undo: { impossible: 'what was there before stands in the fields of this change' },
    }
  }
}

const at = ({ mounts }: Container, { guestPath }: DeclaredMount): Mount | undefined =>
  mounts.find(({ path }) => path === guestPath)

const isVolume = (mount: Mount | undefined): boolean => mount !== undefined && mount.kind !== 'bind mount'
