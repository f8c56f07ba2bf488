/** A container's root file system: grown to the declared size, never shrunk. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { parseSize } from '../../config/size.ts'
import type { Change, Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { type GuestConf, guestConfProbe, propertiesOf, readGuestConf } from '../probes/guest-conf.ts'
import { sizeText } from '../size.ts'
import { containerId } from './container.ts'

const gibibyte = 2 ** 30

export class RootFs implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc
  readonly #wanted: number

  constructor(declared: DeclaredLxc, rootGb: number) {
    this.id = `${containerId(declared.id)}/rootfs`
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#wanted = rootGb * gibibyte
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    if (conf === undefined) return this.#later()
    const size = sizeOf(conf)
    if (size === undefined) {
      const why = `the size of container ${id}'s root file system doesn't stand in its configuration`
      return {
        ...nothing,
        refusals: [{ resource: this.id, why, fields: [], mend: [`pct rescan --vmid ${id}`] }],
        live: null,
      }
    }
    const live = { size }
    if (size === this.#wanted) return { ...nothing, live }
    const fields = [{ field: 'storage_size_gb', from: size / gibibyte, to: this.#wanted / gibibyte }]
    const lock = conf.values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    if (size < this.#wanted) return { ...nothing, changes: [this.#grow(size, fields)], live }
    const why = `the root file system of container ${id} has ${sizeText(size)}, declared are ${sizeText(this.#wanted)}: it is not shrunk`
    const mend = [`declare what it has: "storage_size_gb": ${Math.ceil(size / gibibyte)}`]
    return { ...nothing, refusals: [{ resource: this.id, why, fields, mend }], live }
  }

  /** A template file is unpacked into one of the declared size; how large the copy of a container's is, shows then. */
  #later(): Comparison {
    const isCopied = this.#declared.origin?.kind === 'clone'
    const text = `its root file system is grown to ${sizeText(this.#wanted)} once it is there`
    const notes = isCopied ? [{ resource: this.id, level: 'info' as const, text }] : []
    return { changes: [], refusals: [], notes, live: undefined }
  }

  #grow(size: number, fields: Change['fields']): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `grow the root file system of container ${id} from ${sizeText(size)} to ${sizeText(this.#wanted)}`,
      fields,
      steps: [
        { kind: 'command', argv: ['pct', 'resize', id, 'rootfs', `${this.#wanted / gibibyte}G`] },
        {
          kind: 'verify',
          what: `the root file system of container ${id} has ${sizeText(this.#wanted)}`,
          check: async (reader) => {
            const conf = await readGuestConf(reader, { kind: 'lxc', id })
            const now = conf && sizeOf(conf)
            return now === this.#wanted
              ? undefined
              : `its configuration says ${conf?.values.get('rootfs') ?? 'nothing'}`
          },
        },
      ],
      undo: { impossible: 'it is not shrunk' },
    }
  }
}

function sizeOf({ values }: GuestConf): number | undefined {
  const size = propertiesOf(values.get('rootfs') ?? '').get('size')
  return size === undefined ? undefined : parseSize(size)
}
