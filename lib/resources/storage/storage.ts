/**
 * A declared storage entry. storage.cfg is read, and changed by pvesm alone; nothing is written without need, since
 * every `pvesm set` rewrites the whole file, comments and all (facts: proxmox-tools).
 */
import type { DeclaredStorage } from '../../config/zfs.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Refusal, Resource, Value } from '../../engine/resource.ts'
import { canonical } from '../../engine/value.ts'
import type { Argv } from '../../host/host.ts'
import { guestName, guestsNaming, guestsProbe } from '../probes/guests.ts'
import { type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { fixedDifferences, formerArgument, settableOptions } from './options.ts'
import { assertPvesm } from './pvesm.ts'

export const storageId = (id: string): string => `storage:${id}`

/** Everyone who writes storage.cfg through phx takes it: pvesm's own lock only orders single calls. */
export const storageLock: Lock = { name: 'storage.cfg', mode: 'exclusive' }

export class Storage implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [storageLock]
  readonly #declared: DeclaredStorage

  constructor(declared: DeclaredStorage) {
    this.id = storageId(declared.id)
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const entries = await look.at(storageConfigProbe)
    if (!entries) {
      throw new CannotLook(
        `storage ${this.#declared.id} is declared, but there is no /etc/pve/storage.cfg: this is no Proxmox VE host, or pve-cluster is not running`,
        [
          'on Proxmox VE: systemctl status pve-cluster',
          'elsewhere: leave proxmox_storage_type out of the datasets; pools and datasets work without it',
        ],
      )
    }
    const entry = entries.get(this.#declared.id)
    if (!entry) {
      await assertPvesm(look, `add storage ${this.#declared.id}`)
      return { changes: [this.#add()], refusals: [], notes: [], live: null }
    }

    const fixed = fixedDifferences(this.#declared, entry)
    const options = settableOptions(this.#declared, entry)
    const differing = options.filter((option) => canonical(option.declared) !== canonical(option.live))
    if (fixed.length === 0 && differing.length > 0) await assertPvesm(look, `change storage ${this.#declared.id}`)
    const live = Object.fromEntries(options.map((option): [string, Value] => [option.name, option.live]))
    const ground = { type: entry.type, on: entry.options.get('pool') ?? entry.options.get('path') ?? null }
    return {
      changes: fixed.length === 0 && differing.length > 0 ? [this.#set(entry, differing)] : [],
      refusals: fixed.length > 0 ? [await this.#refuse(look, fixed)] : [],
      notes: [],
      live: { ...ground, ...live },
    }
  }

  #add(): Change {
    const { id, type, dataset, path } = this.#declared
    const ground = type === 'zfspool' ? ['--pool', dataset] : ['--path', path]
    const options = settableOptions(this.#declared, null)
    const argv = [
      'pvesm',
      'add',
      type,
      id,
      ...ground,
      ...options.flatMap(({ name, argument }) => [`--${name}`, argument]),
    ]
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `add ${type} storage ${id} on ${type === 'zfspool' ? dataset : path}`,
      fields: [
        { field: type === 'zfspool' ? 'pool' : 'path', from: null, to: type === 'zfspool' ? dataset : path },
        ...options.map(({ name, declared }): FieldChange => ({ field: name, from: null, to: declared })),
      ],
      steps: [{ kind: 'command', argv }],
      undo: { commands: [['pvesm', 'remove', id]] },
    }
  }

  /** Only what differs: a fixed option is refused even with the value it has (facts: host-tools 4.1). */
  #set(entry: StorageEntry, differing: ReturnType<typeof settableOptions>): Change {
    const { id } = this.#declared
    const back = differing.map(({ name }): Argv => {
      const before = formerArgument(entry, name)
      return ['pvesm', 'set', id, ...(before === null ? ['--delete', name] : [`--${name}`, before])]
    })
    return {
      resource: this.id,
      action: 'update',
      risk: differing.some(({ name, declared }) => name === 'disable' && declared === true) ? 'disruptive' : 'safe',
      summary: `set ${differing.map(({ name, argument }) => `${name} ${argument}`).join(', ')} of storage ${id}`,
      fields: differing.map(({ name, live, declared }) => ({ field: name, from: live, to: declared })),
      steps: [
        {
          kind: 'command',
          argv: ['pvesm', 'set', id, ...differing.flatMap(({ name, argument }) => [`--${name}`, argument])],
        },
      ],
      undo: { commands: back },
      // What could not be put on it before, such as volumes of containers, can be now.
      reveals: true,
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
        'give the declared storage another id (proxmox_storage_ids), or declare what is there',
        guests.length > 0
          ? `or move the guests' disks away first, then: pvesm remove ${id}`
          : `or take the old one away: pvesm remove ${id} (its data stays; permissions on /storage/${id} go)`,
      ],
    }
  }
}
