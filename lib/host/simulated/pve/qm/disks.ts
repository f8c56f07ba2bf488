/** Drives of a command line become drives of a configuration: volumes are made, imported or looked for (PVE::API2::Qemu). */
import { makeBase, splitId, storageNamed, type Volume, volumeNamed } from '../guest-volumes.ts'
import type { Values } from '../property-string.ts'
import { formatSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import { cloudInitOf, confOf, isTemplate, loadMachine, type VirtualMachine } from './config.ts'
import { drivesOf, fileOf, isCloudInit, newDisk, parseDrive, printDrive } from './drives.ts'
import type { Place } from './verb.ts'
import {
  allocate,
  copyOnto,
  formatOn,
  formatsOf,
  freeVolume,
  imageInfo,
  pathOf,
  requireVolume,
  sizeOf,
} from './volumes.ts'

export const cloudInitBytes = 4 * 2 ** 20
const tpmBytes = 4 * 2 ** 20
/** Of the variables' templates that come with OVMF (528K: qm.jsonl n=26). */
const firmwareBytes = (drive: Values): number => (drive.get('efitype') === '4m' ? 540672 : 131072)

/** The size of drives that have one by their nature. */
export const fixedBytes = (name: string, drive: Values): number | null =>
  name === 'efidisk0' ? firmwareBytes(drive) : name === 'tpmstate0' ? tpmBytes : null

/** What to put into the configuration, by name. What was made is gone again when one of them fails. */
export function createDisks(
  place: Place,
  vm: VirtualMachine,
  wanted: ReadonlyMap<string, string>,
  usual?: string,
): Map<string, string> {
  const done = new Map<string, string>()
  const made: Volume[] = []
  try {
    for (const [name, text] of [...wanted].sort(([one], [other]) => (one < other ? -1 : 1)))
      done.set(name, printDrive(createDisk({ place, vm, usual, done, made }, name, parseDrive(name, text))))
  } catch (error) {
    if (error instanceof Refusal) for (const volume of made) freeVolume(place, volume)
    throw error
  }
  return done
}

interface Making {
  readonly place: Place
  readonly vm: VirtualMachine
  readonly usual: string | undefined
  readonly done: ReadonlyMap<string, string>
  /** To be freed when it goes wrong. */
  readonly made: Volume[]
}

function createDisk(making: Making, name: string, drive: Values): Values {
  const file = fileOf(drive)
  if (file === 'none' || file === 'cdrom') {
    drive.delete('size')
    return drive
  }
  const wanted = newDisk(file)
  const isNew = wanted !== null || splitId(file)?.name === 'cloudinit'
  if (!isNew) return existing(making, name, drive)
  const storage = wanted === null ? splitId(file)?.storage : (wanted.storage ?? making.usual)
  if (storage === undefined) throw new Refusal('no storage ID specified (and no default storage)\n')
  const source = drive.get('import-from')
  drive.delete('import-from')
  if (wanted === null) cloudInitDrive(making, name, drive, storage)
  else if (source === undefined) newVolume(making, name, drive, storage, wanted.bytes)
  else imported(making, name, drive, storage, source)
  drive.delete('format')
  making.place.voice.out(`${name}: successfully created disk '${printDrive(drive)}'\n`)
  return drive
}

/** A template's new drive is a base like the others. */
function keep({ place, vm, made }: Making, drive: Values, volume: Volume, bytes: number): void {
  made.push(volume)
  const id = isTemplate(vm) ? makeBase(place.machine, place.voice, volume) : volume.id
  drive.set('file', id)
  drive.set('size', formatSize(bytes))
}

function requireOne({ vm, done }: Making, name: string): void {
  const other = [vm.values, vm.pending, done].map((part) => cloudInitOf(part, name)).find((key) => key !== null)
  if (other !== undefined) throw new Refusal(`${name} - cloud-init drive is already attached at '${other}'\n`)
}

function cloudInitDrive(making: Making, name: string, drive: Values, storage: string): void {
  requireOne(making, name)
  const { place, made } = making
  const section = storageNamed(place.machine, place.voice, storage)
  const format = drive.get('format') ?? (section.values.has('path') ? 'qcow2' : 'raw')
  const volume = allocate(place, storage, cloudInitBytes, format, `vm-${place.vmid}-cloudinit`)
  made.push(volume)
  drive.set('file', volume.id)
  drive.set('media', 'cdrom')
}

function newVolume(making: Making, name: string, drive: Values, storage: string, asked: number): void {
  const { place } = making
  const format = drive.get('format') ?? formatsOf(storageNamed(place.machine, place.voice, storage))[0] ?? 'raw'
  if (name !== 'efidisk0') {
    const bytes = fixedBytes(name, drive) ?? asked
    keep(making, drive, allocate(place, storage, bytes, format), bytes)
    return
  }
  const bytes = firmwareBytes(drive)
  const volume = allocate(place, storage, bytes, format)
  copyOnto(place, firmware(drive), null, volume, bytes)
  if (drive.get('pre-enrolled-keys') === '1') drive.set('ms-cert', '2023k')
  keep(making, drive, volume, sizeOf(place.machine, volume) ?? bytes)
}

const firmware = (drive: Values): string => {
  const keys = drive.get('pre-enrolled-keys') === '1' ? '.ms' : ''
  return `/usr/share/pve-edk2-firmware/OVMF_VARS${drive.get('efitype') === '4m' ? `_4M${keys}` : ''}.fd`
}

function imported(making: Making, name: string, drive: Values, storage: string, source: string): void {
  const { place } = making
  const { machine, voice } = place
  if (splitId(source) === null) {
    const bytes = machine.exists(source) && !machine.isFolder(source) ? imageInfo(machine, source)?.bytes : undefined
    if (bytes === undefined) throw new Refusal(`can't find file '${source}'\n`)
    keep(making, drive, importImage(place, source, bytes, storage, drive.get('format')), bytes)
    return
  }
  try {
    const volume = volumeNamed(machine, voice, source)
    requireVolume(place, volume)
    const bytes = fixedBytes(name, drive)
    const size = bytes === null ? {} : { bytes }
    const copy = copyVolume(place, volume, {
      from: slotOf(place, volume),
      storage,
      format: drive.get('format'),
      ...size,
    })
    keep(making, drive, copy, sizeOf(machine, copy) ?? 0)
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(`cannot import from '${source}' - ${error.message}`)
    throw error
  }
}

/** A file's content onto a new volume. */
export function importImage(
  place: Place,
  path: string,
  bytes: number,
  storage: string,
  asked: string | undefined,
): Volume {
  const format = formatOn(storageNamed(place.machine, place.voice, storage), asked)
  if (asked !== undefined && asked !== format)
    place.voice.warn(`format '${asked}' is not supported by the target storage - using '${format}' instead\n`)
  const volume = allocate(place, storage, bytes, format)
  const told = /\.(raw|qcow2|qcow|qed|vmdk|cloop)$/.exec(path)?.[1] ?? null
  copyOnto(place, path, told, volume, bytes)
  return volume
}

/** Which drive of its guest the volume is. */
function slotOf({ machine, voice }: Place, volume: Volume): string | null {
  if (volume.owner === '' || !machine.exists(confOf(volume.owner))) return null
  const drives = drivesOf(loadMachine(machine, voice, volume.owner).values)
  return drives.find(([, drive]) => fileOf(drive) === volume.id)?.[0] ?? null
}

export interface Copy {
  /** The drive that is copied, if it is one. */
  readonly from: string | null
  readonly storage: string
  readonly format: string | undefined
  /** Where it isn't the source's. */
  readonly bytes?: number
  /** Of a cloud-init volume, to which nothing is copied: what is on it is written anew when the machine starts. */
  readonly name?: string
}

/** A full clone of one volume, and what is said on the way (n=24, 100). */
export function copyVolume(
  place: Place,
  volume: Volume,
  { from, storage, format: asked, bytes: told, name }: Copy,
): Volume {
  const { machine, voice } = place
  voice.out(`create full clone of drive ${from === null ? '' : `${from} `}(${volume.id})\n`)
  const format = formatOn(storageNamed(machine, voice, storage), asked ?? volume.format)
  if (asked !== undefined && asked !== format)
    voice.warn(`format '${asked}' is not supported by the target storage '${storage}' - using '${format}' instead\n`)
  const bytes = told ?? sizeOf(machine, volume)
  if (bytes === null) throw new Refusal(`could not get size of ${volume.id}\n`)
  const copy = allocate(place, storage, bytes, format, name)
  voice.out(`allocated target volume '${copy.id}'\n`)
  if (name === undefined) copyOnto(place, pathOf(volume), volume.format, copy, bytes)
  return copy
}

/** A volume that is there already, with the size that it has. */
function existing(making: Making, name: string, drive: Values): Values {
  const { machine, voice } = making.place
  const file = fileOf(drive)
  if (splitId(file) === null) {
    const bytes = imageInfo(machine, file)?.bytes
    if (bytes === undefined) throw new Refusal(`volume ${file} does not exist\n`)
    return new Map([...drive, ['size', formatSize(bytes)]])
  }
  const volume = volumeNamed(machine, voice, file)
  const told = drive.get('format')
  if (told !== undefined && told !== volume.format) {
    const which = `'format=${told}' option different from storage format '${volume.format}'`
    throw new Refusal(`drive '${name}' - volume '${file}' - ${which}\n`)
  }
  if (isCloudInit(drive)) requireOne(making, name)
  requireVolume(making.place, volume)
  const bytes = sizeOf(machine, volume)
  if (bytes === null || bytes === 0) throw new Refusal(`volume ${file} does not exist\n`)
  return new Map([...drive, ['size', formatSize(bytes)]])
}
