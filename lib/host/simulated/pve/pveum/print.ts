/** How the Proxmox tools print an answer: JSON, YAML, or a table with borders even into a pipe (pveum.jsonl n=1, 4, 5, 70). */
import type { Parameters } from '../options.ts'

export type Cell = string | number | Readonly<Record<string, string | number>>
export type Row = Readonly<Record<string, Cell | undefined>>

export interface Rows {
  readonly rows: readonly Row[]
  /** Of the table, in its order; what always has a value comes first, and the first one sorts. */
  readonly columns: readonly string[]
  /** Columns whose values stand at the right. */
  readonly numbers?: readonly string[]
}

const isRows = (answer: Rows | Row): answer is Rows => Array.isArray(answer.rows)

export function print(answer: Rows | Row, given: Parameters): string {
  if (given.get('quiet') === '1') return ''
  const data = isRows(answer) ? answer.rows.map(ordered) : ordered(answer)
  const format = given.get('output-format') ?? 'text'
  if (format === 'json') return `${JSON.stringify(data)}\n`
  if (format === 'json-pretty') return `${JSON.stringify(data, null, 3).replace(/^( *"[^"]*"):/gm, '$1 :')}\n`
  if (format === 'yaml') return yaml(data)
  return isRows(answer) ? tableOf(answer, given) : pairs(answer, given)
}

const ordered = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== undefined)
      .sort(),
  )

const shown = (cell: Cell | undefined): string => (typeof cell === 'object' ? JSON.stringify(cell) : String(cell ?? ''))

/** Enough of YAML for flat rows of names and numbers; what has a sign in it is quoted. */
function yaml(data: Row | readonly Row[]): string {
  const rows: readonly Row[] = Array.isArray(data) ? data : [data]
  if (rows.length === 0) return '--- []\n'
  const value = (cell: Cell | undefined): string => {
    const said = shown(cell)
    return said === '' || /[:#'",{}[\]&*!|>%]/.test(said) ? `'${said.replaceAll("'", "''")}'` : said
  }
  const lines = rows.map((row) => Object.entries(row).map(([name, cell]) => `${name}: ${value(cell)}\n`))
  return `---\n${lines.map((row) => (Array.isArray(data) ? `- ${row.join('  ')}` : row.join(''))).join('')}`
}

function pairs(answer: Row, given: Parameters): string {
  const rows = Object.entries(ordered(answer)).map(([key, value]) => ({ key, value: shown(value) }))
  return tableOf({ rows, columns: ['key', 'value'] }, given)
}

function tableOf({ rows, columns, numbers = [] }: Rows, given: Parameters): string {
  const [first = ''] = columns
  const lines = [...rows]
    .sort((a, b) => (shown(a[first]) < shown(b[first]) ? -1 : 1))
    .map((row) => columns.map((column) => shown(row[column])))
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...lines.map((cells) => [...(cells[index] ?? '')].length)),
  )
  const pad = (cell: string, index: number, isTitle: boolean): string => {
    const blanks = ' '.repeat((widths[index] ?? 0) - [...cell].length)
    return !isTitle && numbers.includes(columns[index] ?? '') ? blanks + cell : cell + blanks
  }
  const bare = given.get('noborder') === '1'
  const line = (cells: readonly string[], isTitle = false): string => {
    const padded = cells.map((cell, index) => pad(cell, index, isTitle))
    return bare ? `${padded.join(' ')}\n` : `│ ${padded.join(' │ ')} │\n`
  }
  const rule = (left: string, fill: string, cross: string, right: string): string =>
    bare ? '' : `${left}${widths.map((width) => fill.repeat(width + 2)).join(cross)}${right}\n`
  const title = given.get('noheader') === '1' ? '' : line(columns, true) + rule('╞', '═', '╪', '╡')
  const body = lines.map((cells) => line(cells)).join(rule('├', '─', '┼', '┤'))
  return rule('┌', '─', '┬', '┐') + title + body + rule('└', '─', '┴', '┘')
}
