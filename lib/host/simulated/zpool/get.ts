/** `zpool get` and `zpool set`, of pools and of vdevs. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { featureNames } from './features.ts'
import { importedPools } from './labels.ts'
import { leastWidth, readOther, valueJson } from './list.ts'
import { isPool, openPool, openPools } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import {
  checkProperty,
  findRow,
  isUserProperty,
  poolRows,
  propertyTable,
  type Reading,
  readProperty,
} from './pool-properties.ts'
import { applyProperty } from './pool-settings.ts'
import { poolInfo, schema, toJson, vdevInfo } from './status-json.ts'
import { allLeaves, type Found, findVdev, topLevels } from './tree.ts'
import { isVdevProperty, readVdevProperty, vdevPropertyFault, vdevPropertyNames } from './vdev-properties.ts'

interface Line {
  /** As it was asked for. */
  readonly name: string
  readonly property: string
  readonly reading: Reading
}

const columnNames = ['name', 'property', 'value', 'source']

export function get(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('get', args, 'jHpo:', ['json', 'json-int', 'json-pool-key-guid'])
  if (isAnswer(parsed)) return parsed
  const { flags } = parsed
  const json = flags.has('j') || flags.has('json')
  const lonely = ['json-int', 'json-pool-key-guid'].find((flag) => flags.has(flag) && !json)
  if (lonely !== undefined) return usageError('get', `'--${lonely}' only works with '-j' option`, propertyTable())
  const columns = (parsed.values.at(-1)?.value ?? 'all')
    .split(',')
    .flatMap((name) => (name === 'all' ? columnNames : [name]))
  const badColumn = columns.find((name) => !columnNames.includes(name))
  if (badColumn !== undefined) return usageError('get', `invalid column name '${badColumn}'`, propertyTable())
  const [wanted, ...names] = parsed.names
  if (wanted === undefined) return usageError('get', 'missing property argument', propertyTable())
  const exact = flags.has('p') || flags.has('json-int')
  const integers = flags.has('json-int')
  const [first, ...rest] = names
  const isName = (name: string): boolean => isPool(openPool(state, name))
  if (first !== undefined && !names.every(isName)) {
    if (!isName(first)) return answer(1, '', `Cannot get properties of ${first}: no such pool available.\n`)
    return getOfVdevs(state, first, rest, wanted, { exact, integers, json, columns, scripted: flags.has('H') })
  }
  const properties = wanted === 'all' ? null : wanted.split(',')
  const bad = properties?.find(
    (name) => findRow(name) === undefined && !name.startsWith('feature@') && !isUserProperty(name),
  )
  if (bad !== undefined) return usageError('get', `bad property list: invalid property '${bad}'`, propertyTable())
  const { pools } = openPools(state, names)
  const lines = pools.map((pool) => ({ pool, lines: linesOf(pool, properties, exact) }))
  if (json) {
    const entries = lines.map(({ pool, lines: own }) => {
      const item = poolInfo(pool, integers, true)
      item.properties = Object.fromEntries(own.map((line) => [line.property, valueJson(line.reading, integers)]))
      return [flags.has('json-pool-key-guid') ? pool.guid : pool.name, item] as const
    })
    return answer(0, `${toJson({ output_version: schema('zpool get'), pools: Object.fromEntries(entries) })}\n`)
  }
  return answer(
    0,
    printed(
      lines.flatMap((each) => each.lines),
      columns,
      flags.has('H'),
    ),
  )
}

function linesOf(pool: Pool, properties: readonly string[] | null, exact: boolean): Line[] {
  const users = Object.keys(pool.properties).filter(isUserProperty)
  const all = [...poolRows.map((row) => row.name), ...featureNames.map((name) => `feature@${name}`), ...users]
  return (properties ?? all).flatMap((name) => {
    const row = findRow(name)
    if (row?.name === 'name') return []
    return [
      {
        name: pool.name,
        property: row?.name ?? name,
        reading: row ? readProperty(pool, row, exact) : readOther(pool, name),
      },
    ]
  })
}

function printed(lines: readonly Line[], columns: readonly string[], scripted: boolean): string {
  const cell = (line: Line, column: string): string =>
    column === 'name'
      ? line.name
      : column === 'property'
        ? line.property
        : column === 'value'
          ? line.reading.value
          : line.reading.source
  if (scripted) return lines.map((line) => `${columns.map((column) => cell(line, column)).join('\t')}\n`).join('')
  if (lines.length === 0) return ''
  const widths = columns.map((column) => {
    const least = column === 'value' ? lines.map((line) => leastWidth(findRow(line.property), '')) : []
    return Math.max(column.length, ...least, ...lines.map((line) => cell(line, column).length))
  })
  const row = (cells: readonly string[]): string =>
    `${cells.map((each, at) => (at === cells.length - 1 ? each : each.padEnd(widths[at] ?? 0))).join('  ')}\n`
  return [
    columns.map((column) => column.toUpperCase()),
    ...lines.map((line) => columns.map((column) => cell(line, column))),
  ]
    .map(row)
    .join('')
}

