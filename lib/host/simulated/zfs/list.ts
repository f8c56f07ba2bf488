/** `zfs list` */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { type Column, columnName, inColumn, parseColumns, shownInColumn } from './columns.ts'
import { jsonText } from './json.ts'
import type { Opened } from './open.ts'
import { isAnswer, lastValue, parseOptions, usageError } from './options.ts'
import { propertyTable } from './property-table.ts'
import { compareNames } from './tree.ts'
import { type View, viewOf } from './values.ts'
import { parseDepth, parseTypes, walk } from './walk.ts'

export function list(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('list', args, 'jHS:d:o:prs:t:', { json: 'j', 'json-int': 'json-int' })
  if (isAnswer(options)) return options
  const { flags, names } = options
  if (flags.has('json-int')) throw new NotSimulated('zfs list --json-int')
  const fields = lastValue(options, 'o') ?? 'name,used,available,referenced,mountpoint'
  const typeList = lastValue(options, 't')
  const types = typeList === undefined ? { types: fields === 'space' ? 'fv' : 'fvs' } : parseTypes(typeList)
  if ('fault' in types) return usageError('list', types.fault)
  const depthText = lastValue(options, 'd')
  const depth = depthText === undefined ? { depth: null } : parseDepth(depthText)
  if ('fault' in depth) return usageError('list', depth.fault)
  const columns = fields === 'all' ? allColumns() : parseColumns(fields)
  if (typeof columns === 'string') return usageError('list', columns)
  const order = sortOrder(options.values)
  if (typeof order === 'string') return usageError('list', order)

  // Snapshots or bookmarks of a dataset that is named: one level below it is meant.
  const direct = /^[sb]$/.test(types.types) && names.length > 0 && !flags.has('r') && depth.depth === null
  const { found, errors } = walk(state, {
    names,
    types: types.types,
    recursive: flags.has('r') || depth.depth !== null || direct,
    depth: direct ? 1 : depth.depth,
    paths: true,
    snapshotsAsPoolSays: typeList === undefined,
  })
  const views = new Map([...new Set(found.map(({ pool }) => pool))].map((pool) => [pool, viewOf(state, pool)]))
  const rows = found.flatMap((opened) => {
    const view = views.get(opened.pool)
    return view === undefined ? [] : [{ view, ...opened }]
  })
  const sorted = order.length === 0 ? rows : rows.sort((a, b) => compareBy(order, a, b))
  const exact = flags.has('p')
  const failed = errors === '' ? 0 : 1
  if (flags.has('j')) {
    const nothing = found.length === 0 && failed === 0 && !flags.has('H') ? 'no datasets available\n' : ''
    return answer(failed, failed === 0 ? listJson(columns, sorted, exact) : '', errors + nothing)
  }
  const cells = sorted.map(({ view, dataset }) =>
    columns.map((column) => {
      const sourced = inColumn(view, dataset, column)
      return sourced === null ? '-' : shownInColumn(column, sourced.value, exact)
    }),
  )
  if (flags.has('H')) return answer(failed, cells.map((row) => `${row.join('\t')}\n`).join(''), errors)
  if (cells.length === 0) return answer(failed, '', failed === 0 ? 'no datasets available\n' : errors)
  return answer(failed, table(columns, cells), errors)
}

type Row = Opened & { readonly view: View }

const allColumns = (): Column[] => propertyTable.map((row) => ({ row }))

function listJson(columns: readonly Column[], rows: readonly Row[], exact: boolean): string {
  const datasets = rows.map(({ view, pool, dataset }) => ({
    pool,
    dataset,
    properties: columns
      .filter((column) => columnName(column) !== 'name')
      .map((column) => {
        const sourced = inColumn(view, dataset, column)
        const value = sourced === null ? '-' : shownInColumn(column, sourced.value, exact)
        return { name: columnName(column), value, source: sourced?.source ?? ('none' as const) }
      }),
  }))
  return jsonText('zfs list', datasets)
}

const isRightAligned = (column: Column): boolean => 'row' in column && column.row.kind === 'number'

/** Two spaces between columns, numbers to the right, nothing behind the last text. */
function table(columns: readonly Column[], cells: readonly (readonly string[])[]): string {
  const heads = columns.map((column) => ('row' in column ? column.row.column : column.user.toUpperCase()))
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string => {
    const padded = row.map((cell, at) => {
      const column = columns[at]
      const width = widths[at] ?? 0
      if (column !== undefined && isRightAligned(column)) return cell.padStart(width)
      return at === row.length - 1 ? cell : cell.padEnd(width)
    })
    return `${padded.join('  ')}\n`
  }
  return [heads, ...cells].map(line).join('')
}

interface Order {
  readonly column: Column
  readonly reverse: boolean
}

/** `-s` and `-S`, or the fault. */
function sortOrder(values: readonly (readonly [string, string])[]): readonly Order[] | string {
  const order: Order[] = []
  for (const [option, value] of values) {
    if (option !== 's' && option !== 'S') continue
    const columns = parseColumns(value)
    const column = typeof columns === 'string' ? undefined : columns[0]
    if (column === undefined) return `invalid property '${value}'`
    order.push({ column, reverse: option === 'S' })
  }
  return order
}

function compareBy(order: readonly Order[], a: Row, b: Row): number {
  for (const { column, reverse } of order) {
    const left = inColumn(a.view, a.dataset, column)?.value
    const right = inColumn(b.view, b.dataset, column)?.value
    if (left === right) continue
    if (left === undefined || right === undefined) return left === undefined ? 1 : -1
    const numeric = isRightAligned(column) && /^\d+$/.test(left) && /^\d+$/.test(right)
    const compared = numeric ? Number(BigInt(left) - BigInt(right)) : compareNames(left, right)
    return reverse ? -compared : compared
  }
  return 0
}
