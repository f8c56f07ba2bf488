/** `qm destroy`, `qm disk rescan`: what a machine owns goes with it (qm.jsonl, group "destroy"). */
import { activate, disabledHere } from '../activate.ts'
import { readConfig } from '../config.ts'
import { guestsIn, removeRules } from '../guest-machine.ts'
import { splitId, type Volume, volumeNamed } from '../guest-volumes.ts'
import { formatSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import {
  addUnused,
  confOf,
  isTemplate,
  loadMachine,
  requireUnlocked,
  requireUnprotected,
  type VirtualMachine,
  writeMachine,
} from './config.ts'
import { allDrivesOf, drivesOf, fileOf, isCdrom, isCloudInit, isUnused, printDrive } from './drives.ts'
import { forgetMachine } from './pools.ts'
import { inTask } from './task.ts'
import type { Place, QmCall, QmVerb } from './verb.ts'
import { freeVolume, hasClones, holdsImages, sizeOf, volumesOn } from './volumes.ts'

const flag = { kind: 'boolean' } as const

function destroy(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const vm = loadMachine(machine, voice, vmid)
  requireUnprotected(vm, `can't remove VM ${vmid}`)
  if (machine.isRunning(vmid)) throw new Refusal(`VM ${vmid} is running - destroy failed\n`)
  inTask(call, (task) => {
    if (given.get('skiplock') !== '1') requireUnlocked(vm)
    if (isTemplate(vm)) requireNoClones(task, vm)
    freeOwned(task, vm)
    if (given.get('destroy-unreferenced-disks') === '1') freeUnreferenced(task)
    forgetMachine(machine, vmid)
    removeRules(machine, vmid)
    if (given.get('purge') === '1') task.voice.out(`purging VM ${vmid} from related configurations..\n`)
    machine.remove(confOf(vmid))
    machine.insides?.remove(vmid)
    machine.forget(vmid)
  })
}

function requireNoClones(place: Place, vm: VirtualMachine): void {
  for (const [, drive] of allDrivesOf(vm.values)) {
    if (isCdrom(drive) || splitId(fileOf(drive)) === null) continue
    const volume = volumeNamed(place.machine, place.voice, fileOf(drive))
    if (hasClones(place, volume)) throw new Refusal(`base volume '${volume.id}' is still in use by linked cloned\n`)
  }
}

/** Also what hangs on nothing, and what was to be a drive at the next start. Of a volume that stays is only told. */
function freeOwned(place: Place, vm: VirtualMachine): void {
  const { machine, voice, vmid } = place
  const drives = [...allDrivesOf(vm.values), ...allDrivesOf(vm.pending)].map(([, drive]) => drive)
  const ids = drives.filter((drive) => !isCdrom(drive) || isCloudInit(drive)).map(fileOf)
  for (const id of new Set(ids)) {
    if (splitId(id) === null) continue
    const volume = trying(`failed to get path and owner of volume '${id}'`, place, () =>
      volumeNamed(machine, voice, id),
    )
    if (volume?.owner === vmid)
      trying(`Could not remove disk '${id}', check manually`, place, () => freeVolume(place, volume))
  }
}

function trying<T>(what: string, { voice }: Place, work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    voice.note(`${what}: ${error.message}`)
    return null
  }
}

/** On every storage that is there and may hold images. */
function guestVolumes(place: Place, vmid: string): Volume[] {
  const { machine, voice } = place
  const sections = [...readConfig(machine, voice).sections.values()]
  const usable = sections.filter((section) => holdsImages(section) && disabledHere(machine, section) === null)
  return usable.flatMap((section) => {
    activate(machine, voice, section)
    return volumesOn(place, section, vmid)
  })
}

function freeUnreferenced(place: Place): void {
  for (const volume of guestVolumes(place, place.vmid)) trying(`${volume.id}`, place, () => freeVolume(place, volume))
}

/** Sizes as they are, and volumes of a machine's number that stand nowhere in its configuration as `unusedN`. */
function rescan(call: QmCall): void {
  const { machine, voice, given } = call
  const isTrial = given.get('dryrun') === '1'
  if (isTrial) voice.out("NOTE: running in dry-run mode, won't write changes out!\n")
  voice.out('rescan volumes...\n')
  const only = given.get('vmid')
  for (const vmid of only === undefined ? guestsIn(machine, 'qemu-server') : [only]) {
    const vm = loadMachine(machine, voice, vmid)
    requireUnlocked(vm)
    if (bringUpToDate({ machine, voice, vmid }, vm) && !isTrial) writeMachine(machine, vmid, vm)
  }
}

function bringUpToDate(place: Place, vm: VirtualMachine): boolean {
  const { machine, voice, vmid } = place
  const volumes = guestVolumes(place, vmid)
  const held = new Set(drivesOf(vm.values).map(([, drive]) => fileOf(drive)))
  let hasChanged = false
  const change = (said: string): void => {
    hasChanged = true
    voice.out(`VM ${vmid} ${said}\n`)
  }
  for (const [name, drive] of drivesOf(vm.values)) {
    const volume = isCdrom(drive) ? undefined : volumes.find(({ id }) => id === fileOf(drive))
    const size = volume === undefined ? undefined : formatSize(sizeOf(machine, volume) ?? 0)
    const before = drive.get('size') ?? '0T'
    if (size === undefined || size === before) continue
    change(`(${name}): size of disk '${fileOf(drive)}' updated from ${before} to ${size}`)
    vm.values.set(name, printDrive(drive.set('size', size)))
  }
  for (const [name, value] of vm.values) {
    if (!isUnused(name)) continue
    if (held.has(value)) {
      change(`remove entry '${name}', its volume '${value}' is in use`)
      vm.values.delete(name)
    }
    held.add(value)
  }
  for (const { id } of volumes)
    if (!held.has(id)) change(`add unreferenced volume '${id}' as '${addUnused(vm, id)}' to config`)
  return hasChanged
}

export const removeVerbs: Readonly<Record<string, QmVerb>> = {
  destroy: {
    parameters: { 'destroy-unreferenced-disks': flag, purge: flag, skiplock: flag },
    work: destroy,
  },
  'disk rescan': { isGeneral: true, parameters: { dryrun: flag, vmid: { kind: 'integer' } }, work: rescan },
}