interface VdevGet {
  readonly exact: boolean
  readonly integers: boolean
  readonly json: boolean
  readonly columns: readonly string[]
  readonly scripted: boolean
}

function getOfVdevs(
  state: SimState,
  poolName: string,
  names: readonly string[],
  wanted: string,
  options: VdevGet,
): ToolAnswer {
  const pool = importedPools(state).find((each) => each.name === poolName)
  if (pool === undefined) return answer(1)
  const asked =
    names.length === 1 && names[0] === 'all-vdevs'
      ? [...topLevels(pool), ...allLeaves(pool)].map(({ guid }) => guid)
      : names
  const found = asked.map((name) => ({ name, vdev: findVdev(pool, name) }))
  if (found.some(({ vdev }) => vdev === undefined)) {
    const list = found.map(({ name, vdev }) => `\t${name}${vdev === undefined ? ' (unknown)' : ''}\n`).join('')
    return usageError('get', `Expected a list of vdevs in "${poolName}", but got:\n${list}`, propertyTable())
  }
  const properties = wanted === 'all' ? null : wanted.split(',')
  const bad = properties?.find((name) => !isVdevProperty(name) && name !== 'name')
  if (bad !== undefined) return usageError('get', `bad property list: invalid property '${bad}'`)
  const known = found.flatMap(({ name, vdev }) =>
    vdev === undefined ? [] : [{ name: shown(name, vdev), found: vdev }],
  )
  const lines = known.map(({ name, found: each }) => ({
    name,
    found: each,
    lines: vdevLines(pool, each.vdev, name, properties, options.exact),
  }))
  if (!options.json)
    return answer(
      0,
      printed(
        lines.flatMap((each) => each.lines),
        options.columns,
        options.scripted,
      ),
    )
  const entries = lines.map((each) => {
    const { place, vdev } = each.found
    const { name, ...info } = vdevInfo(state, pool, vdev, place, each.name, options.integers)
    const values = Object.fromEntries(
      each.lines.map((line) => [line.property, valueJson(line.reading, options.integers)]),
    )
    return [each.name, { name: name ?? each.name, type: 'VDEV', ...info, properties: values }] as const
  })
  const document = {
    output_version: schema('zpool get'),
    pool: poolInfo(pool, options.integers, false),
    vdevs: Object.fromEntries(entries),
  }
  return answer(0, `${toJson(document)}\n`)
}

/** The name of the answer is that of the question, but for the inner vdevs of `all-vdevs`. */
const shown = (asked: string, found: Found): string => (asked === found.vdev.guid ? found.vdev.name : asked)

function vdevLines(pool: Pool, vdev: Vdev, name: string, properties: readonly string[] | null, exact: boolean): Line[] {
  const all = [...vdevPropertyNames, ...Object.keys(vdev.properties ?? {}).filter(isUserProperty)]
  return (properties ?? all).flatMap((property) => {
    const reading = readVdevProperty(pool, vdev, property, exact)
    return reading === undefined ? [] : [{ name, property, reading }]
  })
}

export function set(state: SimState, args: readonly string[]): ToolAnswer {
  const [assignment, name, vdevName, further] = args
  const wrong = (fault: string): ToolAnswer => usageError('set', fault, propertyTable())
  if (assignment?.startsWith('-') === true) return wrong(`invalid option '${assignment.charAt(1)}'`)
  if (assignment === undefined) return wrong('missing property=value argument')
  if (name === undefined) return wrong('missing pool name')
  if (further !== undefined) return wrong('too many pool names')
  const equals = assignment.indexOf('=')
  if (equals < 0) return wrong('missing value in property=value argument')
  const property = assignment.slice(0, equals)
  const value = assignment.slice(equals + 1)
  const pool = importedPools(state).find((each) => each.name === name)
  if (pool === undefined) return answer(22, '', `cannot open '${name}': is not a pool\n`)
  if (vdevName !== undefined) return setOnVdev(pool, vdevName, property, value)
  const checked = checkProperty(state, property, value, 'later')
  if ('fault' in checked) return answer(1, '', `cannot set property for '${name}': ${checked.fault}\n`)
  if (pool.suspended) return answer(1, '', `cannot set property for '${name}': pool I/O is currently suspended\n`)
  applyProperty(pool, findRow(property)?.name ?? property, checked.ok)
  // A user property set to nothing is gone (zpoolprops(7), "User Properties").
  if (value === '' && isUserProperty(property)) delete pool.properties[property]
  return answer(0)
}

function setOnVdev(pool: Pool, name: string, property: string, value: string): ToolAnswer {
  const found = findVdev(pool, name)
  if (found === undefined) return answer(22, '', `cannot find '${name}' in '${pool.name}': device not in pool\n`)
  const fault = vdevPropertyFault(property, value)
  if (fault !== null) return answer(1, '', `cannot set property ${property} for ${name} on ${pool.name}: ${fault}\n`)
  found.vdev.properties = { ...found.vdev.properties, [property]: value }
  return answer(0)
}
