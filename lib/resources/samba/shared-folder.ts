/**
 * A folder that is shared: it is there, it lies on the mounted dataset and not on what is below it, and it belongs to whom
 * it should. Nothing inside it is ever touched.
 */
import type { PathGround } from '../../config/path-ground.ts'
import type { DeclaredFolder, DeclaredShare } from '../../config/samba.ts'
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
import { datasetId } from '../dataset/dataset.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { carrierOf, mountsProbe } from '../probes/mounts.ts'
import { onDataset } from '../vm-features/ground.ts'
import { poolId } from '../zpool/pool.ts'

/** What a dataset's root is when ZFS has just made it. */
const fresh: FileStat = { type: 'dir', mode: 0o755, uid: 0, gid: 0, size: 0 }

interface Sharing {
  readonly path: string
  readonly ground: PathGround | null
  /** All shares of this folder. */
  readonly shares: readonly DeclaredShare[]
  /** Accounts that are made before it comes to the folder. */
  readonly coming: readonly string[]
  /** Id of the task that makes the folder when it is missing; null: nobody does. */
  readonly madeBy: string | null
}

/** Numbers by name. */
type Ids = ReadonlyMap<string, number>

const nothing: Comparison = { changes: [], refusals: [], notes: [], live: undefined }
const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

