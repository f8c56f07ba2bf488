/** `zpool list`, plain, -v and -j (zpool_do_list, collect_pool and collect_list_stats in zpool_main.c). */
import type { Pool, SimState, Vdev } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { niceNumber } from '../zfs/sizes.ts'
import { featureState } from './features.ts'
import { shownState } from './health.ts'
import { openPools } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import {
  findRow,
  isUserProperty,
  type PropertyRow,
  propertyTable,
  type Reading,
  readProperty,
} from './pool-properties.ts'
import { allocatedIn, fragmentation, rawSpace, spaceOf } from './sizes.ts'
import { bare, poolInfo, schema, toJson, vdevInfo } from './status-json.ts'
import { type NameStyle, nameWidth, type Place, shownName } from './tree.ts'

const standard = 'name,size,allocated,free,checkpoint,expandsize,fragmentation,capacity,dedupratio,health,altroot'

interface Column {
  readonly name: string
  readonly heading: string
  readonly right: boolean
  read(pool: Pool): Reading
}

interface ListOptions {
  readonly style: NameStyle
  readonly exact: boolean
  readonly scripted: boolean
  readonly verbose: boolean
  readonly integers: boolean
}

export function list(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('list', args, 'gjHLo:pPT:v', ['json', 'json-int', 'json-pool-key-guid'])
  if (isAnswer(parsed)) return parsed
  const { flags, names } = parsed
  if (parsed.values.some(({ option }) => option === 'T')) throw new NotSimulated('zpool list -T')
  const json = flags.has('j') || flags.has('json')
  const lonely = ['json-int', 'json-pool-key-guid'].find((flag) => flags.has(flag) && !json)
  if (lonely !== undefined) return usageError('list', `'--${lonely}' only works with '-j' option`, propertyTable())
  const options: ListOptions = {
    style: { path: flags.has('P'), links: flags.has('L'), guid: flags.has('g') },
    exact: flags.has('p') || flags.has('json-int'),
    scripted: flags.has('H'),
    verbose: flags.has('v'),
    integers: flags.has('json-int'),
  }
  const columns: Column[] = []
  for (const name of (parsed.values.at(-1)?.value ?? standard).split(',')) {
    const column = columnOf(name, options.exact)
    if (column === undefined)
      return usageError('list', `bad property list: invalid property '${name}'`, propertyTable())
    columns.push(column)
  }
  const { pools, stderr } = openPools(state, names)
  if (pools.length === 0) {
    const nothing = names.length === 0 && !options.scripted && !json ? 'no pools available\n' : ''
    return answer(stderr === '' ? 0 : 1, nothing, stderr)
  }
  // A name that is missing among others leaves rc 0 (zfs.jsonl scene 13).
  if (json) {
    const key = (pool: Pool): string => (flags.has('json-pool-key-guid') ? pool.guid : pool.name)
    const entries = pools.map((pool) => [key(pool), poolJson(state, pool, columns, options)] as const)
    return answer(
      0,
      `${toJson({ output_version: schema('zpool list'), pools: Object.fromEntries(entries) })}\n`,
      stderr,
    )
  }
  return answer(0, text(state, pools, columns, options), stderr)
}

function columnOf(name: string, exact: boolean): Column | undefined {
  const row = findRow(name)
  if (row !== undefined) {
    const right = row.kind !== 'string'
    return { name: row.name, heading: row.column, right, read: (pool) => readProperty(pool, row, exact) }
  }
  if (!name.startsWith('feature@') && !isUserProperty(name)) return undefined
  return { name, heading: name.toUpperCase(), right: false, read: (pool) => readOther(pool, name) }
}

/** A feature or a user property. */
export function readOther(pool: Pool, name: string): Reading {
  if (name.startsWith('feature@')) return { value: featureState(pool, name.slice('feature@'.length)), source: 'local' }
  const value = pool.properties[name]
  return value === undefined ? { value: '-', source: 'default' } : { value, source: 'local' }
}

/** Least width of a property's column (zprop_width): its heading, five digits, or its longest word. */
export function leastWidth(row: PropertyRow | undefined, heading: string): number {
  if (row?.name === 'health') return 8
  const words = row?.kind === 'index' ? row.values.split(' | ').map((word) => word.length) : []
  return Math.max(heading.length, row?.kind === 'number' ? 5 : 0, ...words)
}

