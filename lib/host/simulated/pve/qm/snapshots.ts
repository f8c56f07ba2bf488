/** `snapshot`, `delsnapshot`, `rollback` (qm.jsonl, group "snapshot"): on ZFS, and of qcow2 images on directory storages. */
import { NotSimulated } from '../../tool.ts'
import { activate } from '../activate.ts'
import { isOnPool, requireLatest, type Volume, volumeNamed } from '../guest-volumes.ts'
import { Refusal } from '../surroundings.ts'
import {
  addUnused,
  isTemplate,
  loadMachine,
  type Part,
  requireUnlocked,
  type VirtualMachine,
  writeMachine,
} from './config.ts'
import { drivesOf, fileOf, isCdrom, isCloudInit } from './drives.ts'
import { freeze, thaw } from './freeze.ts'
import { startMachine } from './power.ts'
import { snapshotName } from './schema.ts'
import { newUuid } from './settings.ts'
import { inTask } from './task.ts'
import type { Place, QmCall, QmVerb } from './verb.ts'
import { canDo, freeVolume, snapshotVolume } from './volumes.ts'

/** Those whose content is the machine's; cloud-init's is a medium. */
function disksOf({ machine, voice }: Place, part: Part): { name: string; volume: Volume }[] {
  return drivesOf(part).flatMap(([name, drive]) =>
    isCdrom(drive) ? [] : [{ name, volume: volumeNamed(machine, voice, fileOf(drive)) }],
  )
}

function take(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const name = given.get('snapname') ?? ''
  if (name === 'current' || name.toLowerCase() === 'pending')
    throw new Refusal(`unable to use snapshot name '${name.toLowerCase()}' (reserved name)\n`)
  loadMachine(machine, voice, vmid)
  if (given.get('vmstate') === '1' && machine.isRunning(vmid)) throw new NotSimulated('a snapshot with RAM')
  inTask(call, (task) => {
    const vm = loadMachine(machine, task.voice, vmid)
    if (isTemplate(vm)) throw new Refusal("you can't take a snapshot if it's a template\n")
    requireUnlocked(vm)
    if (vm.snapshots.has(name)) throw new Refusal(`snapshot name '${name}' already used\n`)
    const disks = disksOf(task, vm.values)
    if (!disks.every(({ volume }) => canDo(volume, 'snapshot')))
      throw new Refusal('snapshot feature is not available\n')
    for (const { volume } of disks) activate(machine, task.voice, volume.section)
    const isFrozen = machine.isRunning(vmid) && freeze(task, vm.values)
    for (const { name: drive, volume } of disks) {
      task.voice.out(`snapshotting 'drive-${drive}' (${volume.id})\n`)
      snapshotVolume(task, volume, 'take', name)
    }
    if (isFrozen) thaw(task)
    const comment = given.get('description') ?? ''
    vm.snapshots.set(name, new Map([...copied(vm.values), ['snaptime', String(machine.now())]]))
    if (comment !== '') vm.snapshots.get(name)?.set('description', comment)
    vm.values.set('parent', name)
    writeMachine(machine, vmid, vm)
    machine.insides?.snapshot(vmid, name)
  })
}

/** What a snapshot keeps of a configuration, and gives back. */
const copied = (part: Part): [string, string][] =>
  [...part].filter(([key]) => !/^(lock|description|snaptime|snapstate|vmstate|unused\d+)$/.test(key))

function snapshotNamed(vm: VirtualMachine, name: string): Part {
  const part = vm.snapshots.get(name)
  if (part === undefined) throw new Refusal(`snapshot '${name}' does not exist\n`)
  return part
}

/** What hung on it hangs on its parent then. */
function remove(call: QmCall): void {
  const { machine, vmid, given } = call
  const name = given.get('snapname') ?? ''
  inTask(call, (task) => {
    const vm = loadMachine(machine, task.voice, vmid)
    const part = snapshotNamed(vm, name)
    requireUnlocked(vm)
    if (isTemplate(vm)) throw new Refusal("you can't delete a snapshot if vm is a template\n")
    for (const { volume } of disksOf(task, part)) {
      try {
        snapshotVolume(task, volume, 'drop', name)
      } catch (error) {
        if (!(error instanceof Refusal) || given.get('force') !== '1') throw error
        task.voice.warn(error.message)
      }
      // A disk that the machine has no more is left to it, in case somebody wants it.
      if (!drivesOf(vm.values).some(([, drive]) => fileOf(drive) === volume.id)) addUnused(vm, volume.id)
    }
    vm.snapshots.delete(name)
    const parent = part.get('parent')
    for (const values of [vm.values, ...vm.snapshots.values()]) {
      if (values.get('parent') !== name) continue
      if (parent === undefined) values.delete('parent')
      else values.set('parent', parent)
    }
    writeMachine(machine, vmid, vm)
    machine.insides?.dropSnapshot(vmid, name)
  })
}

function rollBack(call: QmCall): void {
  const { machine, vmid, given } = call
  const name = given.get('snapname') ?? ''
  inTask(call, (task) => {
    const vm = loadMachine(machine, task.voice, vmid)
    if (isTemplate(vm)) throw new Refusal("you can't rollback if vm is a template\n")
    const part = snapshotNamed(vm, name)
    const disks = disksOf(task, part)
    for (const { volume } of disks) activate(machine, task.voice, volume.section)
    for (const { volume } of disks) if (isOnPool(volume)) requireLatest(machine, task.voice, volume, name)
    requireUnlocked(vm)
    machine.stop(vmid)
    for (const { volume } of disks) snapshotVolume(task, volume, 'roll back', name)
    machine.insides?.rollBack(vmid, name)
    restore(task, vm, part, name)
    if (vm.values.has('vmgenid')) vm.values.set('vmgenid', newUuid(machine))
    writeMachine(machine, vmid, vm)
    if (given.get('start') === '1') startMachine(task)
  })
}

/** The comment and what hangs on nothing stay; disks that the snapshot doesn't have hang on nothing then. */
function restore(place: Place, vm: VirtualMachine, part: Part, name: string): void {
  const held = new Set(drivesOf(part).map(([, drive]) => fileOf(drive)))
  for (const [, drive] of drivesOf(vm.values)) {
    if (held.has(fileOf(drive))) continue
    if (!isCdrom(drive)) addUnused(vm, fileOf(drive))
    else if (isCloudInit(drive)) {
      place.voice.out(`found unused cloudinit disk '${fileOf(drive)}', removing it\n`)
      freeVolume(place, volumeNamed(place.machine, place.voice, fileOf(drive)))
    }
  }
  for (const key of vm.values.keys()) if (!/^(description|unused\d+)$/.test(key)) vm.values.delete(key)
  for (const [key, value] of copied(part)) vm.values.set(key, value)
  vm.values.set('parent', name)
  vm.pending.clear()
  vm.special.clear()
}

const flag = { kind: 'boolean' } as const

export const snapshotVerbs: Readonly<Record<string, QmVerb>> = {
  snapshot: { parameters: { description: { kind: 'string' }, snapname: snapshotName, vmstate: flag }, work: take },
  delsnapshot: { parameters: { force: flag, snapname: snapshotName }, work: remove },
  rollback: { parameters: { snapname: snapshotName, start: flag }, work: rollBack },
}
