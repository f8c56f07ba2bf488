/**
 * An account of the host: made if it is missing, given its declared shell and groups. Other groups stay, and so do the
 * home's content and the account itself when it is no longer declared.
 */
import type { DeclaredUser } from '../../config/users.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Lock,
  Look,
  Owned,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import type { Argv } from '../../host/host.ts'
import { accountsProbe, groupsProbe, loginProbe, type UnixAccount, type UnixGroup } from '../probes/accounts.ts'

export const accountId = (name: string): string => `account:${name}`

/** Everyone who writes passwd, shadow and group through phx takes it; the tools' own lock only orders single calls. */
export const accountsLock: Lock = { name: 'accounts', mode: 'exclusive' }

/** Of an account that phx makes, so that it hangs on no /etc/default/useradd. */
export const homeOf = (name: string): string => `/home/${name}`

const defaultShell = '/bin/bash'

/** Numbers below are the system's (login.defs of Debian), and 65534 is nobody. */
const isSystem = ({ uid }: UnixAccount): boolean => uid < 1000 || uid === 65534

const isClosed = (shell: string): boolean => /\/(nologin|false)$/.test(shell)

export class Account implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [accountsLock]
  readonly #declared: DeclaredUser

  constructor(declared: DeclaredUser) {
    this.id = accountId(declared.name)
    this.#declared = declared
  }

  async compare(look: Look, _: unknown, owned: Owned): Promise<Comparison> {
    const { name, groups } = this.#declared
    const [accounts, known] = await Promise.all([look.at(accountsProbe), look.at(groupsProbe)])
    const account = accounts.get(name)
    const unknown = groups.filter((group) => !known.has(group))
    if (unknown.length > 0) return this.#refuse(account ? {} : null, noSuchGroup(name, unknown))
    if (!account) return this.#absent(look, known, owned)
    if (isSystem(account)) return this.#refuse({}, systemAccount(account))

    const present = groups.filter((group) => isIn(known.get(group), account))
    const home = (await look.reader.stat(account.home)) ?? null
    const live = { shell: account.shell, groups: present, home: home === null ? 'missing' : 'there' }
    const shell = this.#declared.shell ?? account.shell
    if (shell !== account.shell && isClosed(shell) && (await look.at(loginProbe)) === name)
      return this.#refuse(live, lastWayIn(name, shell))
    const missing = groups.filter((group) => !present.includes(group))
    // A home that useradd was cut off at: of an account that phx made, and no other.
    const foreign = home !== null && home.uid !== account.uid && owned.created(this.id)
    const steps: Step[] = [
      ...(shell === account.shell ? [] : [command(['usermod', '--shell', shell, name])]),
      ...(missing.length === 0 ? [] : [command(['usermod', '--append', '--groups', missing.join(','), name])]),
      ...(home === null ? [command(['mkhomedir_helper', name, '0077'])] : []),
      ...(foreign ? [command(['chown', '--no-dereference', `${account.uid}:${account.gid}`, account.home])] : []),
    ]
    const fields: FieldChange[] = [
      ...(shell === account.shell ? [] : [{ field: 'shell', from: account.shell, to: shell }]),
      ...missing.map((group) => ({ field: 'group', from: null, to: group })),
      ...(home === null ? [{ field: 'home', from: null, to: account.home }] : []),
      ...(foreign ? [{ field: 'owner of home', from: home.uid, to: account.uid }] : []),
    ]
    const changes = steps.length === 0 ? [] : [this.#update(account, fields, steps, missing)]
    return { changes, refusals: [], notes: await this.#shellNote(look, shell), live }
  }

  async #absent(look: Look, known: ReadonlyMap<string, UnixGroup>, owned: Owned): Promise<Comparison> {
    const { name, groups } = this.#declared
    const shell = this.#declared.shell ?? defaultShell
    const home = homeOf(name)
    const remains = await look.reader.stat(home)
    if (remains && !owned.begun(this.id)) return this.#refuse(null, homeOfSomebody(name, home, remains.uid))
    const argv = [
      'useradd',
      ...['--create-home', '--home-dir', home, '--shell', shell],
      ...(known.has(name) ? ['--gid', name] : ['--user-group']),
      ...(groups.length === 0 ? [] : ['--groups', groups.join(',')]),
      name,
    ]
    const change: Change = {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `make account ${name}`,
      fields: [
        { field: 'shell', from: null, to: shell },
        { field: 'home', from: null, to: home },
        ...groups.map((group) => ({ field: 'group', from: null, to: group })),
      ],
      // A home that useradd was cut off at is no longer its own to make.
      steps: [command(argv), ...(remains ? [command(['chown', '--no-dereference', `${name}:${name}`, home])] : [])],
      undo: { commands: [['userdel', name]] },
    }
    return { changes: [change], refusals: [], notes: await this.#shellNote(look, shell), live: null }
  }

  #update(account: UnixAccount, fields: readonly FieldChange[], steps: Step[], groups: readonly string[]): Change {
    const { name } = account
    const undo: Argv[] = [
      ...(fields.some(({ field }) => field === 'shell') ? [['usermod', '--shell', account.shell, name]] : []),
      ...groups.map((group) => ['gpasswd', '--delete', name, group]),
    ]
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `change ${[...new Set(fields.map(({ field }) => field))].join(', ')} of account ${name}`,
      fields,
      steps,
      undo: undo.length > 0 ? { commands: undo } : { impossible: 'a home is not taken away' },
    }
  }

  /** sshd and su let nobody in whose shell is not there; nothing on the host says so before the first login. */
  async #shellNote(look: Look, shell: string): Promise<Comparison['notes']> {
    const { name } = this.#declared
    const warning = (text: string): Comparison['notes'] => [{ resource: this.id, level: 'warning', text }]
    if (isClosed(shell)) {
      if (this.#declared.shell !== null) return []
      return warning(
        `${name} can't log in with the shell ${shell}, which phx leaves as it is: declare "shell" to change it`,
      )
    }
    const shells = await look.reader.readFile('/etc/shells')
    if (shells === undefined || shells.split('\n').includes(shell)) return []
    return warning(`${shell} is not in /etc/shells: ${name} can't log in with it unless it is installed`)
  }

  #refuse(live: Comparison['live'], refusal: Omit<Refusal, 'resource' | 'fields'>): Comparison {
    return { changes: [], refusals: [{ resource: this.id, fields: [], ...refusal }], notes: [], live }
  }
}

const command = (argv: Argv): Step => ({ kind: 'command', argv })

const isIn = (group: UnixGroup | undefined, account: UnixAccount): boolean =>
  group !== undefined && (group.gid === account.gid || group.members.includes(account.name))

const noSuchGroup = (name: string, groups: readonly string[]) => ({
  why: `${name} is to be in ${groups.join(', ')}, and there is no such group`,
  mend: [...groups.map((group) => `groupadd ${group}`), 'or install the package that brings it, then run again'],
})

const systemAccount = ({ name, uid }: UnixAccount) => ({
  why: `${name} is an account of the system (uid ${uid}): phx makes no administrator of it`,
  mend: ['declare an administrator of another name'],
})

const homeOfSomebody = (name: string, home: string, uid: number) => ({
  why: `there is no account ${name}, and yet a folder ${home}, of uid ${uid}: the new account could not use it as its home`,
  mend: [`look whose it is: ls -ln ${home}`, `then move it away: mv ${home} ${home}.old`],
})

const lastWayIn = (name: string, shell: string) => ({
  why: `phx was started from a login of ${name}: with the shell ${shell} nobody could log in as ${name} again`,
  mend: ['log in as root or as another administrator, and run it from there'],
})
