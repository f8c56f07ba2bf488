/** A machine's volumes: image files on directory storages, zvols on zfspool storages. */
import { activate, folderOf, makeFolders, zfs } from '../activate.ts'
import { flagOf, type Section, textOf, wordsOf } from '../config.ts'
import {
  datasetSize,
  datasetsIn,
  exists,
  free,
  isOnPool,
  storageNamed,
  type Volume,
  volumeNamed,
} from '../guest-volumes.ts'
import { Refusal, type Surroundings } from '../surroundings.ts'
import { freeStem } from '../volumes.ts'
import type { Place } from './verb.ts'

const mebibyte = 2 ** 20

export const holdsImages = (section: Section): boolean => wordsOf(section, 'content')?.includes('images') === true

/** Formats that the storage can have, the usual one first. */
export function formatsOf(section: Section): readonly string[] {
  if (!section.values.has('path')) return ['raw']
  const usual = textOf(section, 'format') ?? 'raw'
  return [usual, ...['raw', 'qcow2', 'vmdk'].filter((format) => format !== usual)]
}

/** What was asked for if the storage can have it, else its usual one. */
export const formatOn = (section: Section, asked: string | undefined): string => {
  const formats = formatsOf(section)
  return asked !== undefined && formats.includes(asked) ? asked : (formats[0] ?? 'raw')
}

export const pathOf = (volume: Volume): string => (isOnPool(volume) ? `/dev/zvol/${volume.place}` : volume.place)

/** What qemu-img tells of an image; null when it isn't there. */
export function imageInfo(machine: Surroundings, path: string): { bytes: number; backing: string | null } | null {
  const { exitCode, stdout } = machine.run(['qemu-img', 'info', '--output=json', path])
  if (exitCode !== 0) return null
  const document: { 'virtual-size': number; 'backing-filename'?: string } = JSON.parse(stdout)
  return { bytes: document['virtual-size'], backing: document['backing-filename'] ?? null }
}

/** Bytes; null when it isn't there. */
export const sizeOf = (machine: Surroundings, volume: Volume): number | null =>
  isOnPool(volume) ? datasetSize(machine, volume) : (imageInfo(machine, volume.place)?.bytes ?? null)

/** Usable, or a refusal: its storage is active and it is there. */
export function requireVolume({ machine, voice }: Place, volume: Volume): void {
  activate(machine, voice, volume.section)
  if (exists(machine, volume)) return
  throw new Refusal(
    isOnPool(volume)
      ? `timeout: no zvol device link for '${volume.id.replace(/^[^:]+:/, '')}' found after 10 sec.\n`
      : `volume '${volume.id}' does not exist\n`,
  )
}

/** The new volume. Without a name it gets the next free number. */
export function allocate(
  { machine, voice, vmid }: Place,
  storage: string,
  bytes: number,
  format: string,
  name?: string,
): Volume {
  const section = storageNamed(machine, voice, storage)
  activate(machine, voice, section)
  if (section.type.name === 'zfspool') {
    if (format !== 'raw')
      throw new Refusal(`unsupported format '${format}' at /usr/share/perl5/PVE/Storage/ZFSPoolPlugin.pm line 292.\n`)
    const own = name ?? freeStem(datasetsIn(machine, voice, section), vmid, 'raw')
    const sparse = flagOf(section, 'sparse') === true ? ['-s'] : []
    const block = textOf(section, 'blocksize')
    const blocks = block === undefined ? [] : ['-b', block]
    zfs(machine, voice, [
      'zfs',
      'create',
      ...sparse,
      ...blocks,
      '-V',
      aligned(bytes),
      `${textOf(section, 'pool')}/${own}`,
    ])
    return volumeNamed(machine, voice, `${storage}:${own}`)
  }
  const folder = `${folderOf(section, 'images')}/${vmid}`
  makeFolders(machine, folder)
  const own = name === undefined ? freeStem(machine.listDir(folder) ?? [], vmid, format) : name
  const file = `${own}.${format}`
  if (machine.exists(`${folder}/${file}`)) throw new Refusal(`disk image '${folder}/${file}' already exists\n`)
  qemuImg({ machine, voice, vmid }, ['create', '-f', format, `${folder}/${file}`, String(bytes)])
  return volumeNamed(machine, voice, `${storage}:${vmid}/${file}`)
}

