/** id and getent. */
import { has, readOptions } from '../disk-tools/options.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { findRow, membersOf, type Row, rowsOf } from './database.ts'

export const id: Tool = (state, { args }) => {
  const options = readOptions('id', args, ['-u --user', '-g --group', '-G --groups', '-n --name'])
  const [key = 'root'] = options.operands
  const user = findRow(state, 'passwd', key)
  if (user === undefined) return answer(1, '', `id: '${key}': no such user\n`)
  const groups = groupsOf(state, user)
  const shown = (row: Row): string => (has(options, '-n') ? row[0] : row[2]) ?? ''
  if (has(options, '-u')) return answer(0, `${shown(user)}\n`)
  if (has(options, '-g')) return answer(0, `${groups.slice(0, 1).map(shown).join('')}\n`)
  if (has(options, '-G')) return answer(0, `${groups.map(shown).join(' ')}\n`)
  const full = (row: Row): string => `${row[2]}(${row[0]})`
  const primary = groups[0] ?? ['?', '', user[3] ?? '']
  return answer(0, `uid=${full(user)} gid=${full(primary)} groups=${groups.map(full).join(',')}\n`)
}

/** The primary group, then the others in the order of /etc/group (getgrouplist(3)). */
function groupsOf(state: SimState, user: Row): Row[] {
  const all = rowsOf(state, 'group')
  const primary = all.filter((group) => group[2] === user[3])
  return [...primary, ...all.filter((group) => !primary.includes(group) && membersOf(group).includes(user[0] ?? ''))]
}

export const getent: Tool = (state, { args }) => {
  const [table, ...keys] = args
  if (table !== 'passwd' && table !== 'group' && table !== 'shadow') throw new NotSimulated(`getent ${table ?? ''}`)
  const all = rowsOf(state, table)
  const find = (key: string): Row | undefined =>
    table === 'shadow' ? all.find(([name]) => name === key) : findRow(state, table, key)
  const found = keys.length === 0 ? all : keys.map(find)
  const lines = found.flatMap((row) => (row === undefined ? [] : [`${row.join(':')}\n`]))
  return answer(found.includes(undefined) ? 2 : 0, lines.join(''))
}
