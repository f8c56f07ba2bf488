/** The disk that a virtual machine boots from: grown to the declared size, never shrunk. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { parseSize } from '../../config/size.ts'
import type { Change, Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { bootDisk, type Drive, readVm, vmProbe } from '../probes/vms.ts'
import { sizeText } from '../size.ts'
import { machineId } from './machine.ts'

const gibibyte = 2 ** 30

export class VmDisk implements Resource {
  readonly id: string
  readonly locks
  readonly #vmid: string
  readonly #wanted: number

  constructor(declared: DeclaredVm, diskGb: number) {
    this.id = `${machineId(declared.id)}/disk`
    this.locks = [guestLock(declared)]
    this.#vmid = declared.id
    this.#wanted = diskGb * gibibyte
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const nothing = { changes: [], refusals: [], notes: [] }
    const vm = await look.at(vmProbe(this.#vmid))
    if (vm === undefined || foreseen.isMadeAnew(machineId(this.#vmid))) return this.#later()
    const disk = bootDisk(vm.values)
    const size = disk?.size == null ? undefined : parseSize(disk.size)
    if (disk === undefined || size === undefined) {
      const why = `VM ${this.#vmid} has no disk that it boots from, or one whose size doesn't stand in its configuration`
      const mend = [`qm disk rescan --vmid ${this.#vmid}`, `qm config ${this.#vmid}`]
      return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend }], live: null }
    }
    const live = { size }
    if (size === this.#wanted) return { ...nothing, live }
    if (size < this.#wanted) return { ...nothing, changes: [this.#grow(disk, size)], live }
    const why = `disk ${disk.slot} of VM ${this.#vmid} has ${sizeText(size)}, declared are ${sizeText(this.#wanted)}: shrinking it would cut off what lies at its end`
    const fields = [{ field: 'disk_size_gb', from: size / gibibyte, to: this.#wanted / gibibyte }]
    const mend = [`declare what it has: "disk_size_gb": ${Math.ceil(size / gibibyte)}`]
    return { ...nothing, refusals: [{ resource: this.id, why, fields, mend }], live }
  }

  /** How large the copy of the template's disk is, shows once it is there. */
  #later(): Comparison {
    const text = `its disk is grown to ${sizeText(this.#wanted)} once it is there`
    return { changes: [], refusals: [], notes: [{ resource: this.id, level: 'info', text }], live: undefined }
  }

  #grow({ slot }: Drive, size: number): Change {
    const target = `${this.#wanted / gibibyte}G`
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `grow disk ${slot} of VM ${this.#vmid} from ${sizeText(size)} to ${sizeText(this.#wanted)}`,
      fields: [{ field: 'disk_size_gb', from: size / gibibyte, to: this.#wanted / gibibyte }],
      steps: [
        { kind: 'command', argv: ['qm', 'disk', 'resize', this.#vmid, slot, target] },
        {
          kind: 'verify',
          // qm ends with 0 also when it refused (facts: proxmox-tools, "qm").
          what: `disk ${slot} of VM ${this.#vmid} has ${sizeText(this.#wanted)}`,
          check: async (reader) => {
            const disk = bootDisk((await readVm(reader, this.#vmid))?.values ?? new Map())
            const now = disk?.size == null ? undefined : parseSize(disk.size)
            return now === this.#wanted ? undefined : `its configuration says ${disk?.size ?? 'nothing'}`
          },
        },
      ],
      undo: { impossible: 'a disk is not shrunk' },
    }
  }
}
