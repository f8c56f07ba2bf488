/**
 * Storages of type nfs that are no longer declared: those that phx made, and those for an export of this host that the
 * config declares. Removed before the exports are, so that this host is no client of what goes.
 */
import { liesIn } from '../../config/dataset-mounts.ts'
import type { Change, Comparison, Lock, Look, Note, Owned, Resource, Step } from '../../engine/resource.ts'
import { backupJobsProbe } from '../probes/backup-jobs.ts'
import { guestName, guestsNaming, guestsProbe } from '../probes/guests.ts'
import { mountsProbe } from '../probes/mounts.ts'
import { type StorageEntry, storageConfigProbe } from '../probes/storage-config.ts'
import { assertPvesm } from '../storage/pvesm.ts'
import { storageId, storageLock } from '../storage/storage.ts'

interface Claim {
  /** Ids of the declared ones. */
  readonly declared: ReadonlySet<string>
  /** Addresses and names by which this host is a server. */
  readonly servers: readonly string[]
  /** Declared exports. */
  readonly paths: readonly string[]
}

export class StaleNfsStorages implements Resource {
  readonly id = 'stale-nfs-storages'
  readonly locks: readonly Lock[] = [storageLock]
  readonly #claim: Claim

  constructor(claim: Claim) {
    this.#claim = claim
  }

  async compare(look: Look, _: unknown, owned: Owned): Promise<Comparison> {
    const entries = [...((await look.at(storageConfigProbe))?.values() ?? [])].filter(({ type }) => type === 'nfs')
    const stale = entries.filter((entry) => !this.#claim.declared.has(entry.id) && this.#isOurs(entry, owned))
    if (stale.length === 0) return { changes: [], refusals: [], notes: [], live: {} }

    const [guests, jobs] = await Promise.all([look.at(guestsProbe), look.at(backupJobsProbe)])
    const changes: Change[] = []
    const notes: Note[] = []
    for (const entry of stale) {
      const users = [
        ...guestsNaming(guests, [entry.id]).map(guestName),
        ...jobs.filter((job) => job.storage === entry.id).map((job) => `backup job ${job.id}`),
      ]
      if (users.length === 0) changes.push(await removal(look, entry))
      else {
        const text = `nfs storage ${entry.id} is no longer declared, but ${users.join(', ')} still ${users.length === 1 ? 'names' : 'name'} it: it stays until then`
        notes.push({ resource: storageId(entry.id), level: 'warning', text })
      }
    }
    if (changes.length > 0) await assertPvesm(look, changes[0]?.summary ?? '')
    return { changes, refusals: [], notes, live: {} }
  }

  #isOurs({ id, options }: StorageEntry, owned: Owned): boolean {
    if (owned.created(storageId(id))) return true
    const path = options.get('export') ?? ''
    const isHere = this.#claim.servers.includes(options.get('server') ?? '')
    return isHere && this.#claim.paths.some((declared) => liesIn(path, declared))
  }
}

/** `pvesm remove` forgets the entry and leaves its mount, which would hang as soon as the export is gone. */
async function removal(look: Look, { id, options }: StorageEntry): Promise<Change> {
  const at = options.get('path') ?? `/mnt/pve/${id}`
  const isMounted = (await look.at(mountsProbe)).some((mount) => mount.at === at && mount.type.startsWith('nfs'))
  const steps: Step[] = [
    { kind: 'command', argv: ['pvesm', 'remove', id] },
    ...(isMounted ? [{ kind: 'command' as const, argv: ['umount', at] }] : []),
  ]
  return {
    resource: storageId(id),
    action: 'remove',
    risk: isMounted ? 'disruptive' : 'safe',
    summary: `remove nfs storage ${id}, which is not declared (its data stays)`,
    fields: [...options].map(([field, value]) => ({ field, from: value === '' ? true : value, to: null })),
    steps,
    undo: {
      commands: [
        [
          ...['pvesm', 'add', 'nfs', id],
          ...[...options].flatMap(([name, value]) => [`--${name}`, value === '' ? '1' : value]),
        ],
      ],
    },
  }
}
