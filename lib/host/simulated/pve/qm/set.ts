/**
 * `qm set`: each thing that is asked for goes to the pending part and to the file, one after the other, and then as much
 * of it as can be takes effect (qm.jsonl, group "set"). A drive `STORAGE:SIZE` allocates on every call (n=46, 47).
 */
import { splitList } from '../formats.ts'
import { parameterErrors } from '../options.ts'
import { parseKeys, printKeys } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { loadMachine, requireUnlocked, requireUnprotected, type VirtualMachine, writeMachine } from './config.ts'
import { bootKeys } from './device-keys.ts'
import { createDisks } from './disks.ts'
import { checkDrives, checkStorages, resolveCdrom } from './drive-checks.ts'
import { fileOf, isCdrom, isCloudInit, isDrive, isUnused, parseDrive } from './drives.ts'
import { hotplug } from './hotplug.ts'
import { applyPending, deallocate, deleteLater, detach, keepAfterAll, tidyPending } from './pending.ts'
import { isOption, settable } from './schema.ts'
import { requireBalloon, settledValue, sshKeysFrom } from './settings.ts'
import type { QmCall, QmVerb } from './verb.ts'

const list = { kind: 'string', list: true } as const
const flag = { kind: 'boolean' } as const
const digest = { kind: 'string', maximumLength: 40 } as const

/** What `set` takes and a configuration doesn't have. */
const own = {
  delete: list,
  digest,
  force: flag,
  'import-working-storage': { kind: 'string' },
  revert: list,
  skiplock: flag,
} as const

export const setVerb: QmVerb = {
  parameters: { ...settable, ...own },
  work: (call) => {
    sshKeysFrom(call)
    update(call)
  },
}

/** Detaches, or frees with `--force`: `set --delete` under another name. */
export const unlinkVerb: QmVerb = {
  parameters: { force: flag, idlist: list },
  work: (call) => {
    const { given } = call
    given.set('delete', given.get('idlist') ?? '')
    given.delete('idlist')
    update(call)
  },
}

function update(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const take = (name: string): string | undefined => {
    const value = given.get(name)
    given.delete(name)
    return value
  }
  const told = take('digest')
  take('import-working-storage')
  const said = [...given].sort(([one], [other]) => (one < other ? -1 : 1))
  const isLockSkipped = take('skiplock') === '1'
  const force = take('force') === '1'
  const drop = splitList(take('delete') ?? '').map((key) => (key === 'cdrom' ? 'ide2' : key))
  const revert = splitList(take('revert') ?? '')
  if (drop.length === 0 && revert.length === 0 && given.size === 0) throw new Refusal('no options specified\n')
  resolveCdrom(given)
  checkLists(call, drop, revert)
  checkDrives(call)
  for (const [name, value] of given) given.set(name, settledValue(call, name, value))
  checkStorages(call, undefined)

  const vm = loadMachine(machine, voice, vmid)
  if (told !== undefined && told !== '' && told !== vm.digest)
    throw new Refusal('checksum mismatch (file change by other user?)\n')
  if (!isLockSkipped) requireUnlocked(vm)
  const going = [...drop]
  for (const key of revert) {
    const live = vm.values.get(key)
    if (live !== undefined) given.set(key, live)
    else if (vm.pending.has(key)) going.push(key)
  }
  requireBalloon(vm, given)
  const words = said.map(([name, value]) => `-${name} ${name === 'cipassword' ? '<hidden>' : value}`)
  voice.out(`update VM ${vmid}: ${words.join(' ')}\n`)
  const asked = new Set([...going, ...given.keys()])
  for (const key of going) dropOne(call, vm, key, force, asked)
  for (const [key, value] of [...given].sort(([one], [other]) => (one < other ? -1 : 1)))
    ask(call, vm, key, value, drop, asked)
  tidyPending(vm)
  writeMachine(machine, vmid, vm)
  if (vm.pending.size === 0) return
  const errors = machine.isRunning(vmid) ? hotplug(call, vm, asked) : applyPending(call, vm)
  if (errors.size > 0) throw parameterErrors(call.verb, errors)
}

function checkLists({ given, verb }: QmCall, drop: readonly string[], revert: readonly string[]): void {
  const refuse = (option: string, why: string): never => {
    throw parameterErrors(verb, new Map([[option, why]]))
  }
  for (const key of revert) {
    if (!isOption(key)) refuse('revert', `unknown option '${key}'`)
    if (given.has(key)) refuse('delete', `you can't use '-${key}' and -revert ${key}' at the same time`)
  }
  for (const key of drop) {
    if (given.has(key)) refuse('delete', `you can't use '-${key}' and -delete ${key}' at the same time`)
    if (revert.includes(key)) refuse('revert', `you can't use '-delete ${key}' and -revert ${key}' at the same time`)
    if (!isOption(key)) refuse('delete', `unknown option '${key}'`)
  }
}

