/** `zfs get` */
import type { Dataset, SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { type Column, columnName, inColumn, parseColumns, shownInColumn } from './columns.ts'
import { type Source, type Sourced, userPropertyNames } from './inheritance.ts'
import { jsonText } from './json.ts'
import type { Opened } from './open.ts'
import { isAnswer, lastValue, type Options, parseOptions, usageError } from './options.ts'
import { propertyTable } from './property-table.ts'
import { sourceText, type View, viewOf } from './values.ts'
import { parseDepth, parseTypes, walk } from './walk.ts'

const fieldNames = ['name', 'property', 'value', 'received', 'source'] as const
type Field = (typeof fieldNames)[number]
const sourceNames = ['local', 'default', 'inherited', 'received', 'temporary', 'none']

interface Line {
  readonly dataset: Dataset
  readonly property: string
  readonly value: string
  readonly received: string
  readonly source: Source
}

export function get(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('get', args, 'd:o:s:jrt:Hp', { json: 'j', 'json-int': 'json-int' })
  if (isAnswer(options)) return options
  const { flags } = options
  if (flags.has('json-int')) throw new NotSimulated('zfs get --json-int')
  const asked = parseRequest(options)
  if (typeof asked === 'string') return usageError('get', asked)

  const { found, errors } = walk(state, asked.selection)
  const views = new Map([...new Set(found.map(({ pool }) => pool))].map((pool) => [pool, viewOf(state, pool)]))
  const lines: Line[] = []
  const perDataset: { opened: Opened; lines: Line[] }[] = []
  for (const opened of found) {
    const view = views.get(opened.pool)
    if (view === undefined) continue
    const own = linesOf(view, opened.dataset, asked.columns, flags.has('p')).filter(({ source }) =>
      asked.sources.has(typeof source === 'object' ? 'inherited' : source),
    )
    perDataset.push({ opened, lines: own })
    for (const line of own) lines.push(line)
  }
  const failed = errors === '' ? 0 : 1
  if (flags.has('j')) {
    const datasets = perDataset
      .filter((each) => each.lines.length > 0)
      .map(({ opened, lines: own }) => ({
        ...opened,
        properties: own.map(({ property, value, source }) => ({ name: property, value, source })),
      }))
    return answer(failed, failed === 0 ? jsonText('zfs get', datasets) : '', errors)
  }
  const text = flags.has('H')
    ? lines.map((line) => `${asked.fields.map((field) => cell(line, field)).join('\t')}\n`).join('')
    : table(asked.fields, lines)
  return answer(failed, text, errors)
}

/** What the options ask for, or what is wrong with them. */
function parseRequest(options: Options) {
  const { flags, names } = options
  const fields = parseFields(lastValue(options, 'o') ?? 'name,property,value,source')
  if (typeof fields === 'string') return fields
  const sources = new Set((lastValue(options, 's') ?? sourceNames.join(',')).split(','))
  for (const source of sources) if (!sourceNames.includes(source)) return `invalid source '${source}'`
  const types = parseTypes(lastValue(options, 't') ?? 'all')
  if ('fault' in types) return types.fault
  const depthText = lastValue(options, 'd')
  const depth = depthText === undefined ? { depth: null } : parseDepth(depthText)
  if ('fault' in depth) return depth.fault
  const [list, ...datasets] = names
  if (list === undefined) return 'missing property argument'
  const columns = list === 'all' ? null : parseColumns(list)
  if (typeof columns === 'string') return columns
  const direct = /^[sb]$/.test(types.types) && datasets.length > 0 && !flags.has('r') && depth.depth === null
  const selection = {
    names: datasets,
    types: types.types,
    recursive: flags.has('r') || depth.depth !== null || direct,
    depth: direct ? 1 : depth.depth,
    paths: true,
    snapshotsAsPoolSays: false,
  }
  return { fields, sources, columns, selection }
}

function parseFields(text: string): readonly Field[] | string {
  if (text === 'all') return fieldNames
  const fields: Field[] = []
  for (const word of text.split(',')) {
    const field = fieldNames.find((name) => name === word)
    if (field === undefined) return `invalid column name '${word}'`
    fields.push(field)
  }
  return fields
}

/** `all` leaves out what a dataset doesn't have; a property asked for by name shows `-`. */
function linesOf(view: View, dataset: Dataset, columns: readonly Column[] | null, exact: boolean): Line[] {
  const line = (column: Column, sourced: Sourced | null): Line => ({
    dataset,
    property: columnName(column),
    value: sourced === null ? '-' : shownInColumn(column, sourced.value, exact),
    received: receivedOf(dataset, columnName(column)),
    source: sourced?.source ?? 'none',
  })
  if (columns !== null) return columns.map((column) => line(column, inColumn(view, dataset, column)))
  const all: Column[] = [
    ...propertyTable.map((row) => ({ row })),
    ...userPropertyNames(view.lookup, dataset).map((user) => ({ user })),
  ]
  return all.flatMap((column) => {
    const sourced = inColumn(view, dataset, column)
    return sourced === null ? [] : [line(column, sourced)]
  })
}

const receivedOf = (dataset: Dataset, property: string): string => dataset.receivedValues?.[property] ?? '-'

function cell(line: Line, field: Field): string {
  switch (field) {
    case 'name':
      return line.dataset.name
    case 'source':
      return sourceText(line.source)
    default:
      return line[field]
  }
}

function table(fields: readonly Field[], lines: readonly Line[]): string {
  if (lines.length === 0) return ''
  const rows = [
    fields.map((field) => field.toUpperCase()),
    ...lines.map((line) => fields.map((field) => cell(line, field))),
  ]
  const widths = fields.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const last = fields.length - 1
  return rows
    .map((row) => `${row.map((text, at) => (at === last ? text : text.padEnd(widths[at] ?? 0))).join('  ')}\n`)
    .join('')
}