/** A zvol's size is a whole number of mebibytes, in the form that zfs takes. */
const aligned = (bytes: number): string => `${Math.ceil(bytes / mebibyte) * 1024}k`

function qemuImg({ machine, voice }: Place, args: readonly string[]): void {
  const { exitCode, stdout, stderr } = machine.run(['qemu-img', ...args])
  if (exitCode !== 0) throw new Refusal(stderr)
  voice.out(stdout)
}

/** Data and all, unless clones hang on it. */
export function freeVolume(place: Place, volume: Volume): void {
  const { machine, voice } = place
  activate(machine, voice, volume.section)
  if (hasClones(place, volume))
    throw new Refusal(`base volume '${volume.id.replace(/^[^:]+:/, '')}' is still in use by linked clones\n`)
  free(machine, voice, volume)
}

/** Whether a linked clone of it is on its storage. */
export function hasClones(place: Place, volume: Volume): boolean {
  if (!volume.isBase) return false
  const name = volume.id.replace(/^.*[:/](?=[^/]*$)/, '')
  const base = isOnPool(volume) ? name : `${volume.owner}/${name}`
  return volumesOn(place, volume.section, null).some((each) => each.base === base)
}

/** Volumes of that guest, or of all. A linked clone has its base in its id. */
export function volumesOn(place: Place, section: Section, vmid: string | null): Volume[] {
  const ids = section.type.name === 'zfspool' ? zvolsOn(place, section) : imagesOn(place, section, vmid)
  return ids
    .map((id) => volumeNamed(place.machine, place.voice, `${section.id}:${id}`))
    .filter(({ owner }) => vmid === null || owner === vmid)
}

function zvolsOn({ machine, voice }: Place, section: Section): string[] {
  const pool = textOf(section, 'pool') ?? ''
  const list = zfs(machine, voice, ['zfs', 'list', '-Hp', '-o', 'name,origin', '-t', 'volume', '-d', '1', pool])
  return list.split('\n').flatMap((line) => {
    const [name = '', origin = '-'] = line.split('\t')
    const own = name.slice(pool.length + 1)
    if (!/^(vm|base)-\d+-\S+$/.test(own)) return []
    const base = origin.startsWith(`${pool}/`) ? /^(\S+)@__base__$/.exec(origin.slice(pool.length + 1))?.[1] : undefined
    return [base === undefined ? own : `${base}/${own}`]
  })
}

function imagesOn({ machine }: Place, section: Section, vmid: string | null): string[] {
  if (!section.values.has('path')) return []
  const folder = folderOf(section, 'images')
  const owners = vmid === null ? (machine.listDir(folder) ?? []).filter((name) => /^\d+$/.test(name)) : [vmid]
  return owners.flatMap((owner) =>
    (machine.listDir(`${folder}/${owner}`) ?? [])
      .filter((name) => /^(vm|base)-\d+-\S+\.(raw|qcow2|vmdk)$/.test(name))
      .map((name) => {
        const backing = imageInfo(machine, `${folder}/${owner}/${name}`)?.backing ?? ''
        const base = /^\.\.\/(\d+\/[^/]+)$/.exec(backing)?.[1]
        return base === undefined ? `${owner}/${name}` : `${base}/${owner}/${name}`
      }),
  )
}

