/** A container's volumes: images and folders on directory storages, datasets with a refquota on zfspool storages. */
import { activate, folderOf, makeFolders, zfs } from '../activate.ts'
import { type Section, textOf, wordsOf } from '../config.ts'
import { datasetSize, datasetsIn, isOnPool, storageNamed, type Volume, volumeNamed } from '../guest-volumes.ts'
import { formattingLine, imageSize, imageText } from '../images.ts'
import type { Surroundings, Voice } from '../surroundings.ts'
import { freeStem } from '../volumes.ts'

export const holdsContainers = (section: Section): boolean => wordsOf(section, 'content')?.includes('rootdir') === true

/** Bytes; null when it isn't there. A folder has none, and neither has a dataset without refquota. */
export function sizeOf(machine: Surroundings, volume: Volume): number | null {
  if (isOnPool(volume)) return datasetSize(machine, volume)
  if (!machine.exists(volume.place)) return null
  return volume.format === 'subvol' ? 0 : imageSize(machine.readFile(volume.place))
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
    voice.out(formattingLine(`${folder}/${name}`, 'raw', bytes))
    voice.out(`Creating filesystem with ${bytes / 4096} 4k blocks and ${bytes / 16384} inodes\n`)
  }
  return `${storage}:${vmid}/${name}`
}

/** Where the host has its files. */
export function folderOfVolume({ section, place }: Volume): string {
  const pool = textOf(section, 'pool')
  return pool === undefined ? place : `${textOf(section, 'mountpoint') ?? `/${pool}`}${place.slice(pool.length)}`
}

/** What is made new belongs to the container's root, as numbers of the host (PVE::LXC, create_disks). */
export function give(machine: Surroundings, voice: Voice, id: string, owner: string): void {
  const volume = volumeNamed(machine, voice, id)
  if (volume.format === 'subvol') machine.run(['chown', owner, folderOfVolume(volume)])
}

/** Null when it worked, else why not; pct goes on with exit code 0 (pct.jsonl n=89). */
export function grow(machine: Surroundings, volume: Volume, bytes: number): string | null {
  if (isOnPool(volume)) {
    const property = volume.format === 'subvol' ? 'refquota' : 'volsize'
    const { exitCode, stderr } = machine.run(['zfs', 'set', `${property}=${bytes / 1024}k`, volume.place])
    return exitCode === 0 ? null : `zfs error: ${stderr.trim()}\n`
  }
  if (volume.format === 'subvol') return "can't resize this image format\n"
  machine.writeFile(volume.place, imageText(bytes), 0o640)
  return null
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
