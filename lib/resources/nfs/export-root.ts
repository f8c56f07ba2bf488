/**
 * A folder that is exported: it is there and lies on the mounted dataset, never on what is below it. Owner and mode only
 * where they are declared, and of the folder itself: what is in it is the clients'.
 */
import { liesIn } from '../../config/dataset-mounts.ts'
import type { DeclaredRoot } from '../../config/nfs.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Foreseen,
  Lock,
  Look,
  Note,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import type { FileStat } from '../../host/host.ts'
import { accountId } from '../account/account.ts'
import { datasetId } from '../dataset/dataset.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { carrierOf, mountsProbe } from '../probes/mounts.ts'
import { isMounted, onDataset } from '../vm-features/ground.ts'
import { poolId } from '../zpool/pool.ts'

/** What exports the folder, as far as it matters here. */
interface Exporting {
  /** Whether clients may cross into what is mounted below it. */
  readonly isCrossed: boolean
  /** Whether some client may write there without being root here. */
  readonly isWritable: boolean
  /** Every exported path. */
  readonly paths: readonly string[]
}

/** Numbers of users and groups by name. */
interface Ids {
  readonly users: ReadonlyMap<string, number>
  readonly groups: ReadonlyMap<string, number>
}

/** Of a folder that mkdir has just made, and of a dataset that is new. */
const fresh: FileStat = { type: 'dir', mode: 0o755, uid: 0, gid: 0, size: 0 }
const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

