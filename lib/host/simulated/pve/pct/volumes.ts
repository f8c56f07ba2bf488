/** A container's volumes on directory storages (images and folders) and on zfspool storages (datasets with a refquota). */
import { NotSimulated } from '../../tool.ts'
import { activate, folderOf, makeFolders, sectionNamed, zfs } from '../activate.ts'
import { readConfig, type Section, textOf, wordsOf } from '../config.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import { freeStem, imageSize, imageText } from '../volumes.ts'

export interface Volume {
  readonly id: string
  readonly section: Section
  /** Number of the guest that it belongs to, by its name. */
  readonly owner: string
  readonly format: 'raw' | 'subvol' | 'qcow2'
  readonly isBase: boolean
  /** Dataset, or path of the image or folder. */
  readonly place: string
}

export const storageNamed = (machine: Surroundings, voice: Voice, id: string): Section =>
  sectionNamed(readConfig(machine, voice), id)

export const holdsContainers = (section: Section): boolean => wordsOf(section, 'content')?.includes('rootdir') === true

export function volumeNamed(machine: Surroundings, voice: Voice, id: string): Volume {
  const [, storage, name] = /^([a-z][a-z0-9\-_.]*[a-z0-9]):(.+)$/i.exec(id) ?? []
  if (storage === undefined || name === undefined) throw new Refusal(`unable to parse volume ID '${id}'\n`)
  const section = storageNamed(machine, voice, storage)
  return section.type.name === 'zfspool' ? datasetVolume(section, id, name) : fileVolume(section, id, name)
}

function datasetVolume(section: Section, id: string, name: string): Volume {
  // A linked clone names its base before it: `basevol-900-disk-0/subvol-120-disk-0`.
  const own = name.slice(name.indexOf('/') + 1)
  const [, kind, owner] = /^(subvol|basevol|vm|base)-(\d+)-\S+$/.exec(own) ?? []
  if (kind === undefined || owner === undefined) throw new Refusal(`unable to parse zfs volume name '${name}'\n`)
  const format = kind.endsWith('vol') ? 'subvol' : 'raw'
  return { id, section, owner, format, isBase: kind.startsWith('base'), place: `${textOf(section, 'pool')}/${own}` }
}

function fileVolume(section: Section, id: string, name: string): Volume {
  if (!section.values.has('path')) throw new NotSimulated(`pct: volumes of a storage of type ${section.type.name}`)
  const [, owner, kind, format] = /^(\d+)\/(vm|base|subvol)-\d+-[^/\s]+\.(raw|qcow2|subvol)$/.exec(name) ?? []
  if (owner === undefined || !isFormat(format)) throw new Refusal(`unable to parse directory volume name '${name}'\n`)
  return { id, section, owner, format, isBase: kind === 'base', place: `${folderOf(section, 'images')}/${name}` }
}

const isFormat = (word: string | undefined): word is Volume['format'] =>
  word === 'raw' || word === 'subvol' || word === 'qcow2'

export function exists(machine: Surroundings, volume: Volume): boolean {
  if (volume.section.type.name !== 'zfspool') return machine.exists(volume.place)
  return machine.run(['zfs', 'list', '-H', '-o', 'name', volume.place]).exitCode === 0
}

/** Bytes; null when it isn't there. A folder has none, and neither has a dataset without refquota. */
export function sizeOf(machine: Surroundings, volume: Volume): number | null {
  if (volume.section.type.name !== 'zfspool') {
    if (!machine.exists(volume.place)) return null
    return volume.format === 'subvol' ? 0 : imageSize(machine.readFile(volume.place))
  }
  const property = volume.format === 'subvol' ? 'refquota' : 'volsize'
  const { exitCode, stdout } = machine.run(['zfs', 'get', '-Hp', '-o', 'value', property, volume.place])
  return exitCode === 0 ? Number(stdout.trim()) || 0 : null
}

