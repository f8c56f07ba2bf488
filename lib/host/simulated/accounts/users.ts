/** useradd, usermod and userdel. Exit codes and texts: services.jsonl scenes 40, 41, 44; else useradd(8), shadow 4.17.4. */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { exists, makeFolders, tidy } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import {
  addRow,
  changeRow,
  dropRow,
  findRow,
  freeId,
  groupNamed,
  membersOf,
  rowsOf,
  setMembers,
  today,
  userNamed,
} from './database.ts'
import { lockedOut, processOf } from './state.ts'

const isName = (name: string): boolean => /^[^\s:,/~+-][^\s:,/]*$/.test(name)

export const useradd: Tool = (state, { args }) => {
  const options = readOptions('useradd', args, [
    '-M --no-create-home',
    '-m --create-home',
    '-N --no-user-group',
    '-U --user-group',
    '-r --system',
    '-s --shell=',
    '-g --gid=',
    '-G --groups=',
    '-u --uid=',
    '-c --comment=',
    '-d --home-dir=',
  ])
  const refuse = (code: number, why: string): ToolAnswer => answer(code, '', `useradd: ${why}\n`)
  const [name, more] = options.operands
  if (name === undefined || more !== undefined) throw new NotSimulated('useradd: its usage')
  if (!isName(name)) return refuse(3, `invalid user name '${name}': use --badname to ignore`)
  if (userNamed(state, name) !== undefined) return refuse(9, `user '${name}' already exists`)
  const primary = optionValue(options, '-g')
  const primaryRow = primary === undefined ? undefined : findRow(state, 'group', primary)
  if (primary !== undefined && primaryRow === undefined) return refuse(6, `group '${primary}' does not exist`)
  const groups = listed(optionValue(options, '-G'))
  const unknown = groups.find((group) => findRow(state, 'group', group) === undefined)
  if (unknown !== undefined) return refuse(6, `group '${unknown}' does not exist`)
  const wanted = optionValue(options, '-u')
  if (wanted !== undefined && rowsOf(state, 'passwd').some((row) => row[2] === wanted))
    return refuse(4, `UID ${wanted} is not unique`)
  const ownGroup = primaryRow === undefined && !has(options, '-N')
  if (ownGroup && groupNamed(state, name) !== undefined)
    return refuse(9, `group ${name} exists - if you want to add this user to that group, use -g.`)

  const locked = lockedOut(state, 'useradd', '/etc/passwd')
  if (locked !== null) return answer(1, '', locked)
  const isSystem = has(options, '-r')
  const uid = wanted ?? String(freeId(state, isSystem))
  // 100 is Debian's group `users` (/etc/default/useradd).
  const gid = primaryRow?.[2] ?? (ownGroup ? ownGroupId(state, uid, isSystem) : '100')
  const home = optionValue(options, '-d') ?? `/home/${name}`
  const shell = optionValue(options, '-s') ?? '/bin/sh'
  addRow(state, 'passwd', [name, 'x', uid, gid, optionValue(options, '-c') ?? '', home, shell])
  addRow(state, 'shadow', [name, '!', today(state), '0', '99999', '7', '', '', ''])
  if (ownGroup) addGroup(state, name, gid)
  for (const group of groups) join(state, group, name)
  if (!isSystem) for (const kind of ['subuid', 'subgid']) addSubordinates(state, kind, name)
  return has(options, '-m') ? makeHome(state, home, Number(uid), Number(gid)) : answer(0)
}

/** The same number as the user's when it is free. */
function ownGroupId(state: SimState, uid: string, isSystem: boolean): string {
  return findRow(state, 'group', uid) === undefined ? uid : String(freeId(state, isSystem))
}

function addGroup(state: SimState, name: string, gid: string): void {
  addRow(state, 'group', [name, 'x', gid, ''])
  addRow(state, 'gshadow', [name, '!', '', ''])
}

function join(state: SimState, key: string, user: string): void {
  const group = findRow(state, 'group', key)
  if (group === undefined || membersOf(group).includes(user)) return
  setMembers(state, group[0] ?? '', [...membersOf(group), user])
}

/** Each user gets the next 65,536 numbers of its own, where the file is there (useradd(8), SUB_UID_COUNT). */
function addSubordinates(state: SimState, kind: string, name: string): void {
  const file = state.files[`/etc/${kind}`]
  if (file === undefined) return
  const ends = [...file.content.matchAll(/^[^:\n]*:(\d+):(\d+)$/gm)].map(
    ([, from, size]) => Number(from) + Number(size),
  )
  file.content += `${name}:${Math.max(100_000, ...ends)}:65536\n`
}

function makeHome(state: SimState, path: string, uid: number, gid: number): ToolAnswer {
  const home = tidy(path)
  if (state.files[home] !== undefined) {
    const warning = `warning: the home directory ${home} already exists.`
    return answer(0, '', `useradd: ${warning}\nuseradd: Not copying any file from skel directory into it.\n`)
  }
  const fault = makeFolders(state, home)
  if (fault !== null) return answer(12, '', `useradd: cannot create directory ${home}\n`)
  // HOME_MODE of Debian's login.defs (services.jsonl scene 44).
  state.files[home] = { type: 'dir', content: '', mode: 0o700, uid, gid }
  for (const [path, file] of Object.entries(state.files)) {
    if (path.startsWith('/etc/skel/')) state.files[home + path.slice('/etc/skel'.length)] = { ...file, uid, gid }
  }
  return answer(0)
}