export class ExportRoot implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #root: DeclaredRoot
  readonly #exporting: Exporting

  constructor(root: DeclaredRoot, exporting: Exporting) {
    this.id = `export-root:${root.path}`
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#root = root
    this.#exporting = exporting
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { path, ground } = this.#root
    const ids = await this.#ids(look)
    const unknown = this.#unknown(foreseen, ids)
    if (unknown !== undefined) return this.#refuse(unknown, undefined)
    if (ground === null) return this.#compareFolder(look, ids, await look.reader.stat(path))
    const isNew = foreseen.isMadeAnew(poolId(ground.pool)) || foreseen.isMadeAnew(datasetId(ground.dataset))
    if (isNew && path === ground.at) return { ...(await this.#compareFolder(look, ids, fresh)), live: undefined }
    const summary = `see that ${path} can be exported`
    const ifNew = (): Change => this.#absent(ids)
    return onDataset(look, foreseen, { id: this.id, path, ground, summary, ifNew }, async () => {
      const elsewhere = await this.#elsewhere(look)
      if (elsewhere !== undefined) return this.#refuse(elsewhere, {})
      return this.#compareFolder(look, ids, await look.reader.stat(path))
    })
  }

  async #compareFolder(look: Look, ids: Ids, stat: FileStat | undefined): Promise<Comparison> {
    const { path, ground, madeBy } = this.#root
    if (!stat && ground === null && madeBy === null)
      return this.#refuse(`${path} is to be exported, but there is no such folder`, null)
    if (!stat) return this.#found([this.#absent(ids)], null)
    if (stat.type !== 'dir') return this.#refuse(`${path} is to be exported, but is no folder`, {})
    const fields = this.#differences(stat, ids)
    // Of what is not declared nothing is remembered: it is others' to change, without a word of drift.
    const { owner, group, mode } = this.#root
    const live = {
      ...(owner === null ? {} : { owner: stat.uid }),
      ...(group === null ? {} : { group: stat.gid }),
      ...(mode === null ? {} : { mode: octal(stat.mode) }),
    }
    const notes = [...(await this.#unseen(look)), ...this.#unwritable(stat, fields)]
    return { ...this.#found(fields.length > 0 ? [this.#give(fields, stat)] : [], live), notes }
  }

  #absent(ids: Ids): Change {
    const { madeBy } = this.#root
    return madeBy === null ? this.#make(this.#differences(fresh, ids)) : this.#await(madeBy)
  }

  #found(changes: readonly Change[], live: Comparison['live']): Comparison {
    return { changes, refusals: [], notes: [], live }
  }

  #refuse(why: string, live: Comparison['live']): Comparison {
    const { path } = this.#root
    const mend = [
      `look at it: ls -ld ${path}`,
      'correct the path in nfs.exports, or declare a dataset that is mounted there',
    ]
    const refusal: Refusal = { resource: this.id, why, fields: [], mend }
    return { changes: [], refusals: [refusal], notes: [], live }
  }

  /** A link in the path that leads off the dataset: clients would get what lies there. */
  async #elsewhere(look: Look): Promise<string | undefined> {
    const { path, ground } = this.#root
    const real = await look.reader.realpath(path)
    if (ground === null || real === undefined || real === path) return undefined
    const carrier = carrierOf(await look.at(mountsProbe), real)
    if (carrier?.source === ground.dataset) return undefined
    return `${path} leads to ${real}, which lies on ${carrier?.source ?? 'nothing'} and not on ${ground.dataset}`
  }

  /** Numbers by name; read only when something is declared. */
  async #ids(look: Look): Promise<Ids> {
    const { owner, group } = this.#root
    const users = owner === null ? [] : [...(await look.at(accountsProbe)).values()]
    const groups = group === null ? [] : [...(await look.at(groupsProbe)).values()]
    return {
      users: new Map(users.map(({ name, uid }) => [name, uid])),
      groups: new Map(groups.map(({ name, gid }) => [name, gid])),
    }
  }

  #unknown(foreseen: Foreseen, { users, groups }: Ids): string | undefined {
    const { path, owner, group } = this.#root
    const isComing = (name: string): boolean => foreseen.isMadeAnew(accountId(name))
    if (owner !== null && !users.has(owner) && !isComing(owner))
      return `${path} can't be given to ${owner}: there is no such account`
    if (group !== null && !groups.has(group) && !isComing(group))
      return `${path} can't be given to group ${group}: there is no such group`
    return undefined
  }

  #differences(stat: FileStat, { users, groups }: Ids): FieldChange[] {
    const { owner, group, mode } = this.#root
    return [
      ...(owner === null || users.get(owner) === stat.uid ? [] : [{ field: 'owner', from: stat.uid, to: owner }]),
      ...(group === null || groups.get(group) === stat.gid ? [] : [{ field: 'group', from: stat.gid, to: group }]),
      ...(mode === null || mode === stat.mode ? [] : [{ field: 'mode', from: octal(stat.mode), to: octal(mode) }]),
    ]
  }

  #settingSteps(fields: readonly FieldChange[]): Step[] {
    const { path } = this.#root
    const to = (name: string): string => String(fields.find(({ field }) => field === name)?.to ?? '')
    const whose = `${to('owner')}${to('group') === '' ? '' : `:${to('group')}`}`
    return [
      ...(whose === '' ? [] : [{ kind: 'command' as const, argv: ['chown', whose, path] }]),
      ...(to('mode') === '' ? [] : [{ kind: 'command' as const, argv: ['chmod', to('mode'), path] }]),
    ]
  }

  #make(fields: readonly FieldChange[]): Change {
    const { path, ground } = this.#root
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `make the folder ${path}`,
      fields: fields.map(({ field, to }) => ({ field, from: null, to })),
      steps: [
        ...(ground ? [isMounted(ground, path)] : []),
        { kind: 'command', argv: ['mkdir', '-p', path] },
        ...this.#settingSteps(fields),
      ],
      undo: { commands: [['rmdir', path]] },
    }
  }

  #give(fields: readonly FieldChange[], stat: FileStat): Change {
    const { path } = this.#root
    const isOwner = fields.some(({ field }) => field !== 'mode')
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set ${fields.map(({ field, to }) => `${field} ${to}`).join(', ')} of ${path} itself, not of what is in it`,
      fields,
      steps: this.#settingSteps(fields),
      undo: {
        commands: [
          ...(isOwner ? [['chown', `${stat.uid}:${stat.gid}`, path]] : []),
          ...(isOwner && fields.every(({ field }) => field !== 'mode') ? [] : [['chmod', octal(stat.mode), path]]),
        ],
      },
    }
  }

  #await(task: string): Change {
    const { path } = this.#root
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `see that ${path}, which ${task} makes, is there`,
      fields: [],
      steps: [
        {
          kind: 'verify',
          what: `${path} is there`,
          mend: [`phx run ${task}`],
          check: async (reader) => ((await reader.stat(path)) ? undefined : 'there is no such folder'),
        },
      ],
      undo: { commands: [] },
    }
  }

  /** The answer to "permission denied" is an owner, not mode 777 and no root_squash either. */
  #unwritable(stat: FileStat, fields: readonly FieldChange[]): Note[] {
    const { path } = this.#root
    const isRoots = stat.uid === 0 && (stat.mode & 0o022) === 0 && fields.length === 0
    if (!isRoots || !this.#exporting.isWritable) return []
    const text = `${path} is exported rw, but only root may write to the folder itself, and a client's root counts as nobody (root_squash): declare its owner, or anonuid`
    return [{ resource: this.id, level: 'info', text }]
  }

  /** A client that may not cross sees an empty folder where another file system is mounted (exports(5), nohide, crossmnt). */
  async #unseen(look: Look): Promise<Note[]> {
    const { path, below } = this.#root
    const { isCrossed, paths } = this.#exporting
    const live = (await look.at(mountsProbe)).filter(({ at }) => at !== path && liesIn(at, path))
    const places = [...new Set([...live, ...below].map(({ at }) => at))].filter((at) => !paths.includes(at)).sort()
    if (places.length === 0) return []
    const text = isCrossed
      ? `crossmnt: clients of ${path} also reach ${places.join(', ')}, with the same options`
      : `clients of ${path} see an empty folder at ${places.join(', ')}, where another file system is mounted: export it too, or add crossmnt`
    return [{ resource: this.id, level: isCrossed ? 'info' : 'warning', text }]
  }
}
