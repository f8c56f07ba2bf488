/**
 * Entries that are not declared: those that phx made, and those that stand on ground the config claims. An entry is a
 * definition only: removing it loses no data, yet breaks guests and backup jobs that name it, so those keep it.
 */
import { liesIn, withoutSlash } from '../../config/dataset-mounts.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Note, Owned, Resource } from '../../engine/resource.ts'
import { datasetId } from '../dataset/dataset.ts'
import { backupJobsProbe } from '../probes/backup-jobs.ts'
import { guestName, guestsNaming, guestsProbe } from '../probes/guests.ts'
import { carrierOf, mountsProbe } from '../probes/mounts.ts'
import { nodeProbe, type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { poolId } from '../zpool/pool.ts'
import { isMountpoint, listOf } from './options.ts'
import { assertPvesm } from './pvesm.ts'
import { storageId, storageLock } from './storage.ts'

/** What the installer of Proxmox VE made: never phx's to remove. */
const reserved = new Set(['local', 'local-zfs', 'local-lvm'])

export interface Ground {
  /** The pool's name; no ground is claimed once the pool is no longer declared. */
  readonly pool: string
  readonly isDeclared: boolean
  /** Where the pool and its declared datasets are mounted. */
  readonly places: readonly { readonly dataset: string; readonly at: string }[]
}

/** By whole path components: `quickOS/a` is no part of `quickOS/ab`, nor is `/quickOS2` of `/quickOS`. */
function isOfPool(entry: StorageEntry, ground: Ground): boolean {
  if (!ground.isDeclared) return false
  const pool = entry.options.get('pool')
  return entry.type === 'zfspool' && pool !== undefined && liesIn(pool, ground.pool)
}

/**
 * A path says little: below a pool's mount point may be another disk, another pool or an NFS mount. What counts is the
 * mount that carries the path: the one there is, or the one that this very run is going to make. Where the pool or
 * dataset isn't mounted and won't be, nothing is claimed.
 */
async function liesOn(look: Look, foreseen: Foreseen, entry: StorageEntry, ground: Ground): Promise<boolean> {
  const path = withoutSlash(entry.options.get('path') ?? '')
  const places = ground.places.filter((place) => liesIn(path, place.at))
  if (places.length === 0) return false
  const carrier = carrierOf(await look.at(mountsProbe), (await look.reader.realpath(path)) ?? path)
  const isNew = ({ dataset }: { dataset: string }): boolean =>
    foreseen.isMadeAnew(poolId(ground.pool)) || foreseen.isMadeAnew(datasetId(dataset))
  // A mount that is below the new one stays the carrier.
  const coming = places.filter(({ at }) => !(carrier && liesIn(carrier.at, at))).filter(isNew)
  const isOurs = carrier?.type === 'zfs' && liesIn(carrier.source, ground.pool)
  const carriers = [...(isOurs ? [carrier.at] : []), ...coming.map(({ at }) => at)]
  if (!isMountpoint(entry)) return carriers.length > 0
  // Its owner expects a mount of its own there: a disk that isn't plugged in now.
  const given = entry.options.get('is_mountpoint') ?? ''
  return carriers.includes(given.startsWith('/') ? withoutSlash(given) : path)
}

interface Stale {
  readonly entry: StorageEntry
  /** How it came to be phx's to remove, for a person. */
  readonly why: 'no longer declared' | 'not declared'
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

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const stale = await this.#stale(look, foreseen, owned)
    if (stale.length === 0) return { changes: [], refusals: [], notes: [], live: {} }

    const [guests, jobs] = await Promise.all([look.at(guestsProbe), look.at(backupJobsProbe)])
    const changes: Change[] = []
    const notes: Note[] = []
    for (const { entry, why } of stale) {
      const users = [
        ...guestsNaming(guests, [entry.id]).map(guestName),
        ...jobs.filter((job) => job.storage === entry.id).map((job) => `backup job ${job.id}`),
      ]
      if (users.length === 0) changes.push(removal(entry, why))
      else {
        const text = `storage ${entry.id} is ${why}, but ${users.join(', ')} still ${users.length === 1 ? 'names' : 'name'} it: it stays until then`
        notes.push({ resource: storageId(entry.id), level: 'warning', text })
      }
    }
    if (changes.length > 0) await assertPvesm(look, changes[0]?.summary ?? '')
    return { changes, refusals: [], notes, live: {} }
  }

  async #stale(look: Look, foreseen: Foreseen, owned: Owned): Promise<Stale[]> {
    const entries = [...((await look.at(storageConfigProbe))?.values() ?? [])].filter(
      (entry) => !this.#declared.has(entry.id) && !reserved.has(entry.id),
    )
    const node = await look.at(nodeProbe)
    // An entry for other nodes means their pool or path of that name, not this host's.
    const here = entries.filter((entry) => {
      const nodes = listOf(entry.options.get('nodes') ?? '')
      return nodes.length === 0 || node === undefined || nodes.includes(node)
    })
    const byPath = await this.#claimedByPath(look, foreseen, here)
    return entries.flatMap((entry): Stale[] => {
      if (owned.created(storageId(entry.id))) return [{ entry, why: 'no longer declared' }]
      const isClaimed = here.includes(entry) && (isOfPool(entry, this.#ground) || byPath.has(entry.id))
      return isClaimed ? [{ entry, why: 'not declared' }] : []
    })
  }

  async #claimedByPath(look: Look, foreseen: Foreseen, entries: readonly StorageEntry[]): Promise<ReadonlySet<string>> {
    const folders = this.#ground.isDeclared ? entries.filter((entry) => entry.type === 'dir') : []
    const claims = await Promise.all(folders.map((entry) => liesOn(look, foreseen, entry, this.#ground)))
    return new Set(folders.filter((_, index) => claims[index]).map((entry) => entry.id))
  }
}

function removal(entry: StorageEntry, why: Stale['why']): Change {
  const fields = [...entry.options].map(([field, value]) => ({ field, from: value === '' ? true : value, to: null }))
  return {
    resource: storageId(entry.id),
    action: 'remove',
    risk: 'safe',
    summary: `remove ${entry.type} storage ${entry.id}, which is ${why} (its data stays)`,
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
