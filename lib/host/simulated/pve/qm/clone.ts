/** `qm clone` and `qm template` (qm.jsonl, group "template and clone"). A clone of what is no template is a full one. */

import { disabledHere } from '../activate.ts'
import * as format from '../formats.ts'
import * as guest from '../guest-formats.ts'
import { cloneRules, removeRules } from '../guest-machine.ts'
import { isOnPool, makeBase, storageNamed, type Volume, volumeNamed } from '../guest-volumes.ts'
import { parameterErrors } from '../options.ts'
import { parseKeys, printKeys, type Values } from '../property-string.ts'
import { formatSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import {
  confOf,
  isTemplate,
  loadMachine,
  newMachine,
  type Part,
  requireUnlocked,
  type VirtualMachine,
  writeMachine,
} from './config.ts'
import { smbiosKeys } from './device-keys.ts'
import { cloudInitBytes, copyVolume, fixedBytes } from './disks.ts'
import { driveNames, drivesOf, fileOf, isCdrom, isCloudInit, isDrive, parseDrive, printDrive } from './drives.ts'
import { joinPool, requirePool } from './pools.ts'
import { isRunning } from './power.ts'
import { snapshotName } from './schema.ts'
import { newUuid, withAddress } from './settings.ts'
import { inTask } from './task.ts'
import type { Place, QmCall, QmVerb } from './verb.ts'
import { canDo, freeVolume, holdsImages, linkedClone, requireVolume, sizeOf } from './volumes.ts'

/** What a clone doesn't get. */
const left =
  /^(parent|snaptime|snapstate|vmstate|runningcpu|runningmachine|running-nets-host-mtu|template|lock|unused\d+)$/

interface Plan {
  readonly part: Part
  readonly isFull: boolean
}

function clone(call: QmCall): void {
  const { machine, given, vmid } = call
  const pool = given.get('pool')
  isRunning(call) // asked first of all (n=102)
  if (pool !== undefined) requirePool(machine, pool)
  requireTarget(call)
  const target = given.get('newid') ?? ''
  const plan = check(call, loadMachine(machine, call.voice, vmid), target)
  inTask(call, (task) => {
    task.voice.out(`creating a clone of VM ${vmid} with ID ${target}\n`)
    // The number is taken from here on (PVE::API2::Qemu, create_and_lock_config).
    machine.writeFile(confOf(target), 'lock: clone\n', 0o640)
    cloneRules(machine, vmid, target)
    writeMachine(machine, target, copied(task, plan, target))
    machine.insides?.copy(vmid, target, given.get('snapname'))
    if (pool !== undefined) joinPool(machine, target, pool)
  })
}

/** Of one that can't be made nothing is left. */
function copied(task: QmCall, plan: Plan, target: string): VirtualMachine {
  try {
    const copy = settingsOf(task, plan.part)
    copyDrives({ ...task, vmid: target }, plan, copy)
    return copy
  } catch (error) {
    removeRules(task.machine, target)
    task.machine.remove(confOf(target))
    throw error
  }
}

function requireTarget({ machine, voice, given, verb }: QmCall): void {
  const storage = given.get('storage')
  if (storage === undefined) return
  const section = storageNamed(machine, voice, storage)
  const unusable = disabledHere(machine, section)
  if (unusable !== null) throw new Refusal(unusable)
  if (!holdsImages(section))
    throw parameterErrors(verb, new Map([['storage', `storage '${storage}' does not support vm images`]]))
}

function check(call: QmCall, vm: VirtualMachine, target: string): Plan {
  const { machine, given, vmid } = call
  requireUnlocked(vm)
  const snapshot = given.get('snapname')
  const part = snapshot === undefined ? vm.values : vm.snapshots.get(snapshot)
  if (part === undefined) throw new Refusal(`snapshot '${snapshot}' does not exist\n`)
  const isFull = (given.get('full') ?? (isTemplate(vm) ? '0' : '1')) === '1'
  for (const name of ['storage', 'format'])
    if (given.has(name) && !isFull) throw new Refusal(`parameter '${name}' not allowed for linked clones\n`)
  if (['qemu-server', 'lxc'].some((folder) => machine.exists(`/etc/pve/${folder}/${target}.conf`)))
    throw new Refusal(`unable to create VM ${target}: config file already exists\n`)
  for (const [name, drive] of drivesOf(part)) {
    if (isCdrom(drive) && !isCloudInit(drive)) continue
    if (name === 'tpmstate0' && isFull && machine.isRunning(vmid) && snapshot === undefined)
      throw new Refusal('cannot clone TPM state while VM is running\n')
    const volume = volumeNamed(machine, call.voice, fileOf(drive))
    const what = `clone feature is not supported for${snapshot === undefined ? '' : ' a snapshot of'} '${volume.id}' (${name})`
    const isCopied = isFull || isCloudInit(drive) || name === 'tpmstate0'
    if (!canDo(volume, isCopied ? 'copy' : 'clone', snapshot !== undefined))
      throw new Refusal(`${isCopied ? 'Full' : 'Linked'} ${what}\n`)
  }
  return { part, isFull }
}

/** Everything but the drives; names, addresses and identities are its own. */
function settingsOf({ machine, given, vmid }: QmCall, part: Part): VirtualMachine {
  const copy = newMachine()
  for (const [key, value] of part) {
    if (left.test(key)) continue
    if (!isDrive(key)) copy.values.set(key, /^net\d+$/.test(key) ? withAddress(machine, value, true) : value)
    else if (isCdrom(parseDrive(key, value)) && !isCloudInit(parseDrive(key, value))) copy.values.set(key, value)
  }
  const identity = parseKeys('', smbiosKeys, part.get('smbios1') ?? '')
  const fields: Values = typeof identity === 'string' ? new Map() : identity
  copy.values.set('smbios1', printKeys(smbiosKeys, fields.set('uuid', newUuid(machine))))
  if (copy.values.has('vmgenid')) copy.values.set('vmgenid', newUuid(machine))
  copy.values.set('name', given.get('name') ?? `Copy-of-VM-${part.get('name') ?? vmid}`)
  const description = given.get('description')
  if (description !== undefined && description !== '') copy.values.set('description', description)
  return copy
}

/** The place is the clone's. What was made is gone again when one of them fails. */
function copyDrives(call: QmCall, { part, isFull }: Plan, copy: VirtualMachine): void {
  const made: Volume[] = []
  const drives = drivesOf(part).filter(([name]) => !copy.values.has(name))
  try {
    for (const [, drive] of drives)
      if (!isCloudInit(drive)) requireVolume(call, volumeNamed(call.machine, call.voice, fileOf(drive)))
    for (const [name, drive] of drives.sort(([one], [other]) => (one < other ? -1 : 1))) {
      const volume = copyDrive(call, name, drive, isFull)
      made.push(volume)
      drive.delete('format')
      drive.set('file', volume.id)
      drive.set('size', formatSize(sizeOf(call.machine, volume) ?? 0))
      copy.values.set(name, printDrive(drive))
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    for (const volume of made) freeVolume(call, volume)
    throw new Refusal(`clone failed: ${error.message}`)
  }
}

function copyDrive(call: QmCall, name: string, drive: Values, isFull: boolean): Volume {
  const { machine, voice, vmid, given } = call
  const volume = volumeNamed(machine, voice, fileOf(drive))
  if (!isFull && !isCloudInit(drive) && name !== 'tpmstate0') {
    voice.out(`create linked clone of drive ${name} (${volume.id})\n`)
    return linkedClone(call, volume)
  }
  const storage = given.get('storage') ?? volume.section.id
  const common = { from: name, storage, format: given.get('format') }
  if (isCloudInit(drive))
    return copyVolume(call, volume, { ...common, bytes: cloudInitBytes, name: `vm-${vmid}-cloudinit` })
  const bytes = fixedBytes(name, drive)
  return copyVolume(call, volume, bytes === null ? common : { ...common, bytes })
}

function template(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const only = given.get('disk')
  const vm = loadMachine(machine, voice, vmid)
  requireUnlocked(vm)
  if (vm.snapshots.size > 0) throw new Refusal('unable to create template, because VM contains snapshots\n')
  if (isTemplate(vm) && only === undefined) throw new Refusal("you can't convert a template to a template\n")
  if (machine.isRunning(vmid)) throw new Refusal("you can't convert a VM to template if VM is running\n")
  inTask(
    call,
    (task) => {
      vm.values.set('template', '1')
      writeMachine(machine, vmid, vm)
      for (const [name, drive] of drivesOf(vm.values)) {
        if (isCdrom(drive) || (only !== undefined && name !== only)) continue
        drive.set('file', asBase(task, fileOf(drive)))
        vm.values.set(name, printDrive(drive))
        writeMachine(machine, vmid, vm)
      }
    },
    'quietly',
  )
}

function asBase({ machine, voice }: Place, id: string): string {
  const volume = volumeNamed(machine, voice, id)
  return volume.isBase || (!isOnPool(volume) && !machine.exists(volume.place)) ? id : makeBase(machine, voice, volume)
}

const flag = { kind: 'boolean' } as const
const text = { kind: 'string' } as const

export const cloneVerbs: Readonly<Record<string, QmVerb>> = {
  clone: {
    parameters: {
      bwlimit: { kind: 'integer', minimum: 0 },
      description: text,
      format: { kind: 'string', values: ['raw', 'qcow2', 'vmdk'] },
      full: flag,
      name: { kind: 'string', check: guest.dnsName },
      newid: { kind: 'integer', check: format.vmid },
      pool: text,
      snapname: snapshotName,
      storage: { kind: 'string', check: format.storageId },
      target: text,
    },
    work: clone,
  },
  template: { parameters: { disk: { kind: 'string', values: driveNames } }, work: template },
}
