/** storage.cfg as data: `content` and `nodes` are written in random order, so they are compared as sets. */
export interface StorageEntry {
  id: string
  type: string
  properties: Record<string, string>
}

const sets: readonly string[] = ['content', 'nodes']

export function storagesIn(text: string): StorageEntry[] {
  const entries: StorageEntry[] = []
  for (const line of text.split('\n')) {
    const head = /^(\w+): *(\S+)\s*$/.exec(line)
    if (head?.[1] !== undefined && head[2] !== undefined) entries.push({ type: head[1], id: head[2], properties: {} })
    const property = /^\s+(\S+)\s*(.*)$/.exec(line)
    const last = entries.at(-1)
    if (head === null && property?.[1] !== undefined && last !== undefined) {
      const value = property[2] ?? ''
      last.properties[property[1]] = sets.includes(property[1]) ? value.split(',').sort().join(',') : value
    }
  }
  return entries
}

const shown = ({ type, id, properties }: StorageEntry): string =>
  [
    `${type}: ${id}`,
    ...Object.entries(properties)
      .map(([name, value]) => `${name} ${value}`)
      .sort(),
  ].join(' | ')

export function compareStorages(
  real: readonly StorageEntry[],
  ours: readonly StorageEntry[],
  inOrder: boolean,
): string[] {
  const arrange = (entries: readonly StorageEntry[]): string[] =>
    inOrder ? entries.map(shown) : entries.map(shown).sort()
  const [expected, found] = [arrange(real), arrange(ours)]
  const rows: string[] = []
  for (let index = 0; index < Math.max(expected.length, found.length); index++)
    if (expected[index] !== found[index])
      rows.push(
        `storage.cfg:\n      recorded:  ${expected[index] ?? '(none)'}\n      simulated: ${found[index] ?? '(none)'}`,
      )
  return rows
}
