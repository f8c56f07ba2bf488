/** apt's sources, one-line and deb822 (sources.list(5)), and fetching their lists. */
import { makeFolders, namesIn } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'

export interface Source {
  /** FILE:LINE, as apt's warnings name it. */
  readonly at: string
  readonly uri: string
  readonly suite: string
  readonly components: readonly string[]
  readonly signedBy: string | undefined
}

type Parsed = readonly Source[] | { readonly fault: string }

const listsFolder = '/var/lib/apt/lists'
const isFault = (parsed: Parsed): parsed is { readonly fault: string } => 'fault' in parsed

function oneLine(path: string, text: string): Parsed {
  const sources: Source[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim()
    if (line === '') continue
    const match = /^(\S+)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$/.exec(line)
    const [, type, bracket = '', uri = '', suite = '', rest = ''] = match ?? []
    if (!match || (type !== 'deb' && type !== 'deb-src')) {
      const what = match || !/^deb/.test(line) ? 'type' : 'URI'
      return { fault: `E: Malformed line ${index + 1} in source list ${path} (${what})` }
    }
    if (type === 'deb-src') continue
    const signedBy = /signed-by=(\S+)/.exec(bracket)?.[1]
    sources.push({ at: `${path}:${index + 1}`, uri, suite, components: rest.split(/\s+/).filter(Boolean), signedBy })
  }
  return sources
}

function deb822(path: string, text: string): Parsed {
  const sources: Source[] = []
  for (const [index, stanza] of text
    .split(/\n[ \t]*\n/)
    .map((block) => block.replace(/^#.*\n?/gm, ''))
    .filter((block) => block.trim() !== '')
    .entries()) {
    const fields = new Map<string, string>()
    for (const line of stanza.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const at = line.indexOf(':')
      if (at > 0) fields.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim())
    }
    if (!fields.has('types')) return { fault: `E: Malformed stanza ${index + 1} in source list ${path} (type)` }
    if (/^(no|false|without|off|disable)$/i.test(fields.get('enabled') ?? 'yes')) continue
    const words = (name: string): string[] => (fields.get(name) ?? '').split(/\s+/).filter(Boolean)
    if (words('uris').length === 0) return { fault: `E: Malformed entry ${index + 1} in sources file ${path} (URI)` }
    for (const uri of words('uris'))
      for (const suite of words('suites'))
        sources.push({
          at: `${path}:${index + 1}`,
          uri,
          suite,
          components: words('components'),
          signedBy: fields.get('signed-by'),
        })
  }
  return sources
}

/** Every enabled source, or what apt says of a file that it can't read (scene 56). */
export function readSources(state: SimState): readonly Source[] | ToolAnswer {
  const folder = '/etc/apt/sources.list.d'
  const inFolder = namesIn(state, folder).map((name) => `${folder}/${name}`)
  const sources: Source[] = []
  for (const path of ['/etc/apt/sources.list', ...inFolder]) {
    const text = state.files[path]?.content
    if (text === undefined || !/\.(list|sources)$/.test(path)) continue
    const parsed = path.endsWith('.list') ? oneLine(path, text) : deb822(path, text)
    if (isFault(parsed)) return answer(100, '', `${parsed.fault}\nE: The list of sources could not be read.\n`)
    sources.push(...parsed)
  }
  return sources
}

/** The beginning of a list's file name: the URI without its scheme, slashes as underscores. */
function listName({ uri, suite }: Source): string {
  const base = uri.replace(/^[a-z+]+:\/*/, '').replace(/\/*$/, '/')
  const rest = suite.endsWith('/') ? suite.replace(/^\.\//, './') : `dists/${suite}/`
  const prefix = uri.startsWith('file:') ? '/' : ''
  return `${prefix}${base}${rest}`.replaceAll('_', '%5f').replaceAll('/', '_')
}

function fetch(state: SimState, source: Source): string[] {
  const name = listName(source)
  const path = `${listsFolder}/${name}`
  makeFolders(state, listsFolder)
  const write = (suffix: string): void => {
    state.files[`${path}${suffix}`] = { type: 'file', content: '', mode: 0o644 }
  }
  if (source.suite.endsWith('/')) {
    write('Packages')
    return ['Ign InRelease', 'Ign Release', 'Get Packages']
  }
  write('InRelease')
  for (const component of source.components) write(`${component}_binary-amd64_Packages`)
  return ['Get InRelease']
}

/** A person who has no subscription is told 401 (seen on hosts; the text is from memory). */
function refusal({ uri, suite }: Source, isKeyThere: boolean): string | null {
  if (/^https?:\/\/enterprise\.proxmox\.com\//.test(uri))
    return `E: Failed to fetch ${uri}/dists/${suite}/InRelease  401  Unauthorized
E: The repository '${uri} ${suite} InRelease' is not signed.
`
  if (isKeyThere) return null
  return `W: OpenPGP signature verification failed: ${uri} ${suite} InRelease: Missing key
E: The repository '${uri} ${suite} InRelease' is not signed.
`
}

/** The same list named twice is only warned about. */
function doubles(sources: readonly Source[]): string {
  const seen = new Map<string, string>()
  let warnings = ''
  for (const { uri, suite, components, at } of sources) {
    for (const component of components) {
      const key = `${uri.replace(/\/*$/, '')} ${suite} ${component}`
      const before = seen.get(key)
      if (before !== undefined)
        warnings += `W: Target Packages (${component}/binary-amd64/Packages) is configured multiple times in ${before} and ${at}\n`
      seen.set(key, at)
    }
  }
  return warnings
}

export function update(state: SimState, sources: readonly Source[]): ToolAnswer {
  let stdout = ''
  let stderr = ''
  let number = 0
  for (const source of sources) {
    const { uri, suite, signedBy } = source
    if (/\/\/[^/]+\.invalid\//.test(`${uri}/`)) {
      stdout += `Ign:${++number} ${uri} ${suite} InRelease\n`
      return { ...answer(100, stdout, stderr), hangs: true }
    }
    const isKeyThere = signedBy === undefined || !signedBy.startsWith('/') || state.files[signedBy] !== undefined
    const refused = refusal(source, isKeyThere)
    if (refused !== null) {
      stdout += `Err:${++number} ${uri} ${suite} InRelease\n`
      stderr += refused
      continue
    }
    for (const step of fetch(state, source)) {
      const [word, file] = step.split(' ')
      stdout += `${word}:${++number} ${uri} ${suite} ${file}\n`
    }
  }
  const isWhole = !stderr.includes('E: ')
  return answer(isWhole ? 0 : 100, `${stdout}Reading package lists...\n`, doubles(sources) + stderr)
}

/** Whether apt knows any package at all: without lists it knows only what is installed. */
export const hasLists = (state: SimState): boolean =>
  namesIn(state, listsFolder).some((name) => name.endsWith('Packages'))