/** A new volume that shares what it doesn't change with its base. */
export function linkedClone(place: Place, volume: Volume): Volume {
  const { machine, voice, vmid } = place
  activate(machine, voice, volume.section)
  const base = volume.id.replace(/^[^:]+:/, '')
  if (isOnPool(volume)) {
    const name = freeStem(datasetsIn(machine, voice, volume.section), vmid, 'raw')
    const own = base.replace(/^.*\//, '')
    zfs(machine, voice, ['zfs', 'clone', `${volume.place}@__base__`, `${textOf(volume.section, 'pool')}/${name}`])
    return volumeNamed(machine, voice, `${volume.section.id}:${own}/${name}`)
  }
  const folder = `${folderOf(volume.section, 'images')}/${vmid}`
  makeFolders(machine, folder)
  const name = `${freeStem(machine.listDir(folder) ?? [], vmid, 'qcow2')}.qcow2`
  const own = `${volume.owner}/${base.replace(/^.*\//, '')}`
  voice.warn(`clone ${base}: images, ${name}, ${vmid} to ${name} (base=../${own})\n`)
  qemuImg(place, ['create', '-f', 'qcow2', '-F', volume.format, '-b', `../${own}`, `${folder}/${name}`])
  return volumeNamed(machine, voice, `${volume.section.id}:${own}/${vmid}/${name}`)
}

export function grow(place: Place, volume: Volume, bytes: number): void {
  const { machine, voice } = place
  if (isOnPool(volume)) zfs(machine, voice, ['zfs', 'set', `volsize=${aligned(bytes)}`, volume.place])
  else if (!/^(raw|qcow2)$/.test(volume.format)) throw new Refusal("can't resize this image format\n")
  else if (!machine.isRunning(place.vmid)) qemuImg(place, ['resize', '-f', volume.format, volume.place, String(bytes)])
  // While it runs its emulator does it, and says nothing.
  else machine.run(['qemu-img', 'resize', '-f', volume.format, volume.place, String(bytes)])
}

/** Copies an image onto a volume; how far it got is told now and then, here twice. */
export function copyOnto(
  { machine, voice }: Place,
  source: string,
  format: string | null,
  target: Volume,
  bytes: number,
): void {
  const from = format === null ? [] : ['-f', format]
  const argv = ['qemu-img', 'convert', '-p', '-n', ...from, '-O', target.format, source, pathOf(target)]
  const { exitCode, stderr } = machine.run(argv)
  if (exitCode !== 0)
    throw new Refusal(`copy failed: command '${argv.join(' ')}' failed: exit code ${exitCode}\n${stderr}`)
  for (const percent of [0, 100])
    voice.out(`transferred ${inUnits((bytes * percent) / 100)} of ${inUnits(bytes)} (${percent.toFixed(2)}%)\n`)
}

function inUnits(bytes: number): string {
  let rest = bytes
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (rest < 1024) return `${rest.toFixed(1)} ${unit}`
    rest /= 1024
  }
  return `${rest.toFixed(1)} TiB`
}

/** What volumes of a kind can do, by pve-storage's tables. */
export function canDo(volume: Volume, feature: 'snapshot' | 'clone' | 'copy', ofSnapshot = false): boolean {
  if (feature === 'clone') return volume.isBase && !ofSnapshot
  if (feature === 'copy') return !ofSnapshot || (!isOnPool(volume) && volume.format === 'qcow2')
  return !volume.isBase && (isOnPool(volume) || volume.format === 'qcow2')
}

/** `take`, `drop` or go back to a snapshot of one volume. */
export function snapshotVolume(
  { machine, voice }: Place,
  volume: Volume,
  verb: 'take' | 'drop' | 'roll back',
  name: string,
): void {
  if (isOnPool(volume)) {
    const zfsVerb = { take: 'snapshot', drop: 'destroy', 'roll back': 'rollback' }[verb]
    zfs(machine, voice, ['zfs', zfsVerb, `${volume.place}@${name}`])
    return
  }
  const flag = { take: '-c', drop: '-d', 'roll back': '-a' }[verb]
  const { exitCode, stderr } = machine.run(['qemu-img', 'snapshot', flag, name, volume.place])
  if (exitCode === 0) return
  voice.warn(stderr)
  throw new Refusal(
    `command '/usr/bin/qemu-img snapshot ${flag} ${name} ${volume.place}' failed: exit code ${exitCode}\n`,
  )
}
