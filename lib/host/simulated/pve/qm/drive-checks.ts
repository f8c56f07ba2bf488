/** What is looked at in the drives of a command line before anything is touched (PVE::API2::Qemu). */
import { folderOf } from '../activate.ts'
import { readConfig } from '../config.ts'
import { splitId, storageNamed, type Volume, volumeNamed } from '../guest-volumes.ts'
import { type Parameters, parameterErrors } from '../options.ts'
import type { Values } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { fileOf, isCdrom, isDrive, isUnused, newDisk, parseDrive, printDrive } from './drives.ts'
import type { QmCall } from './verb.ts'
import { holdsImages } from './volumes.ts'

const refused = ({ verb }: QmCall, name: string, why: string): Refusal => parameterErrors(verb, new Map([[name, why]]))

const drivesIn = (given: Parameters): [name: string, text: string][] =>
  [...given].filter(([name]) => isDrive(name)).sort(([one], [other]) => (one < other ? -1 : 1))

/** `cdrom` is `ide2` with a medium in it. */
export function resolveCdrom(given: Parameters): void {
  const value = given.get('cdrom')
  if (value === undefined) return
  given.delete('cdrom')
  given.set('ide2', value.includes('media=') ? value : `${value},media=cdrom`)
}

/** Each drive as it will be kept: paths into a storage become ids. */
export function checkDrives(call: QmCall): void {
  for (const [name, text] of drivesIn(call.given)) {
    const drive = parsed(call, name, text)
    checkSource(call, name, drive)
    const path = fileOf(drive)
    const isMedium = /^(cdrom|none)$/.test(path)
    if (!isMedium && !path.startsWith('/dev/') && splitId(path) === null && !/^\d+$/.test(path)) {
      const found = associated(call, path)
      if (found === null) throw refused(call, name, `unable to associate path '${path}' to any storage`)
      drive.set('file', found.id)
      if (found.content === 'iso' && !drive.has('media')) drive.set('media', 'cdrom')
    }
    if (isMedium && !drive.has('media')) drive.set('media', 'cdrom')
    const isNew = newDisk(fileOf(drive)) !== null || splitId(fileOf(drive))?.name === 'cloudinit'
    if (!isNew && splitId(fileOf(drive)) !== null && !isCdrom(drive)) {
      const { content } = volumeNamed(call.machine, call.voice, fileOf(drive))
      if (content === 'iso') throw refused(call, name, "explicit 'media=cdrom' is required for iso images")
    }
    call.given.set(name, printDrive(drive))
  }
}

function parsed(call: QmCall, name: string, text: string): Values {
  try {
    return parseDrive(name, text)
  } catch (error) {
    if (error instanceof Refusal) throw refused(call, name, 'unable to parse drive options')
    throw error
  }
}

function checkSource(call: QmCall, name: string, drive: Values): void {
  if (!drive.has('import-from')) return
  if (newDisk(fileOf(drive))?.bytes !== 0) {
    const syntax = "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>"
    throw refused(call, name, syntax)
  }
  const needed = { efidisk0: ['efitype', 'pre-enrolled-keys'], tpmstate0: ['version'] }[name] ?? []
  const missing = needed.find((key) => !drive.has(key))
  if (missing !== undefined) throw refused(call, name, `need to specify '${missing}' when using 'import-from'`)
}

/** The volume that lies there on a directory storage. */
function associated({ machine, voice }: QmCall, path: string): Volume | null {
  for (const section of readConfig(machine, voice).sections.values()) {
    if (!section.values.has('path')) continue
    for (const content of ['images', 'iso', 'import', 'snippets']) {
      const folder = `${folderOf(section, content)}/`
      if (!path.startsWith(folder) || !machine.exists(path)) continue
      const name = content === 'images' ? path.slice(folder.length) : `${content}/${path.slice(folder.length)}`
      return volumeNamed(machine, voice, `${section.id}:${name}`)
    }
  }
  return null
}

/** The storages that the drives are to be on, and whether what is there already can be a drive. */
export function checkStorages(call: QmCall, usual: string | undefined): void {
  const { machine, voice, given } = call
  for (const [name, text] of drivesIn(given)) {
    const drive = parsed(call, name, text)
    const file = fileOf(drive)
    const id = splitId(file)
    const wanted = isCdrom(drive) ? null : newDisk(file)
    if (file === 'none' || file === 'cdrom' || id?.name === 'cloudinit') continue
    if (wanted !== null) {
      const storage = wanted.storage ?? usual
      if (storage === undefined) throw new Refusal('no storage ID specified (and no default storage)\n')
      if (!holdsImages(storageNamed(machine, voice, storage)))
        throw refused(call, 'storage', `storage '${storage}' does not support vm images`)
    } else if (id !== null) {
      const { content } = volumeNamed(machine, voice, file)
      if (content !== 'images' && content !== 'iso')
        throw refused(call, name, "content type needs to be 'images' or 'iso'")
    }
    const source = drive.get('import-from')
    if (source === undefined || splitId(source) === null) continue
    const { content } = volumeNamed(machine, voice, source)
    if (content !== 'images' && content !== 'import')
      throw refused(call, name, `${source} has wrong type '${content}' - needs to be 'images' or 'import'`)
  }
  for (const [name, text] of given) {
    if (!isUnused(name)) continue
    const { content } = volumeNamed(machine, voice, fileOf(parsed(call, name, text)))
    if (content !== 'images') throw new Refusal(`unable to use volume ${text} - content type needs to be 'images'\n`)
  }
}