/** Of libpam-modules-bin: `mkhomedir_helper USER UMASK`, which leaves a home that is there as it is. */
export const mkhomedirHelper: Tool = (state, { args }) => {
  const user = userNamed(state, args[0] ?? '')
  if (user === undefined) return answer(10)
  const [, , uid, gid, , home = ''] = user
  return exists(state, tidy(home)) ? answer(0) : makeHome(state, home, Number(uid), Number(gid))
}

const listed = (text: string | undefined): string[] => (text ?? '').split(',').filter((name) => name !== '')

export const usermod: Tool = (state, { args }) => {
  const options = readOptions('usermod', args, [
    '-a --append',
    '-G --groups=',
    '-g --gid=',
    '-s --shell=',
    '-c --comment=',
    '-d --home=',
    '-u --uid=',
    '-l --login=',
    '-L --lock',
    '-U --unlock',
  ])
  const refuse = (code: number, why: string): ToolAnswer => answer(code, '', `usermod: ${why}\n`)
  const [name = ''] = options.operands
  const user = userNamed(state, name)
  if (user === undefined) return refuse(6, `user '${name}' does not exist`)
  if (options.given.length === 0) throw new NotSimulated('usermod: its usage')
  const login = optionValue(options, '-l')
  if (login !== undefined && userNamed(state, login) !== undefined) return refuse(9, `user '${login}' already exists`)
  if (login !== undefined) throw new NotSimulated('usermod --login')
  const uid = optionValue(options, '-u')
  if (uid !== undefined && uid !== user[2] && findRow(state, 'passwd', uid) !== undefined)
    return refuse(4, `UID '${uid}' already exists`)
  const primary = optionValue(options, '-g')
  const gid = primary === undefined ? undefined : findRow(state, 'group', primary)?.[2]
  if (primary !== undefined && gid === undefined) return refuse(6, `group '${primary}' does not exist`)
  const groups = listed(optionValue(options, '-G'))
  const unknown = groups.find((group) => findRow(state, 'group', group) === undefined)
  if (unknown !== undefined) return refuse(6, `group '${unknown}' does not exist`)

  const locked = lockedOut(state, 'usermod', '/etc/passwd')
  if (locked !== null) return answer(1, '', locked)
  const changes: [number, string | undefined][] = [
    [2, uid],
    [3, gid],
    [4, optionValue(options, '-c')],
    [5, optionValue(options, '-d')],
    [6, optionValue(options, '-s')],
  ]
  changeRow(
    state,
    'passwd',
    name,
    Object.fromEntries(changes.flatMap(([index, value]) => (value === undefined ? [] : [[index, value]]))),
  )
  if (has(options, '-G') && !has(options, '-a')) leaveAll(state, name)
  for (const group of groups) join(state, group, name)
  return lockOrUnlock(state, name, has(options, '-L'), has(options, '-U'))
}

function leaveAll(state: SimState, user: string): void {
  for (const group of rowsOf(state, 'group')) {
    const members = membersOf(group)
    if (members.includes(user))
      setMembers(
        state,
        group[0] ?? '',
        members.filter((name) => name !== user),
      )
  }
}

function lockOrUnlock(state: SimState, name: string, lock: boolean, unlock: boolean): ToolAnswer {
  const hash = rowsOf(state, 'shadow').find(([own]) => own === name)?.[1] ?? ''
  if (lock && !hash.startsWith('!')) changeRow(state, 'shadow', name, { 1: `!${hash}` })
  if (unlock && hash === '!') {
    const why = "unlocking the user's password would result in a passwordless account."
    return answer(0, '', `usermod: ${why}\nYou should set a password with usermod -p to unlock this user's password.\n`)
  }
  if (unlock) changeRow(state, 'shadow', name, { 1: hash.replace(/^!/, '') })
  return answer(0)
}

export const userdel: Tool = (state, { args }) => {
  const options = readOptions('userdel', args, ['-r --remove', '-f --force'])
  const [name = ''] = options.operands
  const user = userNamed(state, name)
  if (user === undefined) return answer(6, '', `userdel: user '${name}' does not exist\n`)
  const pid = processOf(state, user[2] ?? '')
  const used = pid === undefined ? '' : `userdel: user ${name} is currently used by process ${pid}\n`
  if (used !== '' && !has(options, '-f')) return answer(8, '', used)
  const locked = lockedOut(state, 'userdel', '/etc/passwd')
  if (locked !== null) return answer(1, '', locked)
  leaveAll(state, name)
  for (const table of ['passwd', 'shadow'] as const) dropRow(state, table, name)
  const group = groupNamed(state, name)
  const isPrimary = rowsOf(state, 'passwd').some((row) => row[3] === group?.[2])
  if (group !== undefined && group[2] === user[3] && !isPrimary && membersOf(group).length === 0) {
    for (const table of ['group', 'gshadow'] as const) dropRow(state, table, name)
  }
  for (const kind of ['subuid', 'subgid']) {
    const file = state.files[`/etc/${kind}`]
    if (file !== undefined) file.content = file.content.replace(new RegExp(`^${name}:.*\n`, 'gm'), '')
  }
  if (!has(options, '-r')) return answer(0, '', used)
  const home = user[5] ?? ''
  for (const path of Object.keys(state.files)) {
    if (path === home || path.startsWith(`${home}/`)) delete state.files[path]
  }
  return answer(0, '', `${used}userdel: ${name} mail spool (/var/mail/${name}) not found\n`)
}
