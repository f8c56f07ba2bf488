/** `zpool status`, as text; the same as JSON is in status-json.ts. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { niceNumber } from '../zfs/sizes.ts'
import { poolState, rootHealth, shownState } from './health.ts'
import { openPools } from './names.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { isProblem, reasonOf, wordsFor } from './reasons.ts'
import { statusJson } from './status-json.ts'
import { ctime } from './text.ts'
import { isLeaf, type NameStyle, nameWidth, shownName, topPlaces } from './tree.ts'
import { damagedFiles, isSick, spareUser } from './trouble.ts'

export interface StatusOptions {
  readonly style: NameStyle
  readonly exact: boolean
  readonly verbose: boolean
  readonly unhealthyOnly: boolean
  readonly slow: boolean
  readonly trim: boolean
  readonly initialize: boolean
  readonly dedup: boolean
  readonly flat: boolean
  readonly integers: boolean
  readonly byGuid: boolean
}

export function status(state: SimState, args: readonly string[]): ToolAnswer {
  const long = ['json', 'json-int', 'json-flat-vdevs', 'json-pool-key-guid', 'power']
  const parsed = parseOptions('status', args, 'c:jdDegiLpPstT:vx', long)
  if (isAnswer(parsed)) return parsed
  const { flags, names } = parsed
  if (parsed.values.some(({ option }) => option === 'c')) {
    return answer(1, '', "Can't run -c with root privileges unless ZPOOL_SCRIPTS_AS_ROOT is set.\n")
  }
  const unknown = ['d', 'power'].find((flag) => flags.has(flag)) ?? parsed.values[0]?.option
  if (unknown !== undefined) throw new NotSimulated(`zpool status -${unknown}`)
  const json = flags.has('j') || flags.has('json')
  const lonely = ['json-flat-vdevs', 'json-int', 'json-pool-key-guid'].find((flag) => flags.has(flag) && !json)
  if (lonely !== undefined) return usageError('status', `'--${lonely}' only works with '-j' option`)
  const options: StatusOptions = {
    style: { path: flags.has('P'), links: flags.has('L'), guid: flags.has('g') },
    exact: flags.has('p') || flags.has('json-int'),
    verbose: flags.has('v'),
    unhealthyOnly: flags.has('e'),
    slow: flags.has('s'),
    trim: flags.has('t'),
    initialize: flags.has('i'),
    dedup: flags.has('D'),
    flat: flags.has('json-flat-vdevs'),
    integers: flags.has('json-int'),
    byGuid: flags.has('json-pool-key-guid'),
  }
  const { pools, stderr } = openPools(state, names)
  const code = stderr === '' ? 0 : 1
  const shown = flags.has('x') ? pools.filter((pool) => isProblem(reasonOf(pool))) : pools
  if (json) return answer(code, code === 0 ? `${statusJson(state, shown, options)}\n` : '', stderr)
  if (names.length === 0 && pools.length === 0) return answer(0, '', 'no pools available\n')
  if (flags.has('x') && names.length === 0 && shown.length === 0) return answer(0, 'all pools are healthy\n')
  const texts = pools.map((pool) => {
    if (!shown.includes(pool)) return names.length === 0 ? '' : `pool '${pool.name}' is healthy\n`
    return statusText(state, pool, options)
  })
  return answer(code, joined(texts), stderr)
}

/** An empty line before every pool but the first; the one-line answers of -x take none. */
function joined(texts: readonly string[]): string {
  let out = ''
  for (const text of texts) out += out !== '' && text.startsWith('  pool:') ? `\n${text}` : text
  return out
}

