/**
 * Samba's users: smbpasswd(8) and pdbedit(8) (services.jsonl scenes 24 to 26). The database is kept where the real one is,
 * as JSON instead of a TDB.
 */
import { ntHash } from '../../../resources/samba/nt-hash.ts'
import { userNamed } from '../accounts/database.ts'
import { makeFolders } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'

const folder = '/var/lib/samba/private'
const database = `${folder}/passdb.tdb`

export interface SambaAccount {
  hash: string
  /** Besides U: D is disabled, N is without a password. */
  flags: string
  /** When the password was set, in hexadecimal. */
  changed: string
}

type Accounts = Record<string, SambaAccount>

export const accountsIn = (state: SimState): Accounts => JSON.parse(state.files[database]?.content || '{}') as Accounts

function keep(state: SimState, accounts: Accounts): void {
  makeFolders(state, folder)
  const content = JSON.stringify(accounts)
  if (state.files[database]?.content === content) return
  for (const path of [database, `${folder}/secrets.tdb`])
    state.files[path] = { type: 'file', mode: 0o600, content: path === database ? content : '' }
}

/** What a Unix account that is gone leaves: (uid_t) -1. */
const uidOf = (state: SimState, name: string): string => userNamed(state, name)?.[2] ?? '4294967295'

const isStranger = (state: SimState, name: string): boolean => userNamed(state, name) === undefined
const stranger = (name: string): string => `Failed to find a Unix account for ${name}\n`

/** How many bytes of a line are read: the rest counts as the next one. */
const lineLength = 255

function twoLines(stdin: string): string | { said: string } {
  const [first = '', second, ...rest] = stdin.split('\n')
  if (rest.length === 0) return { said: 'Unable to get new password.\n' }
  const isSame = first === second && Buffer.byteLength(first) <= lineLength
  return isSame ? first : { said: 'Mismatch - password unchanged.\nUnable to get new password.\n' }
}

const flagged = (flags: string, flag: string, on: boolean): string =>
  on ? (flags.includes(flag) ? flags : flag + flags) : flags.replace(flag, '')

const withPassword = (state: SimState, password: string): SambaAccount => ({
  hash: ntHash(password),
  flags: 'U',
  changed: state.now.toString(16).toUpperCase(),
})

export const smbpasswd: Tool = (state, { args, stdin }) => {
  const flags = args.filter((word) => word.startsWith('-')).join('')
  const [name = ''] = args.filter((word) => !word.startsWith('-'))
  if (/[^-sadexn]/.test(flags) || name === '') throw new NotSimulated(`smbpasswd ${args.join(' ')}`)
  const accounts = accountsIn(state)
  const account = accounts[name]
  const absent = answer(1, '', `Failed to find entry for user ${name}.\n`)
  const change = (changed: Partial<SambaAccount>, said: string): ToolAnswer => {
    if (account) keep(state, { ...accounts, [name]: { ...account, ...changed } })
    return answer(0, said)
  }
  if (flags.includes('x')) {
    const fails = `${isStranger(state, name) ? stranger(name).repeat(account ? 2 : 1) : ''}Failed to delete entry for user ${name}.\n`
    if (!account || isStranger(state, name))
      return answer(1, '', account ? fails : `Failed to find entry for user ${name}.\n`)
    const { [name]: _, ...left } = accounts
    keep(state, left)
    return answer(0, `Deleted user ${name}.\n`)
  }
  if (flags.includes('d'))
    return account ? change({ flags: flagged(account.flags, 'D', true) }, `Disabled user ${name}.\n`) : absent
  if (flags.includes('e')) {
    if (!account) return answer(1, '', `Failed to find user ${name} in passdb backend.\n`)
    return change({ flags: flagged(account.flags, 'D', false) }, `Enabled user ${name}.\n`)
  }
  if (flags.includes('n'))
    return account
      ? change({ flags: flagged(account.flags, 'N', true) }, `User ${name} password set to none.\n`)
      : absent
  if (!flags.includes('s')) throw new NotSimulated('smbpasswd at a terminal')
  const password = twoLines(stdin)
  if (typeof password !== 'string') return answer(1, '', password.said)
  if (!account && !flags.includes('a')) return absent
  if (!account && isStranger(state, name)) return answer(1, '', `Failed to add entry for user ${name}.\n`)
  keep(state, { ...accounts, [name]: withPassword(state, password) })
  return answer(0, account ? '' : `Added user ${name}.\n`)
}