/** The id of a new, empty volume. Of 0 bytes it is a folder on a directory storage, and without limit on ZFS. */
export function allocate(machine: Surroundings, voice: Voice, vmid: string, storage: string, bytes: number): string {
  const section = storageNamed(machine, voice, storage)
  activate(machine, voice, section)
  if (section.type.name === 'zfspool') {
    const name = freeStem(datasetsIn(machine, voice, section), vmid, 'subvol')
    const quota = bytes === 0 ? 'none' : `${bytes / 1024}k`
    const options = ['acltype=posixacl', 'xattr=sa', `refquota=${quota}`].flatMap((option) => ['-o', option])
    zfs(machine, voice, ['zfs', 'create', ...options, `${textOf(section, 'pool')}/${name}`])
    return `${storage}:${name}`
  }
  const format = bytes === 0 ? 'subvol' : 'raw'
  const folder = `${folderOf(section, 'images')}/${vmid}`
  makeFolders(machine, folder)
  const name = `${freeStem(machine.listDir(folder) ?? [], vmid, format)}.${format}`
  if (format === 'subvol') makeFolders(machine, `${folder}/${name}`)
  else {
    machine.writeFile(`${folder}/${name}`, imageText(bytes), 0o640)
    voice.out(`Formatting '${folder}/${name}', fmt=raw size=${bytes} preallocation=off\n`)
    voice.out(`Creating filesystem with ${bytes / 4096} 4k blocks and ${bytes / 16384} inodes\n`)
  }
  return `${storage}:${vmid}/${name}`
}

export function datasetsIn(machine: Surroundings, voice: Voice, section: Section): string[] {
  const pool = textOf(section, 'pool') ?? ''
  const list = zfs(machine, voice, ['zfs', 'list', '-Hp', '-o', 'name', '-t', 'volume,filesystem', '-d', '1', pool])
  return list.split('\n').map((name) => name.slice(pool.length + 1))
}

/** Data and all. Of a volume that is gone already there is no complaint that reaches the exit code. */
export function free(machine: Surroundings, voice: Voice, volume: Volume): void {
  if (volume.section.type.name === 'zfspool') {
    if (exists(machine, volume)) zfs(machine, voice, ['zfs', 'destroy', '-r', volume.place])
    return
  }
  if (!machine.exists(volume.place)) voice.warn(`disk image '${volume.place}' does not exist\n`)
  machine.remove(volume.place)
  const folder = volume.place.slice(0, volume.place.lastIndexOf('/'))
  if (machine.listDir(folder)?.length === 0) machine.remove(folder)
}

/** Null when it worked, else why not; pct goes on with exit code 0 (pct.jsonl n=89). */
export function grow(machine: Surroundings, volume: Volume, bytes: number): string | null {
  if (volume.section.type.name === 'zfspool') {
    const property = volume.format === 'subvol' ? 'refquota' : 'volsize'
    const { exitCode, stderr } = machine.run(['zfs', 'set', `${property}=${bytes / 1024}k`, volume.place])
    return exitCode === 0 ? null : `zfs error: ${stderr.trim()}\n`
  }
  if (volume.format === 'subvol') return "can't resize this image format\n"
  machine.writeFile(volume.place, imageText(bytes), 0o640)
  return null
}

/** A template's volume: `vm-` becomes `base-`, `subvol-` becomes `basevol-` with a snapshot that clones hang on. */
export function makeBase(machine: Surroundings, voice: Voice, volume: Volume): string {
  if (volume.section.type.name === 'zfspool') {
    const rename = (text: string): string =>
      text.replace(/(?<=[:/])(?=subvol-|vm-)(sub)?(vol|vm)-(?=[^/]*$)/, (word) =>
        word === 'vm-' ? 'base-' : 'basevol-',
      )
    const place = rename(volume.place)
    zfs(machine, voice, ['zfs', 'rename', volume.place, place])
    zfs(machine, voice, ['zfs', 'snapshot', `${place}@__base__`])
    return rename(volume.id)
  }
  const rename = (text: string): string => text.replace(/\/(?:vm|subvol)-(?=[^/]*$)/, '/base-')
  const content = machine.readFile(volume.place)
  machine.remove(volume.place)
  if (content === null) makeFolders(machine, rename(volume.place))
  else machine.writeFile(rename(volume.place), content, 0o440)
  return rename(volume.id)
}

/** Ids of the volumes on a storage that carry this guest's number. */
export function volumesOfGuest(machine: Surroundings, voice: Voice, section: Section, vmid: string): string[] {
  if (section.type.name === 'zfspool') {
    const own = new RegExp(`^(?:subvol|basevol)-${vmid}-`)
    return datasetsIn(machine, voice, section).flatMap((name) => (own.test(name) ? `${section.id}:${name}` : []))
  }
  if (!section.values.has('path')) return []
  const names = machine.listDir(`${folderOf(section, 'images')}/${vmid}`) ?? []
  return names.map((name) => `${section.id}:${vmid}/${name}`)
}
