/**
 * `pct set`: what is asked for goes to the pending part, then into the live one, then the file is written, whatever went
 * wrong on the way (pct.jsonl n=125, 129). `-mpN STORAGE:SIZE` allocates on every call (n=52, 53).
 */
import { splitList } from '../formats.ts'
import { drawAddress } from '../guest-machine.ts'
import { exists, free, storageNamed, volumeNamed } from '../guest-volumes.ts'
import { type Parameters, parameterErrors } from '../options.ts'
import { parseKeys, printKeys, type Values } from '../property-string.ts'
import { formatSize } from '../sizes.ts'
import { Refusal, type Voice } from '../surroundings.ts'
import {
  addUnused,
  type Container,
  isInUse,
  loadContainer,
  requireUnlocked,
  requireUnprotected,
  writeContainer,
} from './config.ts'
import { rootOf } from './id-map.ts'
import type { ContainerMachine } from './machine.ts'
import { isMount, kindOf, newVolume, parseMount, printMount, volumeOf } from './mountpoints.ts'
import { deviceKeys, netKeys, options } from './schema.ts'
import type { PctCall, PctVerb } from './verb.ts'
import { allocate, give, holdsContainers, sizeOf } from './volumes.ts'

const list = { kind: 'string', list: true } as const

export const setVerb: PctVerb = {
  parameters: { ...options, delete: list, digest: { kind: 'string' }, revert: list },
  work: ({ machine, voice, vmid, given, verb }) => {
    const take = (name: string): string => {
      const value = given.get(name) ?? ''
      given.delete(name)
      return value
    }
    const digest = take('digest')
    if (given.size === 0) throw new Refusal('no options specified\n')
    const drop = splitList(take('delete'))
    const revert = splitList(take('revert'))
    for (const [option, names] of [['revert', revert] as const, ['delete', drop] as const]) {
      for (const name of names) {
        const wrong = given.has(name)
          ? `you can't use '-${name}' and -${option} ${name}' at the same time`
          : Object.hasOwn(options, name)
            ? null
            : `unknown option '${name}'`
        if (wrong !== null) throw parameterErrors(verb, new Map([[option, wrong]]))
      }
    }
    const container = loadContainer(machine, voice, vmid)
    requireUnlocked(container)
    if (digest !== '' && digest !== container.digest) {
      throw new Refusal('detected modified configuration - file changed by other user? Try again.\n')
    }
    for (const name of revert) {
      container.pending.values.delete(name)
      keepAfterAll(container, name)
    }
    const errors = update({ machine, voice, vmid }, container, given, drop)
    writeContainer(machine, vmid, container)
    requireStartable(loadContainer(machine, voice, vmid))
    if (errors.size > 0) throw parameterErrors(verb, errors)
  },
}

type Place = Pick<PctCall, 'machine' | 'voice' | 'vmid'>

/** Errors by option; what they are of stays pending. */
export function update(
  place: Place,
  container: Container,
  given: Parameters,
  drop: readonly string[],
): Map<string, string> {
  const { machine, voice, vmid } = place
  const going = drop.filter((name) => {
    const isSet = container.values.has(name) || (name === 'description' && container.description !== '')
    if (!isSet) voice.warn(`cannot delete '${name}' - not set in current configuration!\n`)
    return isSet
  })
  for (const name of going) {
    if (/^(memory|rootfs|ostype)$/.test(name)) throw new Refusal(`unable to delete required option '${name}'\n`)
    if (name === 'unprivileged') throw new Refusal(`unable to delete read-only option: '${name}'\n`)
    if (/^(unused|mp)\d+$/.test(name)) requireUnprotected(container, `can't remove CT ${vmid} drive '${name}'`)
  }
  const wanted = new Map(
    [...given]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, checked(place, container, name, value)] as const),
  )
  const isRunning = machine.isRunning(vmid)
  for (const name of going) {
    if (isRunning && /^mp\d+$/.test(name)) deleteLater(container, name)
    else remove(place, container, name)
  }
  return attempt(wanted, voice, (name, value) => {
    container.pending.values.set(name, value)
    keepAfterAll(container, name)
    if (isRunning && /^mp\d+$/.test(name) && isOtherMount(container, name, value)) return
    if (name === 'description') container.description = value === '' ? '' : `${value.replace(/\n$/, '')}\n`
    else if (container.values.get(name) !== value) {
      const isMountPoint = /^mp\d+$/.test(name)
      const applied = isMountPoint ? mount(place, container, name, value) : withAddress(machine, name, value)
      container.values.set(name, applied)
      if (isMountPoint && isRunning) machine.plug?.(vmid, applied)
    }
    container.pending.values.delete(name)
  })
}

/** A mount that a running container has can't be changed under it: that waits for its next start. */
function isOtherMount(container: Container, name: string, value: string): boolean {
  const live = container.values.get(name)
  return live !== undefined && live !== value && newVolume(volumeOf(parseMount(name, value))) === null
}

function deleteLater({ pending }: Container, name: string): void {
  const waiting = splitList(pending.values.get('delete') ?? '')
  pending.values.set('delete', [...new Set([...waiting, name])].sort().join(','))
}

/** What is set anew isn't deleted any more (PVE::AbstractConfig, remove_from_pending_delete). */
function keepAfterAll({ pending }: Container, name: string): void {
  const waiting = splitList(pending.values.get('delete') ?? '').filter((one) => one !== name)
  if (waiting.length > 0) pending.values.set('delete', waiting.join(','))
  else pending.values.delete('delete')
}

