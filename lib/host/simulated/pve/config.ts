/**
 * storage.cfg as Proxmox reads and writes it (SectionConfig.pm; pvesm.jsonl, group "hand-written storage.cfg"). Reading
 * forgives with a warning, and whatever was warned about is missing from the next write.
 */
import { createHash } from 'node:crypto'
import { splitList, storageId } from './formats.ts'
import { checkValue } from './options.ts'
import { Refusal, type Surroundings, type Voice } from './surroundings.ts'
import { properties, type StorageType, storageTypes } from './types.ts'

export const storageCfg = '/etc/pve/storage.cfg'

/** Values by property: a set (`content`, `nodes`) as its words, sorted and once each; anything else as its text. */
export interface Section {
  readonly id: string
  readonly type: StorageType
  readonly values: Map<string, string | readonly string[]>
}

export interface Config {
  readonly digest: string
  /** In the order of the file. */
  readonly sections: Map<string, Section>
  /** A section that lacks what it must have: from then on every call fails (facts, proxmox-tools.md). */
  readonly broken: string | null
}

export const textOf = (section: Section, property: string): string | undefined => {
  const value = section.values.get(property)
  return typeof value === 'string' ? value : undefined
}

export const wordsOf = (section: Section, property: string): readonly string[] | undefined => {
  const value = section.values.get(property)
  return typeof value === 'object' ? value : undefined
}

/** A boolean of a section, undefined when it isn't there. */
export const flagOf = (section: Section, property: string): boolean | undefined => {
  const value = textOf(section, property)
  return value === undefined ? undefined : value !== '0'
}

export function readConfig(machine: Surroundings, voice: Voice): Config {
  const raw = machine.readFile(storageCfg) ?? ''
  const sections = new Map<string, Section>()
  let broken: string | null = null
  for (const block of blocksOf(raw, voice)) {
    sections.delete(block.id) // of two sections with one id the later wins (n=250)
    const section = sectionOf(block, voice)
    if (section === null) broken = block.id
    else sections.set(block.id, section)
  }
  restoreLocal(sections, broken)
  for (const section of sections.values()) {
    if (!section.values.has('content')) section.values.set('content', section.type.defaultContent)
  }
  return { digest: createHash('sha1').update(raw).digest('hex'), sections, broken }
}

/** `local` is built in: without a section of its own, and with one that points elsewhere, this one takes its place. */
function restoreLocal(sections: Map<string, Section>, broken: string | null): void {
  const local = sections.get('local')
  local?.values.delete('nodes')
  if (broken === 'local' || (local?.type.name === 'dir' && textOf(local, 'path') === '/var/lib/vz')) return
  const type = storageTypes.get('dir')
  if (type === undefined) return
  sections.set('local', {
    id: 'local',
    type,
    values: new Map<string, string | readonly string[]>([
      ['path', '/var/lib/vz'],
      ['prune-backups', 'keep-all=1'],
      ['content', ['backup', 'images', 'iso', 'rootdir', 'snippets', 'vztmpl']],
    ]),
  })
}

interface Block {
  readonly id: string
  readonly type: StorageType
  readonly given: Map<string, string>
  /** Of the last line read, as later warnings name it (n=246: the last property's, not the header's). */
  readonly line: number
}

const where = (line: number): string => `file ${storageCfg} line ${line}`