export class SharedFolder implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #sharing: Sharing

  constructor(sharing: Sharing) {
    this.id = `shared-folder:${sharing.path}`
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#sharing = sharing
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { path, ground, madeBy } = this.#sharing
    if (ground === null) return this.#compareThere(look)
    if (foreseen.isMadeAnew(poolId(ground.pool)) || foreseen.isMadeAnew(datasetId(ground.dataset))) {
      if (path !== ground.at && madeBy === null)
        return { ...nothing, refusals: [this.#missing(`this run makes ${ground.dataset} anew, with nothing in it`)] }
      return { ...(await this.#compareFolder(look, fresh)), live: undefined }
    }
    const place = { id: this.id, path, ground, summary: `see that ${path} can be shared` }
    return onDataset(look, foreseen, place, () => this.#compareThere(look))
  }

  async #compareThere(look: Look): Promise<Comparison> {
    const { path, madeBy } = this.#sharing
    const stat = await look.reader.stat(path)
    if (!stat && madeBy !== null) return { ...nothing, changes: [this.#await(madeBy)], live: null }
    if (!stat) return { ...nothing, refusals: [this.#missing('there is no such folder')], live: null }
    const elsewhere = await this.#elsewhere(look)
    if (stat.type === 'dir' && elsewhere === undefined) return this.#compareFolder(look, stat)
    const why = elsewhere ?? `${path} is to be shared, but is no folder`
    const mend = [`look at it: ls -ld ${path}`, 'correct the path in samba.shares']
    return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend }] }
  }

  /** A link in the path that leads off the dataset: clients would get what lies there. */
  async #elsewhere(look: Look): Promise<string | undefined> {
    const { path, ground } = this.#sharing
    const real = await look.reader.realpath(path)
    if (ground === null || real === undefined || real === path) return undefined
    const carrier = carrierOf(await look.at(mountsProbe), real)
    if (carrier?.source === ground.dataset) return undefined
    return `${path} leads to ${real}, which lies on ${carrier?.source ?? 'nothing'} and not on ${ground.dataset}`
  }

  #missing(why: string): Refusal {
    const { path, ground, shares } = this.#sharing
    const share = shares.map(({ name }) => name).join(', ')
    const first = ground ? `phx run zfs:${ground.pool}, then ` : ''
    return {
      resource: this.id,
      why: `${path} can't be shared as ${share}: ${why}, and phx makes no folders to share`,
      fields: [],
      mend: [
        `correct the path of the share, or make the folder: ${first}mkdir -p ${path}`,
        'or declare a dataset that is mounted there',
      ],
    }
  }

  #await(task: string): Change {
    const { path } = this.#sharing
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

  async #compareFolder(look: Look, stat: FileStat): Promise<Comparison> {
    const { coming } = this.#sharing
    const { owner, group, mode } = this.#wanted(stat)
    const users: Ids = new Map([...(await look.at(accountsProbe)).values()].map(({ name, uid }) => [name, uid]))
    const groups: Ids = new Map([...(await look.at(groupsProbe)).values()].map(({ name, gid }) => [name, gid]))
    const unknown = [
      ...(owner !== null && !users.has(owner) && !coming.includes(owner) ? [`no account ${owner}`] : []),
      ...(group !== null && !groups.has(group) && !coming.includes(group) ? [`no group ${group}`] : []),
    ]
    const fields: FieldChange[] = [
      ...(owner === null ? [] : difference('owner', stat.uid, users, owner)),
      ...(group === null ? [] : difference('group', stat.gid, groups, group)),
      ...(mode === null || mode === stat.mode ? [] : [{ field: 'mode', from: octal(stat.mode), to: octal(mode) }]),
    ]
    const live = {
      ...(owner === null ? {} : { owner: stat.uid }),
      ...(group === null ? {} : { group: stat.gid }),
      ...(mode === null ? {} : { mode: octal(stat.mode) }),
    }
    if (unknown.length > 0) return { ...nothing, refusals: [this.#unknown(unknown)], live }
    const changes = fields.length === 0 ? [] : [this.#give(fields, stat)]
    return { changes, refusals: [], notes: this.#unwritable(stat, fields), live }
  }

  /** What is declared; without an owner, a folder that still belongs to root:root goes to the user of the shares. */
  #wanted(stat: FileStat): Omit<DeclaredFolder, 'heir'> {
    const folders = this.#sharing.shares.map(({ folder }) => folder)
    const said = <T>(pick: (folder: DeclaredFolder) => T | null): T | null =>
      folders.map(pick).find((value) => value !== null) ?? null
    const heir = stat.uid === 0 && stat.gid === 0 ? said(({ heir }) => heir) : null
    return {
      owner: said(({ owner }) => owner) ?? heir,
      group: said(({ group }) => group),
      mode: said(({ mode }) => mode),
    }
  }

  #unknown(what: readonly string[]): Refusal {
    const { path } = this.#sharing
    const mend = ['declare the account in users or samba.users', 'or correct owner and group of the share']
    return { resource: this.id, why: `${path} can't be given away: there is ${what.join(' and ')}`, fields: [], mend }
  }

  #give(fields: readonly FieldChange[], stat: FileStat): Change {
    const { path } = this.#sharing
    const to = (name: string): string | undefined => {
      const field = fields.find((one) => one.field === name)
      return field === undefined ? undefined : String(field.to)
    }
    const [owner, group, mode] = [to('owner'), to('group'), to('mode')]
    const whose = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
    const command = (...argv: string[]): Step => ({ kind: 'command', argv })
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set ${fields.map(({ field, to }) => `${field} ${to}`).join(', ')} of ${path} itself, not of what is in it`,
      fields,
      steps: [
        ...(whose === '' ? [] : [command('chown', whose, path)]),
        ...(mode === undefined ? [] : [command('chmod', mode, path)]),
      ],
      undo: {
        commands: [
          ...(whose === '' ? [] : [['chown', `${stat.uid}:${stat.gid}`, path]]),
          ...(mode === undefined ? [] : [['chmod', octal(stat.mode), path]]),
        ],
      },
    }
  }

  /** A share that is writable on paper only is found out when somebody wants to write. */
  #unwritable(stat: FileStat, fields: readonly FieldChange[]): Note[] {
    const { path, shares } = this.#sharing
    const isRoots = stat.uid === 0 && (stat.mode & 0o022) === 0
    const writable = shares.filter((share) => share.isWritable).map(({ name }) => name)
    if (!isRoots || fields.length > 0 || writable.length === 0) return []
    const text = `share ${writable.join(', ')} is writable, but only root may write to ${path}: declare its owner, group or mode`
    return [{ resource: this.id, level: 'warning', text }]
  }
}

function difference(field: string, id: number, ids: Ids, wanted: string): FieldChange[] {
  if (ids.get(wanted) === id) return []
  const name = [...ids].find(([, one]) => one === id)?.[0]
  return [{ field, from: name ?? id, to: wanted }]
}
