/** `listsnapshot` of pct and qm: each snapshot under its parent, oldest first, and where the guest stands now. */

export interface SnapshotShown {
  readonly name: string
  readonly description: string
  readonly values: ReadonlyMap<string, string>
}

interface Node {
  readonly name: string
  /** Null for the guest as it is now. */
  readonly time: number | null
  readonly text: string
  readonly parent: string | undefined
}

export function snapshotTree(snapshots: readonly SnapshotShown[], parent: string | undefined): string {
  const nodes: Node[] = snapshots.map(({ name, description, values }) => ({
    name,
    time: Number(values.get('snaptime') ?? 0),
    text: description.split('\n')[0] || 'no-description',
    parent: values.get('parent'),
  }))
  nodes.push({ name: 'current', time: null, text: 'You are here!', parent })
  const known = new Set(nodes.map(({ name }) => name))
  return branch(
    '`->',
    nodes.filter((node) => node.parent === undefined || !known.has(node.parent)),
    nodes,
  )
}

function branch(prefix: string, roots: readonly Node[], nodes: readonly Node[]): string {
  const inOrder = roots.toSorted((one, other) => (one.time ?? Infinity) - (other.time ?? Infinity))
  return inOrder
    .map(({ name, time, text }) => {
      const when = time === null ? '' : new Date(time * 1000).toISOString().slice(0, 19).replace('T', ' ')
      const line = `${prefix} ${name.padEnd(Math.max(0, 30 - prefix.length))} ${when.padEnd(23)} ${text}\n`
      const children = nodes.filter((node) => node.parent === name)
      return line + branch(` ${prefix}`, children, nodes)
    })
    .join('')
}
