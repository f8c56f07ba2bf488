/** A virtual machine as such: there, the one that is meant, and made from what is declared. */
import type { DeclaredVm, VmOrigin } from '../../config/guests/vm.ts'
import type {
  Change,
  Comparison,
  Foreseen,
  Lock,
  Look,
  Note,
  Owned,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import { imagePath, imageVerified } from '../guest/image.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { isTemplate } from '../probes/guest-conf.ts'
import { guestName, guestsProbe } from '../probes/guests.ts'
import { nameOf, readVm, tagsOf, uuidOf, type Vm, vmProbe } from '../probes/vms.ts'
import { assertStorage } from '../storage/ready.ts'
import * as refuse from './refuse.ts'
import { creationOptions, type Surroundings } from './wanted.ts'

export const machineId = (vmid: string): string => `vm:${vmid}`

/** The tag that says, to people and to phx, that a machine is phx's. */
export const mark = 'phx'

/** A full clone copies the whole disk. */
const copyingMs = 3_600_000

const nothing = { changes: [], refusals: [], notes: [] }

export class Machine implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredVm
  readonly #around: Surroundings

  constructor(declared: DeclaredVm, around: Surroundings) {
    const { origin } = declared
    this.id = machineId(declared.id)
    const source: Lock[] = origin?.kind === 'clone' ? [{ name: `guest:${origin.vmid}`, mode: 'shared' }] : []
    this.locks = [guestLock(declared), ...source]
    this.#declared = declared
    this.#around = around
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const vm = await look.at(vmProbe(this.#declared.id))
    if (vm === undefined) return this.#absent(look, foreseen)
    const refusals = this.#hindrance(vm, owned)
    const changes = refusals.length > 0 || tagsOf(vm).includes(mark) ? [] : [this.#taken(vm, owned)]
    return { changes, refusals, notes: this.#otherOrigin(owned), live: { uuid: uuidOf(vm), from: this.#from(owned) } }
  }

  #isOurs(vm: Vm, owned: Owned): boolean {
    return tagsOf(vm).includes(mark) || owned.created(this.id)
  }

  #hindrance(vm: Vm, owned: Owned): Refusal[] {
    const declared = this.#declared
    const lock = vm.values.get('lock')
    if (lock === 'clone' || lock === 'create') return [refuse.halfMade(declared, lock, owned.begun(this.id))]
    if (lock !== undefined) throw locked(declared, lock)
    const known = owned.live(this.id)?.uuid
    const uuid = uuidOf(vm)
    if (!owned.begun(this.id) && typeof known === 'string' && uuid !== null && known !== uuid)
      return [refuse.another(declared, vm, known)]
    if (!this.#isOurs(vm, owned) && !declared.mayAdopt) return [refuse.stranger(declared, vm)]
    // Without a record the name has to tell: a tag may have been copied with a clone.
    if (known === undefined && !owned.begun(this.id) && !declared.mayAdopt && nameOf(vm) !== declared.name)
      return [refuse.otherName(declared, vm)]
    if (isTemplate(vm) && !declared.isTemplate) return [refuse.isTemplate(declared)]
    return []
  }

  /** Where it came from, as far as phx knows: it made it, or somebody else did. */
  #from(owned: Owned): string | null {
    const known = owned.live(this.id)?.from
    if (typeof known === 'string') return known
    return owned.created(this.id) ? originText(this.#declared.origin) : null
  }

  #otherOrigin(owned: Owned): Note[] {
    const made = owned.live(this.id)?.from
    const declared = originText(this.#declared.origin)
    if (typeof made !== 'string' || declared === null || made === declared) return []
    const { id } = this.#declared
    const text = `VM ${id} was made from ${made} and is now declared as made from ${declared}: it stays as it is; to make it anew, destroy it by hand, then phx run vm:${id}`
    return [{ resource: this.id, level: 'warning', text }]
  }

  async #absent(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, origin, storage } = this.#declared
    const other = (await look.at(guestsProbe)).find((guest) => guest.id === id)
    if (other) return { ...nothing, refusals: [refuse.idTaken(this.#declared, other)], live: null }
    if (origin === null) return { ...nothing, refusals: [refuse.noOrigin(this.#declared)], live: null }
    if (storage !== null) await assertStorage(look, foreseen, storage, 'images', `can't make VM ${id}`)
    if (origin.kind !== 'clone') {
      if (storage === null) return { ...nothing, refusals: [refuse.noStorage(this.#declared)], live: null }
      return { ...nothing, changes: [this.#import(origin, storage)], live: null }
    }
    const source = await look.at(vmProbe(origin.vmid))
    const isComing = this.#declared.needs.includes(machineId(origin.vmid))
    if (!isComing && (source === undefined || !isTemplate(source)))
      return { ...nothing, refusals: [refuse.noTemplate(this.#declared, origin.vmid, source)], live: null }
    return { ...nothing, changes: [this.#clone(origin)], live: null }
  }

  #clone({ vmid, isLinked }: VmOrigin & { kind: 'clone' }): Change {
    const { id, name, storage } = this.#declared
    // A linked clone lies where its template does: qm refuses --storage with it.
    const where = isLinked || storage === null ? [] : ['--storage', storage]
    const clone = ['qm', 'clone', vmid, id, '--name', name, '--full', isLinked ? '0' : '1', ...where]
    return this.#made(
      `clone VM ${id} (${name}) from ${vmid}`,
      [{ field: 'clone_from_vmid', from: null, to: Number(vmid) }],
      [{ kind: 'command', argv: clone, timeoutMs: copyingMs }, this.#isWhole(), this.#tag([])],
    )
  }

  #import(origin: VmOrigin & { kind: 'file' | 'image' }, storage: string): Change {
    const { id, name } = this.#declared
    const file = imagePath(origin)
    const options = creationOptions(this.#declared, storage, this.#around)
    options.set('tags', mark).set('scsi0', `${storage}:0,import-from=${file}`)
    const create = ['qm', 'create', id, ...[...options].flatMap(([key, value]) => [`--${key}`, value])]
    return this.#made(
      `create VM ${id} (${name}) from ${file}`,
      [{ field: 'template_image', from: null, to: file }],
      [...imageVerified(origin), { kind: 'command', argv: create, timeoutMs: copyingMs }, this.#isWhole()],
    )
  }

  #made(summary: string, fields: Change['fields'], steps: readonly Step[]): Change {
    const undo = { commands: [['qm', 'destroy', this.#declared.id, '--purge', '1']] }
    // How large its disk is, and what is inside, shows only then.
    return { resource: this.id, action: 'create', risk: 'safe', summary, fields, steps, undo, reveals: true }
  }

  #tag(others: readonly string[]): Step {
    const tags = [...new Set([...others, mark])].sort()
    return { kind: 'command', argv: ['qm', 'set', this.#declared.id, '--tags', tags.join(';')] }
  }

  #taken(vm: Vm, owned: Owned): Change {
    const tags = tagsOf(vm)
    const summary = owned.created(this.id)
      ? `tag ${guestName(this.#declared)} as phx's`
      : `take over ${guestName(this.#declared)} (${nameOf(vm)}), which phx did not make`
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary,
      fields: [{ field: 'tags', from: [...tags], to: [...tags, mark].sort() }],
      steps: [this.#tag(tags)],
      undo: {
        commands: [['qm', 'set', vm.id, ...(tags.length > 0 ? ['--tags', tags.join(';')] : ['--delete', 'tags'])]],
      },
    }
  }

  #isWhole(): Step {
    const { id } = this.#declared
    return {
      kind: 'verify',
      what: `VM ${id} is whole`,
      check: async (reader) => {
        const vm = await readVm(reader, id)
        if (vm === undefined) return `there is no VM ${id}`
        const lock = vm.values.get('lock')
        return lock === undefined ? undefined : `it is locked (${lock})`
      },
    }
  }
}

function originText(origin: VmOrigin | null): string | null {
  if (origin === null) return null
  return origin.kind === 'clone' ? `VM ${origin.vmid}` : imagePath(origin)
}
