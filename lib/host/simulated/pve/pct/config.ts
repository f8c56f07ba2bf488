/**
 * /etc/pve/lxc/ID.conf as pct reads and writes it: keys by alphabet, `lxc.*` lines behind them, then what is pending
 * and the snapshots in sections of their own (pct.jsonl, group "hand-written config").
 */
import { createHash } from 'node:crypto'
import { decodeText, encodeText } from '../encoded-text.ts'
import { parseBoolean } from '../formats.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import { isMount, parseMount, volumeOf } from './mountpoints.ts'
import { lineComplaint, options } from './schema.ts'

export interface Part {
  /** Lines of the comment on top, decoded, each with its line feed. */
  description: string
  readonly values: Map<string, string>
  /** `lxc.*` lines: nothing but an editor writes them, and they may stand twice. */
  readonly raw: (readonly [string, string])[]
}

export interface Container extends Part {
  readonly digest: string
  readonly pending: Part
  readonly snapshots: Map<string, Part>
}

export const emptyPart = (): Part => ({ description: '', values: new Map(), raw: [] })

export const confOf = (vmid: string): string => `/etc/pve/lxc/${vmid}.conf`

export function loadContainer(machine: Surroundings, voice: Voice, vmid: string): Container {
  const text = machine.readFile(confOf(vmid))
  if (text === null) {
    throw new Refusal(`Configuration file 'nodes/${machine.hostname}/lxc/${vmid}.conf' does not exist\n`)
  }
  return parseContainer(text, vmid, voice)
}

export function parseContainer(text: string, vmid: string, voice: Voice): Container {
  const container: Container = {
    ...emptyPart(),
    digest: createHash('sha1').update(text).digest('hex'),
    pending: emptyPart(),
    snapshots: new Map(),
  }
  let part: Part = container
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, name] = /^\[([a-z][a-z0-9_-]+|pve:pending)\]\s*$/i.exec(line) ?? []
    if (name === undefined) readLine(line, part, vmid, voice)
    else if (name.toLowerCase() === 'pve:pending') part = container.pending
    else {
      part = emptyPart()
      container.snapshots.set(name, part)
    }
  }
  return container
}

function readLine(line: string, part: Part, vmid: string, voice: Voice): void {
  const comment = /^#(.*)$/.exec(line)?.[1]
  if (comment !== undefined) {
    part.description += `${decodeText(comment)}\n`
    return
  }
  const [, rawKey, rawValue] = /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/.exec(line) ?? []
  if (rawKey !== undefined) {
    part.raw.push([rawKey, rawValue ?? ''])
    return
  }
  const [, key, value] = /^([a-z][a-z_-]*\d*):\s*(.+?)\s*$/.exec(line) ?? []
  if (key === undefined || value === undefined) {
    voice.warn(`vm ${vmid} - unable to parse config: ${line}\n`)
    return
  }
  if (key === 'description') {
    part.description += decodeText(value)
    return
  }
  const wrong = key === 'delete' ? null : lineComplaint(key, value)
  if (wrong !== null) voice.warn(`vm ${vmid} - unable to parse value of '${key}' - ${wrong}`)
  const truth = wrong === null && options[key]?.kind === 'boolean' ? parseBoolean(value) : null
  part.values.set(key, truth === null ? value : truth ? '1' : '0')
}

export function writeContainer(machine: Surroundings, vmid: string, container: Container): void {
  const used = volumesOf(container)
  for (const [key, value] of container.values)
    if (key.startsWith('unused') && used.has(value)) container.values.delete(key)
  const pending = printPart(container.pending)
  const snapshots = [...container.snapshots]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, part]) => `\n[${name}]\n${printPart(part)}`)
  const text = printPart(container) + (pending === '' ? '' : `\n[pve:pending]\n${pending}`) + snapshots.join('')
  machine.writeFile(confOf(vmid), text, 0o640)
}

function printPart(part: Part): string {
  const lines = part.description.replace(/\n$/, '').split('\n')
  const comment = part.description === '' ? '' : lines.map((line) => `#${encodeText(line)}\n`).join('')
  const values = [...part.values].sort(([one], [other]) => (one < other ? -1 : 1))
  return comment + [...values, ...part.raw].map(([key, value]) => `${key}: ${value}\n`).join('')
}

/** Volumes that the live part mounts, without unused ones. */
export function volumesOf(part: Part): Set<string> {
  const mounts = [...part.values].filter(([key, value]) => isMount(key) && lineComplaint(key, value) === null)
  return new Set(mounts.map(([key, value]) => volumeOf(parseMount(key, value))))
}

/** True when a mount, or any of a snapshot's, holds it: such a volume is neither freed nor listed as unused. */
export function isInUse(container: Container, volume: string): boolean {
  return [container, ...container.snapshots.values()].some((part) => volumesOf(part).has(volume))
}

export function addUnused(container: Container, volume: string): void {
  const unused = [...container.values].filter(([key]) => key.startsWith('unused'))
  if (unused.some(([, held]) => held === volume)) return
  const free = Array.from({ length: 256 }, (_, index) => `unused${index}`).find((key) => !container.values.has(key))
  if (free === undefined) throw new Refusal('Too many unused volumes - please delete them first.\n')
  container.values.set(free, volume)
}

export function requireUnlocked(container: Container): void {
  const lock = container.values.get('lock')
  if (lock !== undefined) throw new Refusal(`CT is locked (${lock})\n`)
}

export function requireUnprotected(container: Container, what: string): void {
  if (container.values.get('protection') === '1') throw new Refusal(`${what} - protection mode enabled\n`)
}

export const isTemplate = (part: Part): boolean => part.values.get('template') === '1'
