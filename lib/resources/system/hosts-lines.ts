/** Lines of /etc/hosts (hosts(5)): addresses, their names, and what is left of a line without some of them. */

export interface Row {
  readonly address: string
  readonly names: readonly string[]
}

export function rowOf(line: string): Row | undefined {
  const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
  return address === undefined || address === '' ? undefined : { address, names }
}

export const isLoopback = ({ address }: Row): boolean => address.startsWith('127.') || address === '::1'
export const isIpv4 = ({ address }: Row): boolean => address.includes('.')

/** The name itself, or a longer form of it. */
export const isFormOf = (node: string, name: string): boolean => name === node || name.startsWith(`${node}.`)

export interface Named {
  readonly node: string
  /** What it was called until now, when it is renamed. */
  readonly former: readonly string[]
  readonly domain: string | undefined
  /** Where it is to be found. */
  readonly address: string
  /** True when it was to be found elsewhere, so that lines of others with its name lead astray. */
  readonly moves: boolean
}

export interface Sorted {
  /** What is left of a line of others, without the names that lead astray. */
  left(line: string): readonly string[]
  /** phx's own line; null when another line names the node well. */
  readonly own: string | null
}

/**
 * Puts the node's names at its address. What is taken out elsewhere goes along into phx's line: the long name, which programs show
 * as the node's (hostname -f), unless a domain is declared; and a former name, by which daemons know it until they start anew.
 * `rows` are those of others, `before` is phx's.
 */
export function sorted(rows: readonly Row[], before: Row | undefined, named: Named): Sorted {
  const { node, former, domain, address, moves } = named
  const nodes = [node, ...former]
  const theirs = rows.find((row) => row.address === address && row.names.includes(node))
  const isAstray = (row: Row): boolean => isLoopback(row) || (moves && isIpv4(row) && row.address !== address)
  const taking = (isTaken: (row: Row) => boolean) => ({
    taken: rows.flatMap((row) => (isTaken(row) ? formsIn(row, nodes) : [])),
    left(line: string) {
      const row = rowOf(line)
      return row && isTaken(row) ? withoutNames(line, formsIn(row, nodes)) : [line]
    },
  })
  const astray = taking(isAstray)
  if (theirs && astray.taken.every((name) => theirs.names.includes(name))) return { left: astray.left, own: null }

  // A line of others that would lose names of the node by it gives its own ones to phx's, where all of them stand together.
  const { taken, left } = taking((row) => isAstray(row) || (theirs !== undefined && row.address === address))
  const carried = [...taken, ...(before?.names ?? [])]
  const known = [...carried, ...rows.flatMap((row) => formsIn(row, former))]
  const domains = known.flatMap((name) =>
    nodes.flatMap((one) => (name.startsWith(`${one}.`) ? [name.slice(one.length + 1)] : [])),
  )
  const names = [
    ...(domain === undefined ? domains : [domain]).map((one) => `${node}.${one}`),
    node,
    ...carried.filter((name) => !isFormOf(node, name)),
  ]
  return { left, own: [address, ...new Set(names)].join(' ') }
}

/** The forms of these names in a row; in one that others reach only where the short name stands there, too. */
const formsIn = (row: Row, nodes: readonly string[]): string[] =>
  nodes
    .filter((node) => isLoopback(row) || row.names.includes(node))
    .flatMap((node) => row.names.filter((name) => isFormOf(node, name)))

/** Without these names; a line that says nothing more goes, but for its comment. */
function withoutNames(line: string, gone: readonly string[]): string[] {
  const row = rowOf(line)
  if (!row?.names.some((name) => gone.includes(name))) return [line]
  const comment = line.includes('#') ? [line.slice(line.indexOf('#'))] : []
  const left = row.names.filter((name) => !gone.includes(name))
  return left.length === 0 ? comment : [[row.address, ...left, ...comment].join(' ')]
}
