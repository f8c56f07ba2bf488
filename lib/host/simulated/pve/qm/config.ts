/**
 * /etc/pve/qemu-server/ID.conf as qm reads and writes it: keys by alphabet, then what is pending, what the cloud-init
 * drive doesn't have yet, and the snapshots in sections of their own. What doesn't parse is warned about and gone with
 * the next write (qm.jsonl n=136).
 */
import { createHash } from 'node:crypto'
import { decodeText, encodeText } from '../encoded-text.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import { allDrivesOf, drivesOf, fileOf, isCdrom, isCloudInit, isUnused } from './drives.ts'
import { readValue } from './schema.ts'

/** Values by key; the comment on top, decoded and without what is blank at its end, is `description`. */
export type Part = Map<string, string>

export interface VirtualMachine {
  readonly digest: string
  readonly values: Part
  readonly pending: Part
  readonly special: Map<string, Part>
  readonly snapshots: Map<string, Part>
}

export const confOf = (vmid: string): string => `/etc/pve/qemu-server/${vmid}.conf`

export const newMachine = (): VirtualMachine => ({
  digest: '',
  values: new Map(),
  pending: new Map(),
  special: new Map(),
  snapshots: new Map(),
})

export function loadMachine(machine: Surroundings, voice: Voice, vmid: string): VirtualMachine {
  const text = machine.readFile(confOf(vmid))
  if (text === null)
    throw new Refusal(`Configuration file 'nodes/${machine.hostname}/qemu-server/${vmid}.conf' does not exist\n`)
  return parseMachine(text, vmid, voice)
}

function parseMachine(text: string, vmid: string, voice: Voice): VirtualMachine {
  const vm: VirtualMachine = { ...newMachine(), digest: createHash('sha1').update(text).digest('hex') }
  let part: Part | null = vm.values
  let isSpecial = false
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const header = /^\[(.*)\]\s*$/.exec(line)?.[1]
    if (header === undefined) {
      if (part !== null)
        readLine(line, part, isSpecial, part === vm.pending, (said) => voice.warn(`vm ${vmid} - ${said}`))
      continue
    }
    const special = /^special:(cloudinit|fleecing)$/i.exec(header)?.[1]
    isSpecial = special !== undefined
    if (/^pending$/i.test(header)) part = vm.pending
    else {
      part = isSpecial || /^[a-z][a-z0-9_-]+$/i.test(header) ? new Map() : null
      if (part === null) voice.warn(`vm ${vmid} - skipping unknown section: '${header}'\n`)
      else (isSpecial ? vm.special : vm.snapshots).set(special ?? header, part)
    }
  }
  for (const each of [vm.values, vm.pending, ...vm.snapshots.values()]) {
    const description = each.get('description')
    if (description !== undefined) each.set('description', description.trimEnd())
  }
  return vm
}

function readLine(
  line: string,
  part: Part,
  isSpecial: boolean,
  isPending: boolean,
  complain: (said: string) => void,
): void {
  const comment = /^#(.*)$/.exec(line)?.[1]
  if (comment !== undefined) {
    part.set('description', `${part.get('description') ?? ''}${decodeText(comment)}\n`)
    return
  }
  // The blank of an empty value is its value (`boot: `, n=8), since there has to be one.
  const [, key, value] = /^([a-z][a-z_-]*\d*):\s*(.+?)\s*$/.exec(line) ?? []
  if (key === undefined || value === undefined) complain(`unable to parse config: ${line}\n`)
  else if (key === 'description') part.set(key, (part.get(key) ?? '') + decodeText(value))
  else if (key === 'snapstate' || key === 'args' || isSpecial) part.set(key, value)
  else if (key === 'delete') {
    if (isPending) part.set(key, value)
    else complain(`property 'delete' is only allowed in [PENDING]\n`)
  } else {
    const read = readValue(key, value)
    if ('wrong' in read) complain(`unable to parse value of '${key}' - ${read.wrong}`)
    else part.set(key === 'cdrom' ? 'ide2' : key, read.value)
  }
}

export function writeMachine(machine: Surroundings, vmid: string, vm: VirtualMachine): void {
  const used = new Set([vm.values, vm.pending].flatMap((part) => drivesOf(part).map(([, drive]) => fileOf(drive))))
  for (const [key, value] of vm.values) if (isUnused(key) && used.has(value)) vm.values.delete(key)
  if (vm.values.has('sockets')) vm.values.delete('smp')
  const sections = [
    ...(vm.pending.size === 0 ? [] : [`\n[PENDING]\n${printPart(vm.pending, true)}`]),
    ...byName(vm.special)
      .filter(([name]) => name !== 'cloudinit' || cloudInitOf(vm.values) !== null)
      .map(([name, part]) => `\n[special:${name}]\n${printPart(part)}`),
    ...byName(vm.snapshots).map(([name, part]) => `\n[${name}]\n${printPart(part)}`),
  ]
  machine.writeFile(confOf(vmid), printPart(vm.values) + sections.join(''), 0o640)
}

const byName = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1))

function printPart(part: ReadonlyMap<string, string>, isPending = false): string {
  const description = part.get('description')
  const lines =
    description === undefined || (description === '' && !isPending) ? [] : description.replace(/\n+$/, '').split('\n')
  const comment = lines.map((line) => `#${encodeText(line)}\n`).join('')
  const values = byName(part).filter(([key]) => key !== 'description')
  return comment + values.map(([key, value]) => `${key}: ${value}\n`).join('')
}

/** Name of the drive that cloud-init's data is on. */
export function cloudInitOf(values: ReadonlyMap<string, string>, except?: string): string | null {
  return drivesOf(values).find(([name, drive]) => name !== except && isCloudInit(drive))?.[0] ?? null
}

/** Held by a drive, or by one of a snapshot's: such a volume isn't freed. */
export function isHeld(vm: VirtualMachine, volume: string): boolean {
  const parts = [vm.values, ...vm.snapshots.values()]
  return parts.some((part) => drivesOf(part).some(([, drive]) => !isCdrom(drive) && fileOf(drive) === volume))
}

/** The key that it stands under then. */
export function addUnused(vm: Pick<VirtualMachine, 'values'>, volume: string): string {
  const known = allDrivesOf(vm.values).find(([name, drive]) => isUnused(name) && fileOf(drive) === volume)
  if (known !== undefined) return known[0]
  const free = Array.from({ length: 256 }, (_, index) => `unused${index}`).find((key) => !vm.values.has(key))
  if (free === undefined) throw new Refusal('Too many unused volumes - please delete them first.\n')
  vm.values.set(free, volume)
  return free
}

export function requireUnlocked({ values }: VirtualMachine): void {
  const lock = values.get('lock')
  if (lock !== undefined) throw new Refusal(`VM is locked (${lock})\n`)
}

export function requireUnprotected({ values }: VirtualMachine, what: string): void {
  if (values.get('protection') === '1') throw new Refusal(`${what} - protection mode enabled\n`)
}

export const isTemplate = ({ values }: VirtualMachine): boolean => values.get('template') === '1'