function statusText(state: SimState, pool: Pool, options: StatusOptions): string {
  const words = wordsFor(reasonOf(pool))
  const width = nameWidth(state, pool, options.style, 10)
  const header = `\t${'NAME'.padEnd(width)}  STATE     READ WRITE CKSUM${options.slow ? '  SLOW' : ''}\n`
  const see = words?.id == null ? '' : `   see: https://openzfs.github.io/openzfs-docs/msg/${words.id}\n`
  const root: Row = { ...rootHealth(pool), aux: null, readErrors: 0, writeErrors: 0, checksumErrors: 0, isLeaf: false }
  return [
    `  pool: ${pool.name}\n state: ${poolState(pool)}\n`,
    words === null ? '' : `status: ${words.status}action: ${words.action}`,
    see,
    pool.scan === null ? '' : `  scan: ${pool.scan}\n`,
    pool.remove === undefined ? '' : `remove: ${pool.remove}\n`,
    pool.checkpoint ? `checkpoint: created ${ctime(pool.checkpointAt ?? 0)}, consumes 57K\n` : '',
    pool.expand === undefined ? '' : `expand: ${pool.expand}\n`,
    `config:\n\n${header}`,
    // A suspended pool's vdevs still read ONLINE (zfs.jsonl scene 68).
    row(pool.name, 0, pool.suspended ? { ...root, state: 'ONLINE' } : root, width, options, ''),
    ...pool.data.map((vdev) => vdevText(state, vdev, 2, width, options)),
    ...classes(pool).map(({ title, vdevs }) => {
      const text = vdevs.map((vdev) => vdevText(state, vdev, 2, width, options)).join('')
      return vdevs.length === 0 ? '' : `\t${title}\n${text}`
    }),
    spares(state, pool, width, options),
    `\n${errors(state, pool, options)}`,
    options.dedup ? '\n dedup: no DDT entries\n' : '',
  ].join('')
}

/** Log, special and dedup stand with a tab behind their title, cache without (print_class_vdevs, print_l2cache). */
export const classes = (pool: Pool): { title: string; vdevs: readonly Vdev[] }[] => [
  ...topPlaces.slice(1).map((place) => ({ title: `${place}\t`, vdevs: pool[place] })),
  { title: 'cache', vdevs: pool.cache },
]

function spares(state: SimState, pool: Pool, width: number, options: StatusOptions): string {
  if (pool.spares.length === 0) return ''
  const text = pool.spares.map((spare) => {
    const aux = spare.state === 'INUSE' ? `  ${spareUser(state, pool, spare)}` : auxText(spare)
    const word = shownState(spare).padEnd(8)
    return unhealthy(spare, options)
      ? `\t  ${shownName(state, spare, options.style).padEnd(width - 2)}  ${word}${aux}\n`
      : ''
  })
  return `\tspares\n${text.join('')}`
}

/** -e leaves out what is well and has no errors. */
const unhealthy = (vdev: Vdev, options: StatusOptions): boolean => !options.unhealthyOnly || isSick(vdev)

interface Row {
  readonly state: Vdev['state']
  readonly aux: string | null
  readonly readErrors: number
  readonly writeErrors: number
  readonly checksumErrors: number
  readonly isLeaf: boolean
}

function row(name: string, depth: number, vdev: Row, width: number, options: StatusOptions, end: string): string {
  const count = (value: number): string => ` ${(options.exact ? String(value) : niceNumber(BigInt(value))).padStart(5)}`
  const counts = count(vdev.readErrors) + count(vdev.writeErrors) + count(vdev.checksumErrors)
  const slow = options.slow ? ` ${(vdev.isLeaf ? '0' : '-').padStart(5)}` : ''
  return `\t${' '.repeat(depth)}${name.padEnd(width - depth)}  ${shownState(vdev).padEnd(8)}${counts}${slow}${end}\n`
}

function vdevText(state: SimState, vdev: Vdev, depth: number, width: number, options: StatusOptions): string {
  if (!unhealthy(vdev, options)) return ''
  const leaf = isLeaf(vdev)
  const end = `${auxText(vdev)}${leaf && options.initialize ? '  (uninitialized)' : ''}${leaf && options.trim ? '  (untrimmed)' : ''}`
  const own = row(shownName(state, vdev, options.style), depth, { ...vdev, isLeaf: leaf }, width, options, end)
  return own + vdev.children.map((child) => vdevText(state, child, depth + 2, width, options)).join('')
}

function auxText(vdev: Vdev): string {
  if (vdev.notPresent === true) return `  was ${vdev.path}`
  return vdev.aux === null ? '' : `  ${vdev.aux}`
}

function errors(state: SimState, pool: Pool, options: StatusOptions): string {
  if (pool.errorCount === 0) return 'errors: No known data errors\n'
  if (!options.verbose) return `errors: ${pool.errorCount} data errors, use '-v' for a list\n`
  const files = damagedFiles(state, pool).map((file) => `        ${file}\n`)
  return `errors: Permanent errors have been detected in the following files:\n\n${files.join('')}`
}