function text(state: SimState, pools: readonly Pool[], columns: readonly Column[], options: ListOptions): string {
  const values = pools.map((pool) => columns.map((column) => column.read(pool).value))
  if (options.scripted) {
    return pools.map((pool, at) => `${values[at]?.join('\t')}\n${vdevLines(state, pool, 0, options)}`).join('')
  }
  const nameColumn = Math.max(9, ...pools.map((pool) => nameWidth(state, pool, options.style, 0)))
  const widths = columns.map((column, at) => {
    if (at === 0 && options.verbose) return nameColumn
    return Math.max(leastWidth(findRow(column.name), column.heading), ...values.map((line) => line[at]?.length ?? 0))
  })
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, at) => {
        if (columns[at]?.right === true) return cell.padStart(widths[at] ?? 0)
        return at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)
      })
      .join('  ')}\n`
  const body = pools.map((pool, at) => line(values[at] ?? []) + vdevLines(state, pool, nameColumn, options))
  return line(columns.map((column) => column.heading)) + body.join('')
}

const titles: readonly (readonly [Place, string])[] = [
  ['dedup', 'dedup'],
  ['special', 'special'],
  ['logs', 'logs'],
  ['cache', 'cache'],
  ['spares', 'spare'],
]

/** The lines of -v. Their columns are always the same ones, whatever -o asks for. */
function vdevLines(state: SimState, pool: Pool, width: number, options: ListOptions): string {
  if (!options.verbose) return ''
  const lines = (vdev: Vdev, place: Place, depth: number): string => {
    const name = shownName(state, vdev, options.style)
    const cells = Object.values(vdevFigures(pool, vdev, place, options.exact))
    const own = options.scripted
      ? `\t${name}${cells.map((cell) => `\t${cell}`).join('')}\n`
      : `${`${' '.repeat(depth)}${name}`.padEnd(width)}${cells.map((cell, at) => `  ${cell.padStart(cellWidths[at] ?? 0)}`).join('')}\n`
    return own + vdev.children.map((child) => lines(child, place, depth + 2)).join('')
  }
  const dashes = '      -      -      -        -         -      -      -      -         -\n'
  const classed = titles.map(([place, title]) =>
    pool[place].length === 0
      ? ''
      : title.padEnd(width) + dashes + pool[place].map((vdev) => lines(vdev, place, 2)).join(''),
  )
  return pool.data.map((vdev) => lines(vdev, 'data', 2)).join('') + classed.join('')
}

const cellWidths = [5, 5, 5, 7, 8, 5, 5, 5, 8]

/** The figures of one vdev, in the order of their columns. */
function vdevFigures(pool: Pool, vdev: Vdev, place: Place, exact: boolean): Record<string, string> {
  const figure = (value: number): string => (exact ? String(value) : niceNumber(BigInt(value)))
  const isTop = place !== 'spares' && pool[place].includes(vdev)
  const space = place === 'cache' ? rawSpace(vdev) : spaceOf(vdev)
  const used = place === 'cache' ? 0 : allocatedIn(pool, vdev)
  const share = space === 0 ? 0 : Math.floor((used * 10000) / space)
  const capacity = exact
    ? String(Math.floor(share / 100))
    : `${(share / 100).toFixed(share < 1000 ? 2 : share < 10000 ? 1 : 0)}%`
  const broken = place === 'cache' || used === 0 ? 0 : fragmentation(vdev)
  const top = (value: string): string => (isTop ? value : '-')
  return {
    size: figure(vdev.children.length === 0 ? (vdev.size ?? space) : space),
    allocated: top(figure(used)),
    free: top(figure(space - used)),
    checkpoint: '-',
    expandsize: '-',
    fragmentation: top(exact ? String(broken) : `${broken}%`),
    capacity: top(capacity),
    dedupratio: '-',
    health: shownState(vdev),
  }
}

function poolJson(
  state: SimState,
  pool: Pool,
  columns: readonly Column[],
  options: ListOptions,
): ReturnType<typeof poolInfo> {
  const item = poolInfo(pool, options.integers, true)
  const properties = columns
    .filter((column) => column.name !== 'name')
    .map((column) => [column.name, valueJson(column.read(pool), options.integers)])
  item.properties = Object.fromEntries(properties)
  if (!options.verbose) return item
  const of = (vdev: Vdev, place: Place): [string, ReturnType<typeof poolInfo>] => {
    const name = shownName(state, vdev, options.style)
    const info = vdevInfo(state, pool, vdev, place, name, options.integers)
    const figures = Object.entries(vdevFigures(pool, vdev, place, options.exact))
    info.properties = Object.fromEntries(
      figures.map(([key, value]) => [key, valueJson({ value, source: '-' }, options.integers)]),
    )
    if (vdev.children.length > 0) info.vdevs = Object.fromEntries(vdev.children.map((child) => of(child, place)))
    return [name, info]
  }
  const vdevs = Object.fromEntries(pool.data.map((vdev) => of(vdev, 'data')))
  for (const [place] of titles) {
    if (pool[place].length === 0) continue
    vdevs[place === 'cache' ? 'l2cache' : place] = Object.fromEntries(pool[place].map((vdev) => of(vdev, place)))
  }
  item.vdevs = vdevs
  return item
}

/** A property's value and source as JSON has them. */
export function valueJson(
  reading: Reading,
  integers: boolean,
): { value: string; source: { type: string; data: string } } {
  const type = reading.source === '-' ? 'NONE' : reading.source.toUpperCase()
  // Fractions lose what is behind the point (zprop_nvlist_one_property).
  const isNumber = integers && /^\d+(\.\d+)?$/.test(reading.value)
  return { value: isNumber ? bare(reading.value.replace(/\..*/, '')) : reading.value, source: { type, data: '-' } }
}
