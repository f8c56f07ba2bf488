/** /etc/passwd, /etc/shadow, /etc/group and /etc/gshadow as rows of fields (passwd(5), shadow(5), group(5), gshadow(5)). */
import type { SimState } from '../model.ts'

export type Table = 'passwd' | 'shadow' | 'group' | 'gshadow'

/** Fields of one line; the first is the name. */
export type Row = string[]

const secret: readonly Table[] = ['shadow', 'gshadow']

export function rowsOf(state: SimState, table: Table): Row[] {
  const text = state.files[`/etc/${table}`]?.content ?? ''
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')]))
}

export function keepRows(state: SimState, table: Table, rows: readonly Row[]): void {
  const content = rows.map((row) => `${row.join(':')}\n`).join('')
  const before = state.files[`/etc/${table}`]
  if (before?.content === content) return
  state.files[`/etc/${table}`] = {
    type: 'file',
    mode: secret.includes(table) ? 0o640 : 0o644,
    uid: 0,
    gid: secret.includes(table) ? 42 : 0,
    ...before,
    content,
  }
}

export function addRow(state: SimState, table: Table, row: Row): void {
  keepRows(state, table, [...rowsOf(state, table), row])
}

export function dropRow(state: SimState, table: Table, name: string): void {
  keepRows(
    state,
    table,
    rowsOf(state, table).filter(([own]) => own !== name),
  )
}

/** Changes fields of one row by their index. */
export function changeRow(state: SimState, table: Table, name: string, fields: Readonly<Record<number, string>>): void {
  const rows = rowsOf(state, table).map((row) =>
    row[0] === name ? row.map((field, index) => fields[index] ?? field) : row,
  )
  keepRows(state, table, rows)
}

/** By name, or by number where one is given: the third field of both tables. */
export function findRow(state: SimState, table: 'passwd' | 'group', key: string): Row | undefined {
  const rows = rowsOf(state, table)
  return rows.find(([name]) => name === key) ?? (/^\d+$/.test(key) ? rows.find((row) => row[2] === key) : undefined)
}

export const userNamed = (state: SimState, name: string): Row | undefined =>
  rowsOf(state, 'passwd').find(([own]) => own === name)

export const groupNamed = (state: SimState, name: string): Row | undefined =>
  rowsOf(state, 'group').find(([own]) => own === name)

/** Members beside those whose primary group it is. */
export const membersOf = (group: Row): string[] => (group[3] ?? '').split(',').filter((name) => name !== '')

/** Makes the set of members of a group, in /etc/group and /etc/gshadow. */
export function setMembers(state: SimState, group: string, members: readonly string[]): void {
  for (const table of ['group', 'gshadow'] as const) changeRow(state, table, group, { 3: members.join(',') })
}

/** The lowest free number from 1000 on, or for a system account the highest below (login.defs of Debian). */
export function freeId(state: SimState, isSystem: boolean): number {
  const taken = new Set([...rowsOf(state, 'passwd'), ...rowsOf(state, 'group')].map((row) => Number(row[2])))
  let id = isSystem ? 999 : 1000
  while (taken.has(id)) id += isSystem ? -1 : 1
  return id
}

/** Days since 1970, as shadow(5) keeps them. */
export const today = (state: SimState): string => String(Math.floor(state.now / 86_400))