function* blocksOf(raw: string, voice: Voice): Generator<Block> {
  const lines = raw
    .split('\n')
    .map((text, index) => ({ text, number: index + 1 }))
    .filter(({ text }) => !/^\s*#/.test(text))
  let at = 0
  while (at < lines.length) {
    const header = lines[at++]
    if (header === undefined || header.text === '') continue
    const [, typeName, id] = /^(\S+):\s*(\S+)\s*$/.exec(header.text) ?? []
    if (typeName === undefined || id === undefined) {
      voice.warn(`${where(header.number)} - ignore config line: ${header.text}\n`)
      continue
    }
    const type = storageTypes.get(typeName.toLowerCase())
    const wrong = storageId(id) ?? (type === undefined ? `unsupported type '${typeName.toLowerCase()}'` : null)
    if (wrong !== null) voice.warn(`${where(header.number)} (skip section '${id}'): ${wrong}\n`)
    const given = new Map<string, string>()
    let last = header.number
    for (; at < lines.length && lines[at]?.text !== ''; at++) {
      const line = lines[at]
      if (line === undefined || type === undefined || wrong !== null) continue
      last = line.number
      readLine(line.text, `${where(last)} (section '${id}')`, type, given, voice)
    }
    if (wrong === null && type !== undefined) yield { id, type, given, line: last }
  }
}

function readLine(text: string, prefix: string, type: StorageType, given: Map<string, string>, voice: Voice): void {
  const [, key, value] = /^\s+(\S+)(?:\s+(.*\S))?\s*$/.exec(text) ?? []
  if (key === undefined) {
    voice.warn(`${prefix} - ignore config line: ${text}\n`)
    return
  }
  const complaint = given.has(key) ? 'duplicate attribute' : lineComplaint(type, key, value)
  if (complaint === null) given.set(key, value ?? '1')
  else voice.warn(`${prefix} - unable to parse value of '${key}': ${complaint}\n`)
}

function lineComplaint(type: StorageType, key: string, value: string | undefined): string | null {
  const property = Object.hasOwn(properties, key) ? properties[key] : undefined
  if (property === undefined) return 'unknown property type'
  if (!type.options.has(key)) return `unexpected property '${key}'`
  if (value === undefined) return property.kind === 'boolean' ? null : 'got undefined value'
  return checkValue(property, value)
}

function sectionOf(block: Block, voice: Voice): Section | null {
  try {
    return checkSection(block.id, block.type, block.given, voice)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    voice.warn(`${where(block.line)} (skip section '${block.id}'): ${error.message}`)
    return null
  }
}

/** A whole new section, from the file or from `add`: what is given is checked, what the type derives is added. */
export function checkSection(id: string, type: StorageType, given: ReadonlyMap<string, string>, voice: Voice): Section {
  const values = decodeAll(type, given, voice)
  const mounted = type.name === 'nfs' || type.name === 'cifs' || type.name === 'cephfs'
  if (mounted && !values.has('path')) values.set('path', `/mnt/pve/${id}`)
  for (const [name, option] of type.options) {
    if (option.required && !values.has(name)) throw new Refusal(`missing value for required option '${name}'\n`)
  }
  const path = values.get('path')
  if ((type.name === 'dir' || type.name === 'btrfs') && typeof path === 'string') {
    if (!/^\/[-/a-zA-Z0-9_.@]+$/.test(path)) throw new Refusal(`illegal path for directory storage: ${path}\n`)
    values.set('path', canonical(path))
  }
  return { id, type, values }
}

/** Text to value; refuses what the type doesn't have. */
export function decodeAll(type: StorageType, given: ReadonlyMap<string, string>, voice: Voice): Section['values'] {
  const values: Section['values'] = new Map()
  for (const [name, text] of given) {
    if (!type.options.has(name)) throw new Refusal(`unexpected property '${name}'\n`)
    values.set(name, decode(type, name, text, voice))
  }
  return values
}

function decode(type: StorageType, name: string, text: string, voice: Voice): string | readonly string[] {
  if (name === 'nodes') return setOf(splitList(text))
  if (name === 'content-dirs') return setOf(splitList(text))
  if (name !== 'content') return properties[name]?.kind === 'integer' ? String(Number(text)) : text
  const wanted = setOf(splitList(text))
  const held = wanted.filter((word) => type.content.includes(word))
  for (const word of wanted) {
    if (!held.includes(word)) voice.warn(`storage does not support content type '${word}'\n`)
  }
  if (held.includes('none') && held.length > 1) {
    throw new Refusal("unable to combine 'none' with other content types\n")
  }
  if (held.length === 0 && !type.content.includes('none')) {
    throw new Refusal("storage does not support content type 'none'\n")
  }
  return held
}

const setOf = (list: readonly string[]): string[] => [...new Set(list)].sort()

/** As File::Spec->canonpath: no doubled slashes, no `/./`, no slash at the end. */
const canonical = (path: string): string =>
  path
    .replace(/\/+/g, '/')
    .replace(/(\/\.)+(?=\/|$)/g, '')
    .replace(/(.)\/$/, '$1') || '/'

/**
 * The whole file. Sections in their order; in one `disable`, then what is required, then the rest, each by alphabet.
 * Proxmox writes sets in random order; here they are sorted.
 */
export function writeConfig(machine: Surroundings, config: Config): void {
  if (config.broken !== null) throw new Refusal("unknown section type ''\n")
  const sections = [...config.sections.values()].map((section) => `${formatSection(section)}\n`)
  machine.writeFile(storageCfg, sections.join(''), 0o640)
}

function formatSection(section: Section): string {
  const lines = [`${section.type.name}: ${section.id}\n`]
  if (flagOf(section, 'disable') === true) lines.push('\tdisable\n')
  const names = [...section.type.options.keys()].filter((name) => name !== 'disable').sort()
  const isRequired = (name: string): boolean => section.type.options.get(name)?.required === true
  for (const name of [...names.filter(isRequired), ...names.filter((name) => !isRequired(name))]) {
    const value = section.values.get(name)
    if (value === undefined) continue
    const text = typeof value === 'string' ? value : value.join(',') || (name === 'content' ? 'none' : '')
    if (text !== '') lines.push(`\t${name} ${text}\n`)
  }
  return lines.join('')
}
