/**
 * apt's sources as text that belongs to others (sources.list(5)): found with the lines on which they stand, and changed in
 * one field. A field that is put behind a blank line makes a stanza of its own, and a broken one: so it is put inside.
 */

export interface SourceEntry {
  readonly path: string
  readonly form: 'deb822' | 'one-line'
  readonly isOn: boolean
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  /** First and last line, counted from 0. */
  readonly from: number
  readonly to: number
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

/** `deb [options] URI SUITE COMPONENT…`; one that is commented out counts as switched off. */
function oneLineEntries(path: string, text: string): SourceEntry[] {
  return text.split('\n').flatMap((line, index): SourceEntry[] => {
    const match = /^\s*(#\s*)?deb\s+(?:\[[^\]]*\]\s+)?(\S+:\S+)\s+(\S+)([^#]*)/.exec(line)
    const [, comment, uri, suite, rest = ''] = match ?? []
    if (uri === undefined || suite === undefined) return []
    const place = { path, form: 'one-line' as const, from: index, to: index }
    return [{ ...place, isOn: comment === undefined, uris: [uri], suites: [suite], components: words(rest) }]
  })
}

/** The fields of the lines of a stanza, in lower case; comments left out, continued lines joined. */
function fieldsOf(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>()
  let last: string | undefined
  for (const line of lines) {
    if (line.startsWith('#')) continue
    const [, name, value = ''] = /^([A-Za-z-]+)\s*:\s*(.*)$/.exec(line) ?? []
    if (name !== undefined) {
      last = name.toLowerCase()
      fields.set(last, value)
    } else if (last !== undefined && /^\s/.test(line)) fields.set(last, `${fields.get(last)} ${line.trim()}`)
  }
  return fields
}

const isNo = (value: string | undefined): boolean => /^(no|false|without|off|disable)$/i.test(value?.trim() ?? 'yes')

function stanzaEntries(path: string, text: string): SourceEntry[] {
  const lines = text.split('\n')
  const entries: SourceEntry[] = []
  let from = 0
  for (let index = 0; index <= lines.length; index++) {
    if (index < lines.length && lines[index]?.trim() !== '') continue
    const fields = fieldsOf(lines.slice(from, index))
    const isOfPackages = words(fields.get('types') ?? '').includes('deb')
    if (isOfPackages) {
      const list = (name: string): string[] => words(fields.get(name) ?? '')
      const place = { path, form: 'deb822' as const, from, to: index - 1, isOn: !isNo(fields.get('enabled')) }
      entries.push({ ...place, uris: list('uris'), suites: list('suites'), components: list('components') })
    }
    from = index + 1
  }
  return entries
}

export const entriesIn = (path: string, text: string): SourceEntry[] =>
  path.endsWith('.sources') ? stanzaEntries(path, text) : oneLineEntries(path, text)

/** The text with a stanza's field set: in its place, or inside the stanza behind its first field. */
function withField(text: string, { from, to }: SourceEntry, name: string, value: string): string {
  const lines = text.split('\n')
  const isField = (line: string): boolean => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)
  const at = lines.findIndex((line, index) => index >= from && index <= to && isField(line))
  if (at >= 0) {
    let end = at + 1
    while (end <= to && /^\s+\S/.test(lines[end] ?? '')) end++
    return [...lines.slice(0, at), `${name}: ${value}`, ...lines.slice(end)].join('\n')
  }
  const first = lines.findIndex((line, index) => index >= from && index <= to && /^[A-Za-z]/.test(line))
  return [...lines.slice(0, first), `${name}: ${value}`, ...lines.slice(first)].join('\n')
}

/** Switched on or off; a one-line entry is commented out, or in again. */
export function switched(text: string, entry: SourceEntry, on: boolean): string {
  if (entry.form === 'deb822') return withField(text, entry, 'Enabled', on ? 'yes' : 'no')
  const lines = text.split('\n')
  const line = lines[entry.from] ?? ''
  const changed = on ? line.replace(/^\s*#\s*/, '') : `# ${line}`
  return [...lines.slice(0, entry.from), changed, ...lines.slice(entry.from + 1)].join('\n')
}

/** The beginning of its lists' names in /var/lib/apt/lists (apt's URItoFileName): scheme gone, some characters as `%5f`, `/` as `_`. */
export function listPrefix(uri: string, suite: string): string {
  const path = uri.replace(/^[a-z+]+:(\/\/)?/, '').replace(/\/*$/, '/')
  const inside = suite.endsWith('/') ? suite : `dists/${suite}/`
  const quoted = `${path}${inside}`.replace(
    /[\\|{}[\]<>"^~_=!@#$%&*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  )
  return quoted.replaceAll('/', '_')
}
