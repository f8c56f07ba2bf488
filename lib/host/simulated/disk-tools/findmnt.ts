/** findmnt(8): what is mounted where. */
import { findDevice } from '../devices.ts'
import { exists, tidy } from '../filesystem.ts'
import type { Mount, SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { has, type Options, optionValue, readOptions } from './options.ts'

interface Node {
  mount: Mount
  children: Node[]
}

type Column = (mount: Mount, state: SimState) => string | null

const columns: Readonly<Record<string, Column>> = {
  TARGET: ({ target }) => target,
  SOURCE: ({ source }) => source,
  FSTYPE: ({ fstype }) => fstype,
  OPTIONS: ({ options }) => options,
  'FS-OPTIONS': ({ options }) => options,
  'VFS-OPTIONS': ({ options }) => options.split(',').slice(0, 2).join(','),
  UUID: ({ source }, state) => findDevice(state, source)?.content.signatures[0]?.uuid ?? null,
  LABEL: ({ source }, state) => findDevice(state, source)?.content.signatures[0]?.label ?? null,
}

const isBelow = (path: string, above: string): boolean =>
  path === above || path.startsWith(above === '/' ? '/' : `${above}/`)

/** Each mount hangs below the one that it was made in: the last before it that is above its target. */
function parentOf(mounts: readonly Mount[], index: number): Mount | undefined {
  const target = mounts[index]?.target ?? ''
  const before = mounts.slice(0, index).filter((each) => isBelow(target, each.target))
  return before.toSorted((a, b) => a.target.length - b.target.length).at(-1)
}

/** The tree of those chosen; one whose parent isn't chosen is a root of its own. */
function treeOf(all: readonly Mount[], chosen: readonly Mount[]): Node[] {
  const nodes = new Map(chosen.map((mount) => [mount, { mount, children: [] } as Node]))
  const roots: Node[] = []
  all.forEach((mount, index) => {
    const node = nodes.get(mount)
    if (node === undefined) return
    const parent = parentOf(all, index)
    const above = parent === undefined ? undefined : nodes.get(parent)
    if (above === undefined) roots.push(node)
    else above.children.push(node)
  })
  return roots
}

/** Which mounts the options and operands pick. */
function choose(state: SimState, options: Options): { mounts: Mount[]; flat: boolean } {
  const types = optionValue(options, '-t')?.split(',')
  const ofType = state.mounts.filter(({ fstype }) => types?.includes(fstype) ?? true)
  const within = optionValue(options, '-T')
  if (within !== undefined) {
    const path = tidy(within)
    const holding = exists(state, path) ? ofType.filter(({ target }) => isBelow(path, target)) : []
    return { mounts: holding.toSorted((a, b) => a.target.length - b.target.length).slice(-1), flat: true }
  }
  const source = optionValue(options, '-S')
  const target = optionValue(options, '-M') ?? (source === undefined ? undefined : options.operands[0])
  const named = (path: string) => findDevice(state, path)?.node ?? path
  let mounts = ofType
  if (source !== undefined) mounts = mounts.filter((each) => each.source === named(source))
  if (target !== undefined) mounts = mounts.filter((each) => each.target === tidy(target))
  const [first, second] = options.operands.map(tidy)
  if (source === undefined && target === undefined && first !== undefined)
    mounts = mounts.filter((each) =>
      second === undefined
        ? each.target === first || each.source === named(first)
        : each.source === named(first) && each.target === second,
    )
  const narrowed = source !== undefined || target !== undefined || first !== undefined
  if (has(options, '-R')) {
    const [top] = mounts
    return {
      mounts: top === undefined ? [] : state.mounts.filter((each) => isBelow(each.target, top.target)),
      flat: false,
    }
  }
  return { mounts, flat: narrowed }
}

function cell(name: string, mount: Mount, state: SimState): string | null {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (column === undefined) throw new NotSimulated(`findmnt -o ${name}`)
  return column(mount, state)
}

function json(nodes: readonly Node[], names: readonly string[], state: SimState): Record<string, unknown>[] {
  return nodes.map(({ mount, children }) => ({
    ...Object.fromEntries(names.map((name) => [name.toLowerCase(), cell(name, mount, state)])),
    ...(children.length === 0 ? {} : { children: json(children, names, state) }),
  }))
}

/** The target column carries the tree; its roots have no branch. */
function rows(nodes: readonly Node[], names: readonly string[], state: SimState, prefix: string | null): string[][] {
  return nodes.flatMap(({ mount, children }, index) => {
    const last = index === nodes.length - 1
    const branch = prefix === null ? '' : `${prefix}${last ? '`-' : '|-'}`
    const cells = names.map((name) => (name === 'TARGET' ? branch : '') + (cell(name, mount, state) ?? ''))
    const below = prefix === null ? '' : `${prefix}${last ? '  ' : '| '}`
    return [cells, ...rows(children, names, state, below)]
  })
}

function table(cells: readonly string[][], names: readonly string[], headings: boolean): string {
  if (cells.length === 0) return ''
  const all = headings ? [[...names], ...cells] : cells
  const widths = names.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join(' ')
          .trimEnd()}\n`,
    )
    .join('')
}

const known = [
  '-J --json',
  '-n --noheadings',
  '-o --output=',
  '-t --types=',
  '-S --source=',
  '-M --mountpoint=',
  '-T --target=',
  '-R --submounts',
  '-l --list',
  '-r --raw',
  '-b --bytes',
]

export const findmnt: Tool = (state, { args }) => {
  const options = readOptions('findmnt', args, known)
  const names = optionValue(options, '-o')?.toUpperCase().split(',') ?? ['TARGET', 'SOURCE', 'FSTYPE', 'OPTIONS']
  const { mounts, flat } = choose(state, options)
  // A tree may be empty; of something asked for by name there has to be one (zfs.jsonl 97, disks.jsonl 30).
  if (mounts.length === 0 && (flat || has(options, '-R'))) return answer(1)
  const isList = flat || has(options, '-l') || has(options, '-r')
  const nodes = isList ? mounts.map((mount) => ({ mount, children: [] })) : treeOf(state.mounts, mounts)
  if (has(options, '-J')) return answer(0, `${JSON.stringify({ filesystems: json(nodes, names, state) }, null, 3)}\n`)
  return answer(0, table(rows(nodes, names, state, null), names, !has(options, '-n')))
}
