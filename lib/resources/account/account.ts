/**
 * An account of the host: made if it is missing, given its declared shell and groups. Other groups stay, and so do the
 * home's content and the account itself when it is no longer declared.
 */
import type { DeclaredUser } from '../../config/users.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import type { Argv } from '../../host/host.ts'
import { accountsProbe, groupsProbe, loginProbe, type UnixAccount, type UnixGroup } from '../probes/accounts.ts'
import { defaultHome, type HomeFault, homeOf } from './home.ts'
import { shellFault } from './shell.ts'

export const accountId = (name: string): string => `account:${name}`

/** Everyone who writes passwd, shadow and group through phx takes it; the tools' own lock only orders single calls. */
export const accountsLock: Lock = { name: 'accounts', mode: 'exclusive' }

const defaultShell = '/bin/bash'

/** Numbers below are the system's (login.defs of Debian), and 65534 is nobody. */
const isSystem = ({ uid }: UnixAccount): boolean => uid < 1000 || uid === 65534

export class Account implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [accountsLock]
  readonly #declared: DeclaredUser

  constructor(declared: DeclaredUser) {
    this.id = accountId(declared.name)
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, groups } = this.#declared
    const [accounts, known] = await Promise.all([look.at(accountsProbe), look.at(groupsProbe)])
    const account = accounts.get(name)
    const unknown = groups.filter((group) => !known.has(group))
    if (unknown.length > 0) return this.#refuse(account ? {} : null, noSuchGroup(name, unknown))
    if (!account) return this.#absent(look, accounts, known)
    if (isSystem(account)) return this.#refuse({}, systemAccount(account))

    const present = groups.filter((group) => isIn(known.get(group), account))
    const home = await homeOf(look.reader, accounts, account)
    const live = {
      shell: account.shell,
      groups: present,
      home: home.isThere ? 'there' : home.isNone ? 'none' : 'missing',
    }
    const makesHome = !home.isThere && !home.isNone
    if (makesHome && home.fault) return this.#refuse(live, home.fault)
    const shell = this.#declared.shell ?? account.shell
    const fault = await shellFault(look.reader, shell)
    if (shell !== account.shell && fault && (await look.at(loginProbe)) === name)
      return this.#refuse(live, lastWayIn(name, fault.why))
    const missing = groups.filter((group) => !present.includes(group))
    const steps: Step[] = [
      ...(shell === account.shell ? [] : [command(['usermod', '--shell', shell, name])]),
      ...(missing.length === 0 ? [] : [command(['usermod', '--append', '--groups', missing.join(','), name])]),
      ...(makesHome ? [command(['mkhomedir_helper', name, '0077'])] : []),
    ]
    const fields: FieldChange[] = [
      ...(shell === account.shell ? [] : [{ field: 'shell', from: account.shell, to: shell }]),
      ...missing.map((group) => ({ field: 'group', from: null, to: group })),
      ...(makesHome ? [{ field: 'home', from: null, to: account.home }] : []),
    ]
    const changes = steps.length === 0 ? [] : [this.#update(account, fields, steps, missing)]
    return { changes, refusals: [], notes: await this.#shellNote(look, shell), live }
  }

  async #absent(
    look: Look,
    accounts: ReadonlyMap<string, UnixAccount>,
    known: ReadonlyMap<string, UnixGroup>,
  ): Promise<Comparison> {
    const { name, groups } = this.#declared
    const shell = this.#declared.shell ?? defaultShell
    const home = defaultHome(name)
    const remains = await look.reader.stat(home)
    if (remains) return this.#refuse(null, homeOfSomebody(name, home, remains.uid))
    const { fault } = await homeOf(look.reader, accounts, { name, uid: undefined, home })
    if (fault) return this.#refuse(null, { ...fault, mend: othersHome(home) })
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
      steps: [command(argv)],
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

  /** Nothing on the host says before the first login that a shell lets nobody in. */
  async #shellNote(look: Look, shell: string): Promise<Comparison['notes']> {
    const { name } = this.#declared
    const warning = (text: string): Comparison['notes'] => [{ resource: this.id, level: 'warning', text }]
    const fault = await shellFault(look.reader, shell)
    if (fault?.isClosed) {
      if (this.#declared.shell !== null) return []
      return warning(
        `${name} can't log in with the shell ${shell}, which phx leaves as it is: declare "shell" to change it`,
      )
    }
    if (fault) return warning(`${fault.why}: ${name} can't log in with it`)
    const shells = await look.reader.readFile('/etc/shells')
    if (shells === undefined || shells.split('\n').includes(shell)) return []
    return warning(`${shell} is not in /etc/shells: what asks there, such as chsh and some services, refuses ${name}`)
  }

  #refuse(live: Comparison['live'], refusal: HomeFault): Comparison {
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

const othersHome = (home: string): string[] => [
  `look who is to live there, and whether it is a link: getent passwd | grep ${home}, ls -ld ${home}`,
  'give the other account another home (usermod -d FOLDER NAME), or declare an administrator of another name',
]

const lastWayIn = (name: string, fault: string) => ({
  why: `phx was started from a login of ${name}, and ${fault}: nobody could log in as ${name} again`,
  mend: [
    'declare a shell that is there: /bin/bash, or install this one first',
    'or log in as root or as another administrator, and run it from there',
  ],
})
