/**
 * A Proxmox VE storage of type nfs for one of the host's own exports. `pvesm add` mounts it at once and fails while the
 * server doesn't answer, so it comes last and only once the export is there.
 */
import type { DeclaredNfsStorage } from '../../config/nfs.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import { canonical } from '../../engine/value.ts'
import { guestName, guestsNaming, guestsProbe } from '../probes/guests.ts'
import { type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { formerArgument, listOf } from '../storage/options.ts'
import { assertPvesm } from '../storage/pvesm.ts'
import { storageId, storageLock } from '../storage/storage.ts'
import { isReady } from './ready.ts'

/** With it Proxmox VE asks for version 4 by rpcinfo instead of for a list of exports by showmount, which version 4 has not. */
const mountOptions = 'vers=4'

interface Option {
  readonly name: string
  readonly declared: string | readonly string[]
  readonly live: string | readonly string[]
  readonly argument: string
}

export class NfsStorage implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [storageLock]
  readonly #declared: DeclaredNfsStorage

  constructor(declared: DeclaredNfsStorage) {
    this.id = storageId(declared.id)
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { id } = this.#declared
    const entries = await look.at(storageConfigProbe)
    if (!entries) {
      throw new CannotLook(
        `storage ${id} is declared, but there is no /etc/pve/storage.cfg: this is no Proxmox VE host, or pve-cluster is not running`,
        ['on Proxmox VE: systemctl status pve-cluster', 'elsewhere: leave proxmox_storage out of the exports'],
      )
    }
    const entry = entries.get(id)
    if (!entry) {
      await assertPvesm(look, `add storage ${id}`)
      return { changes: [this.#add()], refusals: [], notes: [], live: null }
    }
    const fixed = this.#fixed(entry)
    const options = this.#options(entry)
    const differing = options.filter((option) => canonical(option.declared) !== canonical(option.live))
    if (fixed.length === 0 && differing.length > 0) await assertPvesm(look, `change storage ${id}`)
    return {
      changes: fixed.length === 0 && differing.length > 0 ? [this.#set(entry, differing)] : [],
      refusals: fixed.length > 0 ? [await this.#refuse(look, fixed)] : [],
      notes: [],
      live: {
        type: entry.type,
        server: entry.options.get('server') ?? null,
        export: entry.options.get('export') ?? null,
        ...Object.fromEntries(options.map(({ name, live }) => [name, live])),
      },
    }
  }

  /** What can't be changed once the entry is there (facts: proxmox-tools, "pvesm and storage.cfg"). */
  #fixed(entry: StorageEntry): FieldChange[] {
    const { server, path } = this.#declared
    const all = [
      { field: 'type', from: entry.type, to: 'nfs' },
      { field: 'server', from: entry.options.get('server') ?? null, to: server },
      { field: 'export', from: entry.options.get('export') ?? null, to: path },
    ]
    return all.filter(({ from, to }) => from !== to)
  }

  /** Someone's own mount options stay as long as they ask for version 4. */
  #options(entry: StorageEntry): Option[] {
    const { content } = this.#declared
    const given = entry.options.get('options') ?? ''
    const isFour = /(^|,)vers=4(\.\d)?(,|$)/.test(given)
    return [
      {
        name: 'content',
        declared: content,
        live: listOf(entry.options.get('content') ?? 'images'),
        argument: content.join(),
      },
      { name: 'options', declared: isFour ? given : mountOptions, live: given, argument: mountOptions },
    ]
  }

  #add(): Change {
    const { id, server, path, content } = this.#declared
    const given = { server, export: path, content: content.join(), options: mountOptions }
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `add nfs storage ${id} for ${server}:${path}`,
      fields: Object.entries(given).map(([field, to]) => ({ field, from: null, to })),
      steps: [
        // The names of clients were resolved when the export was made; here it only has to be served.
        isReady([], new Map()),
        {
          kind: 'command',
          argv: ['pvesm', 'add', 'nfs', id, ...Object.entries(given).flatMap(([name, value]) => [`--${name}`, value])],
        },
      ],
      undo: { commands: [['pvesm', 'remove', id]] },
    }
  }

  #set(entry: StorageEntry, differing: readonly Option[]): Change {
    const { id } = this.#declared
    const back = differing.map(({ name }) => {
      const before = formerArgument(entry, name)
      return ['pvesm', 'set', id, ...(before === null ? ['--delete', name] : [`--${name}`, before])]
    })
    const argv = ['pvesm', 'set', id, ...differing.flatMap(({ name, argument }) => [`--${name}`, argument])]
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set ${differing.map(({ name, argument }) => `${name} ${argument}`).join(', ')} of storage ${id}`,
      fields: differing.map(({ name, live, declared }) => ({ field: name, from: live, to: declared })),
      steps: [{ kind: 'command', argv }],
      undo: { commands: back },
    }
  }

  async #refuse(look: Look, fields: readonly FieldChange[]): Promise<Refusal> {
    const { id } = this.#declared
    const guests = guestsNaming(await look.at(guestsProbe), [id]).map(guestName)
    const [first] = fields
    return {
      resource: this.id,
      why: `the ${first?.field} of storage ${id} can't be changed: declared is ${first?.to}, it is ${first?.from}; ${guests.length > 0 ? `in use by ${guests.join(', ')}` : 'no guest names it'}`,
      fields,
      mend: [
        'give the export another proxmox_storage, or declare what is there',
        guests.length > 0
          ? `or move the guests' disks away first, then: pvesm remove ${id}`
          : `or take the old one away: pvesm remove ${id} (its data stays; permissions on /storage/${id} go)`,
      ],
    }
  }
}
