/** Values of a command line as they are kept: generated where nothing is told, in one form, passwords as hashes. */
import { NotSimulated } from '../../tool.ts'
import { splitList } from '../formats.ts'
import { drawAddress } from '../guest-machine.ts'
import { volumeNamed } from '../guest-volumes.ts'
import { type Parameters, parameterErrors } from '../options.ts'
import { parseKeys, printKeys } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { isWindows } from './cloudinit.ts'
import { loadMachine, type VirtualMachine } from './config.ts'
import { machineKeys, memoryKeys, netKeys } from './device-keys.ts'
import type { VmMachine } from './machine.ts'
import type { QmCall } from './verb.ts'

/** `--sshkeys` names a file, whose content is kept percent-encoded (n=22, 56). */
export function sshKeysFrom({ machine, given }: QmCall): void {
  const file = given.get('sshkeys')
  if (file === undefined) return
  const text = machine.readFile(file)
  if (text === null) throw new Refusal(`can't open '${file}' - No such file or directory\n`)
  for (const line of text.split('\n'))
    if (line.trim() !== '' && !/(^|\s)(ssh-\S+|ecdsa-sha2-\S+|sk-\S+)\s+AAAA[\w+/]+=*(\s|$)/.test(line))
      throw new Refusal('SSH public key validation error\n')
  given.set('sshkeys', encodeURIComponent(text))
}

export function newUuid(machine: VmMachine): string {
  const digits = machine.chance(32)
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `4${digits.slice(13, 16)}`, `a${digits.slice(17, 20)}`]
  return [...parts, digits.slice(20)].join('-')
}

/** A card gets an address of its own when none is told, or always. */
export function withAddress(machine: VmMachine, value: string, isAnother = false): string {
  const parsed = parseKeys('', netKeys, value)
  if (typeof parsed === 'string') return value
  if (isAnother || !parsed.has('macaddr')) parsed.set('macaddr', drawAddress(machine))
  return printKeys(netKeys, parsed)
}

export const tagsOf = (value: string): string =>
  [...new Set(splitList(value).map((tag) => tag.toLowerCase()))].sort().join(';')

/** A value for `set`, as it goes to the pending part; refused before anything is changed. */
export function settledValue(call: QmCall, name: string, value: string): string {
  const { machine } = call
  if (/^net\d+$/.test(name)) return withAddress(machine, value)
  if (name === 'vmgenid' && value === '1') return newUuid(machine)
  if (name === 'tags') return tagsOf(value)
  if (name === 'cpuunits') return clampedUnits(value)
  if (name === 'hookscript') requireScript(call, value)
  if (name === 'machine') requireMachine(value)
  if (name === 'ostype' && value.startsWith('w') && !call.given.has('machine'))
    throw new NotSimulated('pinning the machine version for Windows')
  if (name === 'cipassword') return hashed(call, value)
  return value
}

/** Of cgroup v2, from 1 to 10000. */
export const clampedUnits = (value: string): string => String(Math.min(10000, Math.max(1, Number(value))))

function hashed({ machine, voice, vmid }: QmCall, password: string): string {
  if (isWindows(loadMachine(machine, voice, vmid).values)) return password
  return /^\$(?:[156]|2[ay])(\$.+){2}/.test(password) ? password : machine.encrypt(password)
}

function requireScript({ machine, voice, verb }: QmCall, id: string): void {
  const refuse = (why: string): never => {
    throw parameterErrors(verb, new Map([['hookscript', `${why}\n`]]))
  }
  const volume = volumeNamed(machine, voice, id)
  if (volume.content !== 'snippets') refuse(`'${id}' is not in the snippets directory`)
  if (!machine.exists(volume.place)) refuse(`script '${id}' does not exist`)
}

export function requireMachine(value: string): void {
  const parsed = parseKeys('', machineKeys, value)
  if (typeof parsed === 'string') return
  const width = parsed.get('aw-bits')
  if (parsed.get('viommu') === 'intel') {
    if (parsed.get('type')?.includes('q35') !== true)
      throw new Refusal('to use Intel vIOMMU please set the machine type to q35\n')
    if (width !== undefined && width !== '39' && width !== '48')
      throw new Refusal('Intel vIOMMU supports only 39 or 48 bits as address width\n')
  }
  if (width !== undefined && !parsed.has('viommu')) throw new Refusal('cannot set aw-bits if no vIOMMU is configured\n')
}

/** MiB. */
export function memoryOf(value: string | undefined): number {
  const parsed = value === undefined ? '' : parseKeys('', memoryKeys, value)
  return typeof parsed === 'string' ? 512 : Number(parsed.get('current') ?? 512)
}

export function requireBalloon(vm: VirtualMachine, given: Parameters): void {
  if (!given.has('memory') && !given.has('balloon')) return
  const after = (key: string): string | undefined => given.get(key) ?? vm.pending.get(key) ?? vm.values.get(key)
  if (Number(after('balloon') ?? 0) > memoryOf(after('memory')))
    throw new Refusal('balloon value too large (must be smaller than assigned memory)\n')
}
