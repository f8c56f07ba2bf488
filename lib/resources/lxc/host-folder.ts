/** A folder of the host that a container sees: there, on its mounted dataset, and its own owner as declared. */
import type { DeclaredLxc, DeclaredMount } from '../../config/guests/lxc.ts'
import type { PathGround } from '../../config/path-ground.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Foreseen, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import { accountsProbe, groupsProbe } from '../probes/accounts.ts'
import { isMounted, onDataset } from '../vm-features/ground.ts'
import { containerId } from './container.ts'
import { hostId } from './id-map.ts'

/** Numbers of the host; null where the config leaves it. */
interface Owner {
  readonly uid: number | null
  readonly gid: number | null
}

export class HostFolder implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #container: DeclaredLxc
  readonly #mount: DeclaredMount
  readonly #ground: PathGround | null

  /** `ground` is null where the path lies on no declared dataset: then it is taken as it is. */
  constructor(container: DeclaredLxc, mount: DeclaredMount, ground: PathGround | null) {
    this.id = `${containerId(container.id)}/folder:${mount.hostPath}`
    this.locks = [{ name: `folder:${mount.hostPath}`, mode: 'exclusive' }]
    this.#container = container
    this.#mount = mount
    this.#ground = ground
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const [path, ground] = [this.#mount.hostPath, this.#ground]
    const owner = await ownerOf(look, this.#container, this.#mount)
    if (ground === null) return this.#compare(look, owner)
    const summary = `see to the folder ${path}`
    const place = { id: this.id, path, ground, summary, ifNew: () => this.#make(owner) }
    return onDataset(look, foreseen, place, () => this.#compare(look, owner))
  }

  async #compare(look: Look, owner: Owner): Promise<Comparison> {
    const path = this.#mount.hostPath
    const stat = await look.reader.stat(path)
    const nothing = { changes: [], refusals: [], notes: [] }
    if (stat === undefined) return { ...nothing, changes: [this.#make(owner)], live: null }
    if (stat.type !== 'dir') {
      const why = `${path} is no folder`
      return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend: [`ls -ld ${path}`] }], live: null }
    }
    const { uid, gid } = stat
    const isSo = (owner.uid ?? uid) === uid && (owner.gid ?? gid) === gid
    // Of what is not declared nothing is remembered: it is others' to change, without a word of drift.
    const live = { ...(owner.uid === null ? {} : { uid }), ...(owner.gid === null ? {} : { gid }) }
    return { ...nothing, changes: isSo ? [] : [this.#give(owner, { uid, gid })], live }
  }

  #make(owner: Owner): Change {
    const path = this.#mount.hostPath
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `make the folder ${path}`,
      fields: fieldsOf({ uid: null, gid: null }, owner),
      steps: [...this.#isOnIt(), { kind: 'command', argv: ['mkdir', '-p', '--', path] }, ...chown(owner, path)],
      undo: { commands: [['rmdir', path]] },
    }
  }

  #give(owner: Owner, before: Owner): Change {
    const path = this.#mount.hostPath
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `give ${path} itself, not what is in it, to ${textOf(owner)}`,
      fields: fieldsOf(before, owner),
      steps: [...this.#isOnIt(), ...chown(owner, path)],
      undo: { commands: [['chown', '--', textOf(before), path]] },
    }
  }

  #isOnIt(): Step[] {
    return this.#ground === null ? [] : [isMounted(this.#ground, this.#mount.hostPath)]
  }
}

/** As chown(1) takes it: what is left out stays. */
const textOf = ({ uid, gid }: Owner): string => `${uid ?? ''}${gid === null ? '' : `:${gid}`}`

const chown = (owner: Owner, path: string): Step[] =>
  owner.uid === null && owner.gid === null ? [] : [{ kind: 'command', argv: ['chown', '--', textOf(owner), path] }]

function fieldsOf(before: Owner, owner: Owner): FieldChange[] {
  return (['uid', 'gid'] as const).flatMap((field) =>
    owner[field] === null || owner[field] === before[field] ? [] : { field, from: before[field], to: owner[field] },
  )
}

async function ownerOf(look: Look, container: DeclaredLxc, mount: DeclaredMount): Promise<Owner> {
  const { hostPath, ownerUid, ownerGid, hostOwner } = mount
  const inside = {
    uid: ownerUid === null ? null : hostId(container, 'uid', ownerUid),
    gid: ownerGid === null ? null : hostId(container, 'gid', ownerGid),
  }
  if (hostOwner === null) return inside
  const [user = '', group] = hostOwner.split(':')
  const numberOf = async (name: string, find: () => Promise<number | undefined>): Promise<number> => {
    const found = /^\d+$/.test(name) ? Number(name) : await find()
    if (found !== undefined) return found
    const mend = ['declare an owner that is there (getent passwd, getent group), or its number']
    throw new CannotLook(`${hostPath} can't be given to ${hostOwner}: there is no ${name} on the host`, mend)
  }
  return {
    uid: await numberOf(user, async () => (await look.at(accountsProbe)).get(user)?.uid),
    gid: group === undefined ? null : await numberOf(group, async () => (await look.at(groupsProbe)).get(group)?.gid),
  }
}
