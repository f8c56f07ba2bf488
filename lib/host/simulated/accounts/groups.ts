/** groupadd, groupmod, groupdel and gpasswd (services.jsonl scene 42). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { addRow, changeRow, dropRow, freeId, groupNamed, membersOf, rowsOf, setMembers, userNamed } from './database.ts'
import { lockedOut } from './state.ts'

export const groupadd: Tool = (state, { args }) => {
  const options = readOptions('groupadd', args, ['-g --gid=', '-r --system', '-f --force'])
  const [name = ''] = options.operands
  const refuse = (code: number, why: string): ToolAnswer => answer(code, '', `groupadd: ${why}\n`)
  if (groupNamed(state, name) !== undefined) {
    return has(options, '-f') ? answer(0) : refuse(9, `group '${name}' already exists`)
  }
  const wanted = optionValue(options, '-g')
  if (wanted !== undefined && rowsOf(state, 'group').some((row) => row[2] === wanted))
    return refuse(4, `GID '${wanted}' already exists`)
  const locked = lockedOut(state, 'groupadd', '/etc/group')
  if (locked !== null) return answer(10, '', locked)
  addRow(state, 'group', [name, 'x', wanted ?? String(freeId(state, has(options, '-r'))), ''])
  addRow(state, 'gshadow', [name, '!', '', ''])
  return answer(0)
}

export const groupmod: Tool = (state, { args }) => {
  const options = readOptions('groupmod', args, ['-g --gid=', '-n --new-name='])
  const [name = ''] = options.operands
  if (groupNamed(state, name) === undefined) return answer(6, '', `groupmod: group '${name}' does not exist\n`)
  const [gid, renamed] = [optionValue(options, '-g'), optionValue(options, '-n')]
  if (gid !== undefined) changeRow(state, 'group', name, { 2: gid })
  if (renamed !== undefined)
    for (const table of ['group', 'gshadow'] as const) changeRow(state, table, name, { 0: renamed })
  return answer(0)
}

export const groupdel: Tool = (state, { args }) => {
  const [name = ''] = readOptions('groupdel', args, []).operands
  const group = groupNamed(state, name)
  if (group === undefined) return answer(6, '', `groupdel: group '${name}' does not exist\n`)
  const owner = rowsOf(state, 'passwd').find((row) => row[3] === group[2])
  if (owner !== undefined) return answer(8, '', `groupdel: cannot remove the primary group of user '${owner[0]}'\n`)
  for (const table of ['group', 'gshadow'] as const) dropRow(state, table, name)
  return answer(0)
}

export const gpasswd: Tool = (state, { args }) => {
  const options = readOptions('gpasswd', args, ['-a --add=', '-d --delete=', '-M --members='])
  const [name = ''] = options.operands
  const [added, removed, all] = ['-a', '-d', '-M'].map((option) => optionValue(options, option))
  if (options.given.length !== 1) throw new NotSimulated('gpasswd with a password')
  const refuse = (why: string, before = ''): ToolAnswer => answer(3, before, `gpasswd: ${why}\n`)
  const group = groupNamed(state, name)
  if (group === undefined) return refuse(`group '${name}' does not exist in /etc/group`)
  const members = membersOf(group)
  const named = all?.split(',') ?? [added ?? removed ?? '']
  const unknown = removed === undefined ? named.find((user) => userNamed(state, user) === undefined) : undefined
  if (unknown !== undefined) return refuse(`user '${unknown}' does not exist`)
  if (all !== undefined) {
    setMembers(state, name, named)
    return answer(0)
  }
  if (removed !== undefined) {
    const said = `Removing user ${removed} from group ${name}\n`
    if (!members.includes(removed)) return refuse(`user '${removed}' is not a member of '${name}'`, said)
    setMembers(
      state,
      name,
      members.filter((member) => member !== removed),
    )
    return answer(0, said)
  }
  const user = added ?? ''
  if (!members.includes(user)) setMembers(state, name, [...members, user])
  return answer(0, `Adding user ${user} to group ${name}\n`)
}
