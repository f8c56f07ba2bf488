/**
 * The declared SSH keys of an account, in phx's block of ~/.ssh/authorized_keys: keys that are no longer declared go,
 * lines of others stay byte for byte.
 */
import type { Change, Comparison, FieldChange, Lock, Look, Note, Owned, Resource, Step } from '../../engine/resource.ts'
import type { FileStat, Reader } from '../../host/host.ts'
import { lineChanges } from '../file/owned-file.ts'
import { accountsProbe, groupsProbe, loginProbe, parsePasswd } from '../probes/accounts.ts'
import { defaultHome, type HomeFault, homeOf } from './home.ts'
import { hasBlock, hasWayIn, keyBlock } from './key-block.ts'

/** The account as it is, or as useradd is about to make it. */
interface Owner {
  /** Where it really is. */
  readonly home: string
  readonly name: string
  readonly group: string
  /** Undefined for an account that is still to be made. */
  readonly uid: number | undefined
  /** Why its home is not its own. */
  readonly fault: HomeFault | undefined
}

interface Found {
  readonly text: string | undefined
  readonly file: FileStat | undefined
  readonly folder: FileStat | undefined
}

const folderMode = 0o700
const fileMode = 0o600

export class AuthorizedKeys implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #name: string
  readonly #declared: readonly string[]

  /** `declared` are lines; none takes phx's block away. */
  constructor(name: string, declared: readonly string[]) {
    this.id = `authorized-keys:${name}`
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#name = name
    this.#declared = declared
  }

  async compare(look: Look, _: unknown, owned: Owned): Promise<Comparison> {
    const owner = await this.#owner(look)
    if (!owner) return nothing(null)
    const folder = `${owner.home}/.ssh`
    const path = `${folder}/authorized_keys`
    if (owner.fault) {
      const isBusiness = this.#declared.length > 0 || hasBlock((await look.reader.readFile(path)) ?? '')
      return isBusiness ? this.#refuse(owner.fault.why, owner.fault.mend) : nothing({ keys: [] })
    }
    const astray = await leavesHome(look.reader, owner.home, [folder, path])
    if (astray !== undefined) {
      const why = `${astray}: what phx wrote there would land outside the home of ${this.#name}`
      return this.#refuse(why, [`look where it leads: ls -l ${folder}`, 'make it a plain folder or file'])
    }
    const found: Found = {
      text: await look.reader.readFile(path),
      file: await look.reader.stat(path),
      folder: await look.reader.stat(folder),
    }
    if (found.text?.includes('\ufffd')) {
      return this.#refuse(`${path} is not UTF-8 text: writing it back would change lines of others`, [
        `look at it: grep -naxv '.*' ${path}`,
      ])
    }
    const keys = keyBlock(found.text ?? '', this.#declared)
    if (!keys.ok) return this.#refuse(`${path}: ${keys.why}`, [`mend the two lines by hand, in ${path}`])
    if (keys.before.length === 0 && keys.wanted.length === 0)
      return { ...nothing({ keys: [] }), notes: this.#notes(keys.restricted) }

    const live = { keys: keys.before, ...modesOf(found) }
    if (await this.#locksOut(look, found.text ?? '', keys.text)) {
      const why = `phx was started from a login of ${this.#name}, whose last SSH key is to go: nobody could log in by key again`
      const narrow = `a key of its own in ${path} is a way in when it is whole, and without command=, restrict, from= and the like`
      return this.#refuse(why, ['log in as root or as another administrator, and run it from there', narrow], live)
    }
    const rights = this.#declared.length === 0 ? [] : rightsAmiss(found, owner)
    const isSo = keys.text === (found.text ?? '') && rights.length === 0
    const fields = [...lineChanges(lines(keys.before), lines(keys.wanted)), ...rights]
    return {
      changes: isSo ? [] : [this.#write(owner, found, keys.text, fields, owned)],
      refusals: [],
      notes: this.#notes(keys.restricted),
      live,
    }
  }

  async #owner(look: Look): Promise<Owner | undefined> {
    const [accounts, groups] = await Promise.all([look.at(accountsProbe), look.at(groupsProbe)])
    const account = accounts.get(this.#name)
    if (account) {
      const group = [...groups.values()].find(({ gid }) => gid === account.gid)?.name ?? String(account.gid)
      const { path, fault } = await homeOf(look.reader, accounts, account)
      return { home: path, name: account.name, group, uid: account.uid, fault }
    }
    // An account that is neither there nor declared has no keys to take away.
    if (this.#declared.length === 0) return undefined
    return { home: defaultHome(this.#name), name: this.#name, group: this.#name, uid: undefined, fault: undefined }
  }

  async #locksOut(look: Look, before: string, after: string): Promise<boolean> {
    return hasWayIn(before) && !hasWayIn(after) && (await look.at(loginProbe)) === this.#name
  }

  #write(owner: Owner, found: Found, text: string, fields: readonly FieldChange[], owned: Owned): Change {
    const folder = `${owner.home}/.ssh`
    const path = `${folder}/authorized_keys`
    const makesFolder = found.folder === undefined || fields.some(({ field }) => field.endsWith('~/.ssh'))
    const goes = text === '' && owned.created(this.id)
    const file = { path, content: text, mode: fileMode, owner: `${owner.name}:${owner.group}` }
    const steps: Step[] = [
      ...(makesFolder ? [staysInside(owner, [folder, path]), ownFolder(folder, owner)] : []),
      staysInside(owner, [folder, path]),
      goes ? { kind: 'remove', path } : { kind: 'write', file, replaces: found.text ?? null },
    ]
    const isNew = found.text === undefined
    return {
      resource: this.id,
      action: isNew ? 'create' : goes ? 'remove' : 'update',
      risk: 'safe',
      summary: `${isNew ? 'write' : goes ? 'remove' : 'bring'} the SSH keys of ${owner.name}${isNew || goes ? '' : ' up to date'}`,
      fields,
      steps,
      undo: isNew ? { commands: [['rm', path]] } : { impossible: 'the journal has the former text' },
    }
  }

  #notes(restricted: readonly string[]): Note[] {
    return restricted.map((line) => ({
      resource: this.id,
      level: 'warning',
      text: `the key "${line.split(' ').slice(2).join(' ')}" of ${this.#name} stands outside phx's lines with options of its own: those hold`,
    }))
  }

  #refuse(why: string, mend: readonly string[], live: Comparison['live'] = {}): Comparison {
    return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live }
  }
}

