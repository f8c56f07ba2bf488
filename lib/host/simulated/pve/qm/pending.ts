/** Changes that wait for the next start: asked for, compared with what is live, and carried out on a machine that stands. */

import { readConfig } from '../config.ts'
import { splitList } from '../formats.ts'
import { splitId, volumeNamed } from '../guest-volumes.ts'
import type { Values } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { regenerate } from './cloudinit-drive.ts'
import { addUnused, isHeld, type Part, type VirtualMachine, writeMachine } from './config.ts'
import { fileOf, isCdrom, isCloudInit, isDrive, parseDrive } from './drives.ts'
import type { Place } from './verb.ts'
import { freeVolume } from './volumes.ts'

/** Keys that are to go, and of each whether its volume goes with it (`!scsi1`). */
export const deletions = (pending: Part): Map<string, boolean> =>
  new Map(
    splitList(pending.get('delete') ?? '').map((entry) => [entry.replace(/^!/, ''), entry.startsWith('!')] as const),
  )

function setDeletions(pending: Part, going: ReadonlyMap<string, boolean>): void {
  const entries = [...going].sort(([one], [other]) => (one < other ? -1 : 1))
  if (going.size === 0) pending.delete('delete')
  else pending.set('delete', entries.map(([key, force]) => (force ? `!${key}` : key)).join(','))
}

export function deleteLater(pending: Part, key: string, force: boolean): void {
  setDeletions(pending, deletions(pending).set(key, force))
}

export function keepAfterAll(pending: Part, key: string): void {
  const going = deletions(pending)
  if (going.delete(key)) setDeletions(pending, going)
}

/** What is as it is to be doesn't wait. */
export function tidyPending({ values, pending }: VirtualMachine): void {
  for (const [key, value] of pending) if (key !== 'delete' && values.get(key) === value) pending.delete(key)
  setDeletions(pending, new Map([...deletions(pending)].filter(([key]) => values.has(key))))
}

/** The configuration as it will be. */
export function withPending({ values, pending }: VirtualMachine): Part {
  const all = new Map([...values, ...pending])
  all.delete('delete')
  for (const key of deletions(pending).keys()) all.delete(key)
  return all
}

/** What a machine has of its own stays as `unusedN`; its cloud-init volume goes. */
export function detach(place: Place, vm: VirtualMachine, drive: Values): void {
  const { machine, voice, vmid } = place
  const id = fileOf(drive)
  if (isCloudInit(drive)) {
    attempt(() => freeVolume(place, volumeNamed(machine, voice, id)), voice.warn)
    vm.special.delete('cloudinit')
    return
  }
  const storage = splitId(id)?.storage
  if (isCdrom(drive) || storage === undefined) return
  if (!readConfig(machine, voice).sections.has(storage))
    voice.note(`storage '${storage}' no longer exists, volume '${id}' will be removed from config\n`)
  else if (volumeNamed(machine, voice, id).owner === vmid) addUnused(vm, id)
}

/** Frees what the machine owns and nothing else of it holds. */
export function deallocate(place: Place, vm: VirtualMachine, drive: Values): void {
  const { machine, voice, vmid } = place
  const id = fileOf(drive)
  if (splitId(id) === null || isCdrom(drive)) return
  const volume = volumeNamed(machine, voice, id)
  if (volume.owner !== vmid) return
  if (isHeld(vm, id)) throw new Refusal(`unable to delete '${id}' - volume is still in use (snapshot?)\n`)
  freeVolume(place, volume)
}

/** With its volume, or to `unusedN`. */
export function removeDrive(place: Place, vm: VirtualMachine, name: string, force: boolean): void {
  const drive = parseDrive(name, vm.values.get(name) ?? '')
  vm.values.delete(name)
  if (force) deallocate(place, vm, drive)
  else detach(place, vm, drive)
}

/** On a machine that stands everything can be changed; errors by key, and what they are of stays pending. */
export function applyPending(place: Place, vm: VirtualMachine): Map<string, string> {
  const { machine, voice, vmid } = place
  const errors = new Map<string, string>()
  const trying = (key: string, work: () => void): void => {
    attempt(work, (said) => {
      const error = `unable to apply pending change ${key} : ${said}`
      errors.set(key, error)
      voice.warn(error)
    })
  }
  for (const [key, force] of deletions(vm.pending))
    trying(key, () => {
      if (isDrive(key) && vm.values.has(key)) removeDrive(place, vm, key, force)
      vm.values.delete(key)
      keepAfterAll(vm.pending, key)
    })
  tidyPending(vm)
  let hasNewCloudInit = false
  for (const [key, value] of [...vm.pending].sort(([one], [other]) => (one < other ? -1 : 1))) {
    if (key === 'delete') continue
    trying(key, () => {
      const live = vm.values.get(key)
      if (isDrive(key) && live !== undefined) detach(place, vm, parseDrive(key, live))
      if (isDrive(key) && isCloudInit(parseDrive(key, value))) hasNewCloudInit = true
      vm.values.set(key, value)
      vm.pending.delete(key)
    })
  }
  writeMachine(machine, vmid, vm)
  if (hasNewCloudInit && regenerate(place, vm)) writeMachine(machine, vmid, vm)
  return errors
}

export function attempt(work: () => void, refused: (said: string) => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    refused(error.message)
  }
}