/** What a running container had waiting, done when it starts next. */
export function applyPending(place: Place, container: Container): void {
  const waiting = new Map(container.pending.values)
  const drop = splitList(waiting.get('delete') ?? '')
  waiting.delete('delete')
  container.pending.values.delete('delete')
  for (const name of drop) remove(place, container, name)
  attempt(waiting, place.voice, (name, value) => {
    container.values.set(name, /^mp\d+$/.test(name) ? mount(place, container, name, value) : value)
    container.pending.values.delete(name)
  })
}

function attempt(
  wanted: ReadonlyMap<string, string>,
  voice: Voice,
  apply: (name: string, value: string) => void,
): Map<string, string> {
  const errors = new Map<string, string>()
  for (const [name, value] of wanted) {
    try {
      apply(name, value)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const message = `unable to apply pending change ${name} : ${error.message}`
      voice.warn(message)
      errors.set(name, message)
    }
  }
  return errors
}

/** The value as it will be kept, or a refusal before anything is changed. */
function checked({ machine, voice, vmid }: Place, container: Container, name: string, value: string): string {
  if (isMount(name)) {
    requireUnprotected(container, `can't update CT ${vmid} drive '${name}'`)
    requireContent(machine, voice, volumeOf(parseMount(name, value)))
  } else if (name === 'unprivileged') throw new Refusal(`unable to modify read-only option: '${name}'\n`)
  else if (name === 'tags') return tagsOf(value)
  else if (name === 'nameserver' || name === 'searchdomain') return splitList(value).join(' ')
  else if (/^dev\d+$/.test(name)) requireDevice(machine, name, value)
  return value
}

export const tagsOf = (value: string): string =>
  [...new Set(splitList(value).map((tag) => tag.toLowerCase()))].sort().join(';')

function requireContent(machine: ContainerMachine, voice: Voice, volume: string): void {
  const storage = /^([^/:\s]+):/.exec(volume)?.[1]
  if (kindOf(volume) !== 'volume') return
  if (storage === undefined) throw new Refusal(`unable to parse volume ID '${volume}'\n`)
  if (!holdsContainers(storageNamed(machine, voice, storage))) {
    throw new Refusal(`storage '${storage}' does not allow content type 'rootdir' (Container)\n`)
  }
}

/** Devices of the kernel that every host has; others count as there when the host has such a path. */
const kernelDevices = ['fuse', 'full', 'kmsg', 'kvm', 'net/tun', 'null', 'random', 'tty', 'urandom', 'zero']

function requireDevice(machine: ContainerMachine, name: string, value: string): void {
  const parsed = parseKeys(name, deviceKeys, value)
  const path = typeof parsed === 'string' ? undefined : parsed.get('path')
  if (path === undefined) throw new Refusal(`Path is not defined for passthrough device ${name}\n`)
  if (kernelDevices.includes(path.slice('/dev/'.length))) return
  if (!machine.exists(path)) throw new Refusal(`Device ${path} does not exist\n`)
  if (machine.isFolder(path)) throw new Refusal(`${path} is not a device\n`)
}

/** A mount of a volume becomes `unusedN`, another one is forgotten; an unused volume is destroyed, data and all. */
function remove({ machine, voice, vmid }: Place, container: Container, name: string): void {
  const value = container.values.get(name) ?? ''
  if (name === 'description') container.description = ''
  container.values.delete(name)
  if (/^mp\d+$/.test(name)) detach(container, volumeOf(parseMount(name, value)))
  if (/^unused\d+$/.test(name) && !isInUse(container, value)) {
    const volume = volumeNamed(machine, voice, value)
    if (volume.owner === vmid) free(machine, voice, volume)
    else voice.warn(`ignore deletion of '${value}', CT ${vmid} isn't the owner\n`)
  }
}

function detach(container: Container, volume: string): void {
  if (kindOf(volume) === 'volume' && !isInUse(container, volume)) addUnused(container, volume)
}

/** The value to keep: a new volume by the id that it got, one that is there with its size. */
function mount(place: Place, container: Container, name: string, value: string): string {
  const values = parseMount(name, value)
  const before = container.values.get(name)
  const kept = printMount(name, placed(place, values, rootOf(container)))
  container.values.set(name, kept)
  if (before !== undefined) detach(container, volumeOf(parseMount(name, before)))
  return kept
}

/** Allocates if a size is asked for; asks an existing volume for its size, and takes it on trust when there is none (n=61). */
export function placed({ machine, voice, vmid }: Place, values: Values, owner: string): Values {
  const wanted = newVolume(volumeOf(values))
  if (wanted !== null) {
    const id = allocate(machine, voice, vmid, wanted.storage, wanted.bytes)
    give(machine, voice, id, owner)
    return new Map([...values, ['volume', id], ['size', formatSize(wanted.bytes)]])
  }
  if (kindOf(volumeOf(values)) !== 'volume') return values
  const volume = volumeNamed(machine, voice, volumeOf(values))
  if (!exists(machine, volume)) {
    voice.warn(`failed to stat '${volume.place}'\n`)
    return values
  }
  return new Map([...values, ['size', formatSize(sizeOf(machine, volume) ?? 0)]])
}

/** A network card gets an address of its own when none is told (n=76). */
export function withAddress(machine: ContainerMachine, name: string, value: string): string {
  const parsed = /^net\d+$/.test(name) ? parseKeys(name, netKeys, value) : null
  if (parsed === null || typeof parsed === 'string') return value
  if (!parsed.has('hwaddr')) parsed.set('hwaddr', drawAddress(machine))
  parsed.set('type', 'veth')
  return printKeys(netKeys, parsed)
}

/** Looked at only after the file was written (n=125, 129). */
function requireStartable({ values }: Container): void {
  for (const [key, line] of [
    ['arch', 729],
    ['ostype', 735],
  ] as const) {
    if (!values.has(key))
      throw new Refusal(`missing '${key}' - internal error at /usr/share/perl5/PVE/LXC.pm line ${line}.\n`)
  }
}
