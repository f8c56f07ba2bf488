/**
 * Users and groups as the files have them (passwd(5), group(5), shadow(5)): reading three files costs less than one call
 * of getent, and what phx changes it changes in these.
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look, Probe } from '../../engine/resource.ts'

export interface UnixAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
}

export interface UnixGroup {
  readonly name: string
  readonly gid: number
  /** Beside those whose primary group it is. */
  readonly members: readonly string[]
}

/** Rows of fields; NIS lines (`+`, `-`) and broken ones are none of anybody's account. */
function rows(text: string, fields: number): string[][] {
  return text.split('\n').flatMap((line) => {
    const row = line.split(':')
    return row.length >= fields && /^[^+#-]/.test(line) ? [row] : []
  })
}

export function parsePasswd(text: string): Map<string, UnixAccount> {
  const accounts = rows(text, 7).map(([name = '', , uid, gid, , home = '', shell = '']): [string, UnixAccount] => [
    name,
    { name, uid: Number(uid), gid: Number(gid), home, shell: shell === '' ? '/bin/sh' : shell },
  ])
  return new Map(accounts)
}

export function parseGroup(text: string): Map<string, UnixGroup> {
  const groups = rows(text, 4).map(([name = '', , gid, members = '']): [string, UnixGroup] => [
    name,
    { name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') },
  ])
  return new Map(groups)
}

export function parseShadow(text: string): Map<string, string> {
  return new Map(rows(text, 2).map(([name = '', hash = '']) => [name, hash]))
}

async function textOf(look: Look, path: string): Promise<string> {
  const text = await look.reader.readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES') throw error
    throw new CannotLook(`${path} may only be read by root`, ['run phx as root: sudo phx …'])
  })
  if (text === undefined) throw new CannotLook(`there is no ${path}`, ['restore it from /var/backups'])
  return text
}

export const accountsProbe: Probe<ReadonlyMap<string, UnixAccount>> = {
  id: '/etc/passwd',
  read: async (look) => parsePasswd(await textOf(look, '/etc/passwd')),
}

export const groupsProbe: Probe<ReadonlyMap<string, UnixGroup>> = {
  id: '/etc/group',
  read: async (look) => parseGroup(await textOf(look, '/etc/group')),
}

/** Hashes by name. They go nowhere but into a comparison. */
export const shadowProbe: Probe<ReadonlyMap<string, string>> = {
  id: '/etc/shadow',
  read: async (look) => parseShadow(await textOf(look, '/etc/shadow')),
}

/** Of a process that no login started (proc_pid_loginuid(5)). */
const nobodyLoggedIn = '4294967295'

/** The account whose login phx was started from, also through sudo and su; undefined when there was none. */
export const loginProbe: Probe<string | undefined> = {
  id: '/proc/self/loginuid',
  async read(look) {
    const text = (await look.reader.readFile('/proc/self/loginuid'))?.trim()
    if (text === undefined || text === '' || text === nobodyLoggedIn) return undefined
    const accounts = await look.at(accountsProbe)
    return [...accounts.values()].find(({ uid }) => String(uid) === text)?.name
  },
}
