/** `qm disk resize` and `qm disk import` (qm.jsonl, groups "resize" and "set"). */
import { activate, disabledHere } from '../activate.ts'
import * as format from '../formats.ts'
import { makeBase, storageNamed, volumeNamed } from '../guest-volumes.ts'
import { formatSize, parseSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import { addUnused, isTemplate, loadMachine, requireUnlocked, writeMachine } from './config.ts'
import { importImage } from './disks.ts'
import { driveNames, fileOf, isCdrom, isDrive, parseDrive, printDrive } from './drives.ts'
import { hotplug } from './hotplug.ts'
import { applyPending } from './pending.ts'
import { unlinkVerb } from './set.ts'
import { inTask } from './task.ts'
import type { QmCall, QmVerb } from './verb.ts'
import { grow, holdsImages, imageInfo, sizeOf } from './volumes.ts'

/** Whatever goes wrong, how the task ended is never asked: the exit code is 0 (n=80). */
function resize(call: QmCall): void {
  inTask(call, resizeNow, 'quietly')
}

function resizeNow(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const name = given.get('disk') ?? ''
  const told = given.get('size') ?? ''
  const vm = loadMachine(machine, voice, vmid)
  const digest = given.get('digest') ?? ''
  if (digest !== '' && digest !== vm.digest) throw new Refusal('checksum mismatch (file change by other user?)\n')
  if (given.get('skiplock') !== '1') requireUnlocked(vm)
  const text = vm.values.get(name)
  if (text === undefined) throw new Refusal(`disk '${name}' does not exist\n`)
  const drive = parseDrive(name, text)
  const volume = volumeNamed(machine, voice, fileOf(drive))
  if (isCdrom(drive)) throw new Refusal("you can't resize a cdrom\n")
  activate(machine, voice, volume.section)
  const live = sizeOf(machine, volume)
  if (live === null) throw new Refusal(`Could not determine current size of volume '${volume.id}'\n`)
  const bytes = (parseSize(told.replace(/^\+/, '')) ?? 0) + (told.startsWith('+') ? live : 0)
  if (bytes < live) throw new Refusal('shrinking disks is not supported\n')
  if (bytes === live) return
  grow(call, volume, bytes)
  vm.values.set(name, printDrive(drive.set('size', formatSize(bytes))))
  writeMachine(machine, vmid, vm)
}

/** An image becomes a volume that hangs on nothing, or a drive (n=72, 73). */
function importDisk(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const source = given.get('source') ?? ''
  const storage = given.get('storage') ?? ''
  requireUnlocked(loadMachine(machine, voice, vmid))
  if (!machine.exists(source) || machine.isFolder(source))
    throw new Refusal(`${source}: non-existent or non-regular file\n`)
  const section = storageNamed(machine, voice, storage)
  const unusable = disabledHere(machine, section)
  if (unusable !== null) throw new Refusal(unusable)
  if (!holdsImages(section)) throw new Refusal(`storage ${storage} does not support vm images\n`)
  voice.out(`importing disk '${source}' to VM ${vmid} ...\n`)
  const volume = importImage(call, source, imageInfo(machine, source)?.bytes ?? 0, storage, given.get('format'))
  const name = attached(call, volume.id)
  voice.out(`${name}: successfully imported disk '${loadMachine(machine, voice, vmid).values.get(name) ?? ''}'\n`)
}

function attached(call: QmCall, id: string): string {
  const { machine, voice, vmid, given } = call
  const vm = loadMachine(machine, voice, vmid)
  const wanted = given.get('target-disk')
  if (wanted === undefined || !isDrive(wanted)) {
    const name = addUnused(vm, id)
    writeMachine(machine, vmid, vm)
    return name
  }
  if (vm.values.has(wanted)) throw new Refusal(`cowardly refusing to overwrite existing entry: ${wanted}\n`)
  vm.pending.set(wanted, isTemplate(vm) ? makeBase(machine, voice, volumeNamed(machine, voice, id)) : id)
  if (!machine.isRunning(vmid)) applyPending(call, vm)
  else
    for (const error of hotplug(call, vm, new Set([wanted])).values())
      voice.warn(`hotplugging imported disk '${wanted}' failed: ${error}\n`)
  return wanted
}

const flag = { kind: 'boolean' } as const

export const diskVerbs: Readonly<Record<string, QmVerb>> = {
  'disk import': {
    parameters: {
      format: { kind: 'string', values: ['raw', 'qcow2', 'vmdk'] },
      source: { kind: 'string' },
      storage: { kind: 'string', check: format.storageId },
      'target-disk': {
        kind: 'string',
        values: [...driveNames, ...Array.from({ length: 256 }, (_, index) => `unused${index}`)],
      },
    },
    work: importDisk,
  },
  'disk resize': {
    parameters: {
      digest: { kind: 'string', maximumLength: 40 },
      disk: { kind: 'string', values: driveNames },
      size: { kind: 'string', pattern: /^\+?\d+(\.\d+)?[KMGT]?$/ },
      skiplock: flag,
    },
    work: resize,
  },
  'disk unlink': unlinkVerb,
}
