/**
 * Entries that are no longer declared: those that phx made, and those that stand on ground the config claims. An entry
 * is a definition only: removing it loses no data, yet breaks guests that name it, so those keep it.
 */
import { liesIn } from '../../config/dataset-mounts.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Note, Owned, Resource } from '../../engine/resource.ts'
import { guestName, guestsNaming, guestsProbe } from '../probes/guests.ts'
import { nodeProbe, type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { listOf } from './options.ts'
import { storageId, storageLock } from './storage.ts'

/** What the installer of Proxmox VE made: never phx's to remove. */
const reserved = new Set(['local', 'local-zfs', 'local-lvm'])

export interface Ground {
  /** The pool's name; no ground is claimed once the pool is no longer declared. */
  readonly pool: string
  readonly isDeclared: boolean
  /** Where the pool and its declared datasets are mounted. */
  readonly places: readonly string[]
}

/** By whole path components: `quickOS/a` is no part of `quickOS/ab`, nor is `/quickOS2` of `/quickOS`. */
function standsOn(entry: StorageEntry, ground: Ground): boolean {
  if (!ground.isDeclared) return false
  const pool = entry.options.get('pool')
  const path = entry.options.get('path')
  if (entry.type === 'zfspool') return pool !== undefined && liesIn(pool, ground.pool)
  if (entry.type === 'dir') return path !== undefined && ground.places.some((place) => liesIn(path, place))
  return false
}

export class StaleStorages implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [storageLock]
  readonly #ground: Ground
  readonly #declared: ReadonlySet<string>

  /** `declared` are the ids of all storages of the config, on whatever pool. */
  constructor(ground: Ground, declared: ReadonlySet<string>) {
    this.id = `stale-storages:${ground.pool}`
    this.#ground = ground
    this.#declared = declared
  }

  async compare(look: Look, _foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const entries = (await look.at(storageConfigProbe)) ?? new Map<string, StorageEntry>()
    const node = await look.at(nodeProbe)
    const stale = [...entries.values()].filter((entry) => {
      if (this.#declared.has(entry.id) || reserved.has(entry.id)) return false
      if (owned.created(storageId(entry.id))) return true
      // An entry for other nodes means their pool or path of that name, not this host's.
      const nodes = listOf(entry.options.get('nodes') ?? '')
      const isHere = nodes.length === 0 || node === undefined || nodes.includes(node)
      return isHere && standsOn(entry, this.#ground)
    })
    if (stale.length === 0) return { changes: [], refusals: [], notes: [], live: {} }

    const guests = await look.at(guestsProbe)
    const changes: Change[] = []
    const notes: Note[] = []
    for (const entry of stale) {
      const users = guestsNaming(guests, [entry.id]).map(guestName)
      if (users.length === 0) changes.push(removal(entry))
      else {
        const text = `storage ${entry.id} is no longer declared, but ${users.join(', ')} still ${users.length === 1 ? 'names' : 'name'} it: it stays until then`
        notes.push({ resource: storageId(entry.id), level: 'warning', text })
      }
    }
    return { changes, refusals: [], notes, live: {} }
  }
}

function removal(entry: StorageEntry): Change {
  const fields = [...entry.options].map(([field, value]) => ({ field, from: value === '' ? true : value, to: null }))
  return {
    resource: storageId(entry.id),
    action: 'remove',
    risk: 'safe',
    summary: `remove ${entry.type} storage ${entry.id}, which is no longer declared (its data stays)`,
    fields,
    steps: [{ kind: 'command', argv: ['pvesm', 'remove', entry.id] }],
    undo: { commands: [restoring(entry)] },
  }
}

/** `mountpoint` is Proxmox VE's own reading of the dataset, not something that was asked for. */
function restoring(entry: StorageEntry): string[] {
  const options = [...entry.options].filter(([name]) => !(entry.type === 'zfspool' && name === 'mountpoint'))
  const given = options.flatMap(([name, value]) => [`--${name}`, value === '' ? '1' : value])
  return ['pvesm', 'add', entry.type, entry.id, ...given]
}