const row = (state: SimState, name: string): string => `${name}:${uidOf(state, name)}:`

function longRow(state: SimState, name: string, { hash, flags, changed }: SambaAccount): string {
  const lm = flags.includes('N') ? 'NO PASSWORD'.padEnd(32, 'X') : 'X'.repeat(32)
  return `${row(state, name)}${lm}:${hash}:[${flags.padEnd(11)}]:LCT-${changed}:\n`
}

function details(state: SimState, name: string): string {
  const host = state.hostname.toUpperCase()
  const sid = 'S-1-5-21-3142502144-464845934-1722106192'
  const never = 'Wed, 06 Feb 2036 15:06:39 UTC'
  const set = `${new Date(state.now * 1000).toUTCString().replace('GMT', 'UTC')}`
  const rowsOf: readonly (readonly [string, string])[] = [
    ['Unix username:', name],
    ['NT username:', ''],
    ['Account Flags:', '[U          ]'],
    ['User SID:', `${sid}-1000`],
    ['Primary Group SID:', `${sid}-513`],
    ['Full Name:', ''],
    ['Home Directory:', `\\\\${host}\\${name}`],
    ['HomeDir Drive:', ''],
    ['Logon Script:', ''],
    ['Profile Path:', `\\\\${host}\\${name}\\profile`],
    ['Domain:', host],
    ['Account desc:', ''],
    ['Workstations:', ''],
    ['Munged dial:', ''],
    ['Logon time:', '0'],
    ['Logoff time:', never],
    ['Kickoff time:', never],
    ...['Password last set:', 'Password can change:'].map((label) => [label, set] as const),
    ['Password must change:', 'never'],
    ['Last bad password   :', '0'],
    ['Bad password count  :', '0'],
    ['Logon hours         :', 'F'.repeat(42)],
  ]
  return rowsOf.map(([label, value]) => `${label.padEnd(22)}${value}\n`).join('')
}

export const pdbedit: Tool = (state, { args, stdin }) => {
  const [call, accounts] = [args.join(' '), accountsIn(state)]
  // Opened, the database is made where there is none (scene 26).
  if (state.files[database] === undefined) keep(state, accounts)
  const names = Object.keys(accounts)
  if (call === '-L') return answer(0, names.map((name) => `${row(state, name)}\n`).join(''))
  if (call === '-Lw')
    return answer(
      0,
      Object.entries(accounts)
        .map(([name, account]) => longRow(state, name, account))
        .join(''),
    )
  const [, options = '', name = ''] = /^(-\S.*?) ?(\S+)$/.exec(call) ?? []
  const account = accounts[name]
  const said = account && isStranger(state, name) ? stranger(name) : ''
  switch (options) {
    case '-x':
    case '-x -u': {
      if (!account) return answer(255, '', `user ${name} does not exist in the passdb\n`)
      const { [name]: _, ...left } = accounts
      keep(state, left)
      return answer(0, '', said)
    }
    case '-u':
      return account ? answer(0, `${row(state, name)}\n`, said) : answer(255, '', 'Username not found!\n')
    case '-Lw -u':
      return account ? answer(0, longRow(state, name, account), said) : answer(255, '', 'Username not found!\n')
    case '-v -u':
      return account ? answer(0, details(state, name), said) : answer(255, '', 'Username not found!\n')
    case '-a -t -u': {
      if (isStranger(state, name)) return answer(255, '', `Failed to add entry for user ${name}.\n`)
      const password = twoLines(stdin)
      if (typeof password !== 'string') return answer(255, '', password.said)
      keep(state, { ...accounts, [name]: withPassword(state, password) })
      return answer(0, details(state, name))
    }
    default:
      throw new NotSimulated(`pdbedit ${call}`)
  }
}