const nothing = (live: Comparison['live']): Comparison => ({ changes: [], refusals: [], notes: [], live })

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

const modesOf = ({ file, folder }: Found) => ({
  'mode of ~/.ssh': folder === undefined ? null : octal(folder.mode),
  'mode of authorized_keys': file === undefined ? null : octal(file.mode),
})

/** sshd passes over a file that others may write, or that belongs to somebody else (sshd_config(5), StrictModes). */
function rightsAmiss({ file, folder }: Found, { uid }: Owner): FieldChange[] {
  const amiss = (what: string, stat: FileStat | undefined, mode: number): FieldChange[] => {
    if (stat === undefined) return []
    return [
      ...(stat.mode === mode ? [] : [{ field: `mode of ${what}`, from: octal(stat.mode), to: octal(mode) }]),
      ...(uid === undefined || stat.uid === uid ? [] : [{ field: `owner of ${what}`, from: stat.uid, to: uid }]),
    ]
  }
  return [...amiss('~/.ssh', folder, folderMode), ...amiss('authorized_keys', file, fileMode)]
}

const ownFolder = (folder: string, { name, group }: Owner): Step => ({
  kind: 'command',
  argv: ['install', '-d', '-m', octal(folderMode), '-o', name, '-g', group, folder],
})

/** The account may change its home at any time, and phx writes there as root: looked at again right before. */
const staysInside = ({ name, home }: Owner, paths: readonly string[]): Step => ({
  kind: 'verify',
  what: `~/.ssh of ${home} leads nowhere else`,
  check: async (reader) => {
    const accounts = parsePasswd((await reader.readFile('/etc/passwd')) ?? '')
    const account = accounts.get(name)
    if (!account) return `there is no account ${name}`
    const { path, fault } = await homeOf(reader, accounts, account)
    if (fault) return fault.why
    if (path !== (await reader.realpath(home))) return `the home of ${name} is ${path} by now`
    return leavesHome(reader, home, paths)
  },
})

/** Which of the paths a link takes out of the home, if one does. */
async function leavesHome(reader: Reader, home: string, paths: readonly string[]): Promise<string | undefined> {
  const base = (await reader.realpath(home)) ?? home
  for (const path of paths) {
    const real = await reader.realpath(path)
    if (real !== undefined && !real.startsWith(`${base}/`)) return `${path} is a link to ${real}`
  }
  return undefined
}