/** Devices that are booted from, or none where the order is told in the old way. */
function bootOrder({ values }: VirtualMachine): string[] {
  const parsed = parseKeys('', bootKeys, values.get('boot') ?? '')
  return typeof parsed === 'string' ? [] : splitList(parsed.get('order') ?? '')
}

const printOrder = (devices: readonly string[]): string =>
  devices.length === 0 ? '' : printKeys(bootKeys, new Map([['order', devices.join(';')]]))

function dropOne(call: QmCall, vm: VirtualMachine, key: string, force: boolean, asked: Set<string>): void {
  const { machine, voice, vmid } = call
  const waiting = vm.pending.get(key)
  const value = vm.values.get(key) ?? waiting
  if (value === undefined) {
    voice.warn(`cannot delete '${key}' - not set in current configuration!\n`)
    asked.delete(key)
    return
  }
  vm.pending.delete(key)
  const order = bootOrder(vm)
  if (order.includes(key)) {
    vm.pending.set('boot', printOrder(order.filter((device) => device !== key)))
    asked.add('boot')
  }
  if (isUnused(key)) {
    const drive = parseDrive(key, value)
    requireUnprotected(vm, `can't remove unused disk '${fileOf(drive)}'`)
    vm.values.delete(key)
    deallocate(call, vm, drive)
  } else if (key === 'tags') vm.values.delete(key)
  else {
    if (isDrive(key)) {
      requireUnprotected(vm, `can't remove drive '${key}'`)
      if (waiting !== undefined) detach(call, vm, parseDrive(key, value))
    }
    deleteLater(vm.pending, key, force)
  }
  writeMachine(machine, vmid, vm)
}

function ask(
  call: QmCall,
  vm: VirtualMachine,
  key: string,
  value: string,
  drop: readonly string[],
  asked: Set<string>,
): void {
  const { machine, vmid } = call
  if (vm.pending.get(key) === value) return
  if (isDrive(key)) askForDrive(call, vm, key, value, asked)
  else if (key === 'cipassword') vm.values.set(key, value)
  else if (key === 'boot') askForBoot(call, vm, value, drop)
  else vm.pending.set(key, value)
  keepAfterAll(vm.pending, key)
  writeMachine(machine, vmid, vm)
}

function askForDrive(call: QmCall, vm: VirtualMachine, name: string, value: string, asked: Set<string>): void {
  const waiting = vm.pending.get(name)
  if (waiting !== undefined) detach(call, vm, parseDrive(name, waiting))
  if (name === 'tpmstate0') requireSameVersion(vm, value)
  for (const [key, made] of createDisks(call, vm, new Map([[name, value]]))) vm.pending.set(key, made)
  const drive = parseDrive(name, value)
  const order = bootOrder(vm)
  // A medium to be put in can be booted from; disks and cloud-init's can't unless told.
  if (order.length === 0 || order.includes(name) || !isCdrom(drive) || isCloudInit(drive)) return
  vm.pending.set('boot', printOrder([...order, name]))
  asked.add('boot')
}

function requireSameVersion({ values }: VirtualMachine, value: string): void {
  const live = parseDrive('tpmstate0', values.get('tpmstate0') ?? '')
  const wanted = parseDrive('tpmstate0', value)
  const version = (drive: ReadonlyMap<string, string>): string => drive.get('version') ?? 'v1.2'
  if (fileOf(live) === fileOf(wanted) && version(live) !== version(wanted))
    throw new Refusal('cannot change TPM state version after creation\n')
}

function askForBoot({ given }: QmCall, vm: VirtualMachine, value: string, drop: readonly string[]): void {
  const parsed = parseKeys('', bootKeys, value)
  const devices = typeof parsed === 'string' ? [] : splitList(parsed.get('order') ?? '')
  for (const device of devices) {
    const isThere = vm.values.has(device) || vm.pending.has(device) || given.has(device)
    if (!isThere || drop.includes(device)) throw new Refusal(`invalid bootorder: device '${device}' does not exist'\n`)
  }
  vm.pending.set('boot', devices.length === 0 ? value : printOrder(devices))
  if (devices.length > 0 && vm.values.has('bootdisk')) deleteLater(vm.pending, 'bootdisk', false)
}
