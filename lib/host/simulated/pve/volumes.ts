/** Volumes of directory storages (`list`, `alloc`, `free`, `path`) and `scan`: enough to set a scene and to look at one. */
import { NotSimulated } from '../tool.ts'
import { activate, folderOf, makeFolders, sectionNamed, zfs } from './activate.ts'
import { readConfig, type Section, textOf, wordsOf } from './config.ts'
import { formattingLine, imageSize, imageText } from './images.ts'
import type { Parameters } from './options.ts'
import { Refusal, type Surroundings, type Voice } from './surroundings.ts'

interface Volume {
  readonly id: string
  readonly format: string
  readonly content: string
  readonly size: number
  readonly vmid: string | null
}

export function listVolumes(machine: Surroundings, voice: Voice, given: Parameters): void {
  const section = sectionNamed(readConfig(machine, voice), given.get('storage') ?? '')
  activate(machine, voice, section)
  requireDirectory(section, 'list')
  const wanted = given.get('content')
  const vmid = given.get('vmid')
  const volumes = (wordsOf(section, 'content') ?? [])
    .filter((content) => wanted === undefined || content === wanted)
    .flatMap((content) => volumesOf(machine, section, content))
    .filter((volume) => vmid === undefined || volume.vmid === vmid)
    .sort((one, other) => (one.id < other.id ? -1 : 1))
  const name = Math.max(0, ...volumes.map((volume) => volume.id.length))
  const digits = String(Math.max(0, ...volumes.map((volume) => volume.size))).length
  const row = (id: string, format: string, content: string, size: string, last: string): string =>
    `${id.padEnd(name)} ${format.padEnd(7)} ${content.padEnd(9)} ${size.padStart(digits)}${last}\n`
  voice.out(row('Volid', 'Format', 'Type', 'Size', ' VMID'))
  for (const { id, format, content, size, vmid: owner } of volumes) {
    voice.out(row(id, format, content, String(size), owner === null ? '' : ` ${owner}`))
  }
}

function volumesOf(machine: Surroundings, section: Section, content: string): Volume[] {
  if (content === 'none' || content === 'import') return []
  if (content === 'images' || content === 'rootdir') return guestVolumes(machine, section, content)
  const folder = folderOf(section, content)
  const inside = content === 'iso' || content === 'vztmpl' || content === 'snippets' ? content : 'backup'
  return (machine.listDir(folder) ?? [])
    .filter((name) => filePattern(inside).test(name))
    .map((name) => ({
      id: `${section.id}:${inside}/${name}`,
      format: formatOf(inside, name),
      content: inside,
      size: machine.readFile(`${folder}/${name}`)?.length ?? 0,
      vmid: inside === 'backup' ? (/^vzdump-\w+-(\d+)-/.exec(name)?.[1] ?? null) : null,
    }))
}

const patterns: Readonly<Record<string, RegExp>> = {
  iso: /\.(iso|img)$/i,
  vztmpl: /\.tar(\.(gz|xz|zst|bz2))?$/,
  backup: /^vzdump-.+\.(tgz|(tar|vma)(\.(gz|lzo|zst))?)$/,
  snippets: /./,
}
const filePattern = (content: string): RegExp => patterns[content] ?? /./
const formatOf = (content: string, name: string): string =>
  content === 'snippets' ? 'snippet' : content === 'iso' ? 'iso' : (/\.((?:tar|vma).*|tgz)$/.exec(name)?.[1] ?? 'raw')

/** A volume is `rootdir` when a container of that number exists, else `images` (pvesm.jsonl n=130: subvol without one). */
function guestVolumes(machine: Surroundings, section: Section, content: string): Volume[] {
  const folder = folderOf(section, 'images')
  const owners = (machine.listDir(folder) ?? []).filter((name) => /^\d+$/.test(name))
  return owners
    .filter((vmid) => machine.exists(`/etc/pve/lxc/${vmid}.conf`) === (content === 'rootdir'))
    .flatMap((vmid) =>
      (machine.listDir(`${folder}/${vmid}`) ?? [])
        .filter((name) => imageName.test(name))
        .map((name) => ({
          id: `${section.id}:${vmid}/${name}`,
          format: imageName.exec(name)?.[1] ?? 'raw',
          content,
          size: imageSize(machine.readFile(`${folder}/${vmid}/${name}`)),
          vmid,
        })),
    )
}

const imageName = /^(?:vm-|base-|subvol-)\d+-[^/\s]+\.(raw|qcow2|vmdk|subvol)$/

export function allocVolume(machine: Surroundings, voice: Voice, given: Parameters): void {
  const section = sectionNamed(readConfig(machine, voice), given.get('storage') ?? '')
  const vmid = given.get('vmid') ?? ''
  activate(machine, voice, section)
  requireDirectory(section, 'alloc')
  const folder = `${folderOf(section, 'images')}/${vmid}`
  const told = given.get('filename') ?? ''
  const format =
    given.get('format') ?? /\.(raw|qcow2|vmdk|subvol)$/.exec(told)?.[1] ?? textOf(section, 'format') ?? 'raw'
  const name = told === '' ? freeName(machine, folder, vmid, format) : told
  const itsFormat = imageName.exec(name)?.[1]
  if (itsFormat === undefined) throw new Refusal(`unable to parse volume filename '${name}'\n`)
  if (itsFormat !== format) {
    throw new Refusal(`illegal name '${name}' - wrong extension for format ('${itsFormat} != '${format}')\n`)
  }
  makeFolders(machine, folder)
  const path = `${folder}/${name}`
  if (machine.exists(path)) throw new Refusal(`disk image '${path}' already exists\n`)
  if (format === 'subvol') makeFolders(machine, path)
  else {
    const size = bytesOf(given.get('size') ?? '')
    machine.writeFile(path, imageText(size, format), 0o640)
    voice.out(formattingLine(path, format, size))
  }
  voice.out(`successfully created '${section.id}:${vmid}/${name}'\n`)
}

function freeName(machine: Surroundings, folder: string, vmid: string, format: string): string {
  return `${freeStem(machine.listDir(folder) ?? [], vmid, format)}.${format}`
}

/** Numbers are shared by all kinds of volumes: beside `subvol-102-disk-0.subvol` comes `vm-102-disk-1.raw` (pct.jsonl n=28). */
export function freeStem(taken: readonly string[], vmid: string, format: string): string {
  const numbered = new RegExp(`^(?:vm|base|subvol|basevol)-${vmid}-disk-(\\d+)(?:\\.|$)`)
  const numbers = new Set(taken.flatMap((name) => numbered.exec(name)?.[1] ?? []))
  let number = 0
  while (numbers.has(String(number))) number++
  return `${format === 'subvol' ? 'subvol' : 'vm'}-${vmid}-disk-${number}`
}

/** Without a unit it is KiB. */
function bytesOf(size: string): number {
  const number = Number.parseInt(size, 10)
  return number * 1024 * (size.endsWith('G') ? 1024 * 1024 : size.endsWith('M') ? 1024 : 1)
}

/** A volume that isn't there is complained about on stdout, and yet `Removed` (n=148). */
export function freeVolume(machine: Surroundings, voice: Voice, given: Parameters): void {
  const volume = given.get('volume') ?? ''
  const id = volume.includes(':') ? volume : `${given.get('storage') ?? ''}:${volume}`
  const { section, name } = volumeNamed(machine, voice, id)
  activate(machine, voice, section)
  const path = pathOf(section, name)
  if (machine.exists(path)) {
    machine.remove(path)
    const folder = path.slice(0, path.lastIndexOf('/'))
    if (/^\d+\//.test(name) && machine.listDir(folder)?.length === 0) machine.remove(folder)
  } else voice.out(`disk image '${path}' does not exist\n`)
  voice.out(`Removed volume '${id}'\n`)
}

export function showPath(machine: Surroundings, voice: Voice, given: Parameters): void {
  const { section, name } = volumeNamed(machine, voice, given.get('volume') ?? '')
  voice.out(`${pathOf(section, name)}\n`)
}

function volumeNamed(machine: Surroundings, voice: Voice, id: string): { section: Section; name: string } {
  const colon = id.indexOf(':')
  return { section: sectionNamed(readConfig(machine, voice), id.slice(0, colon)), name: id.slice(colon + 1) }
}

function pathOf(section: Section, name: string): string {
  if (section.type.name === 'zfspool') return poolPath(section, name)
  requireDirectory(section, 'path')
  const [content = '', rest] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)]
  if (/^\d+$/.test(content) && imageName.test(rest.slice(rest.indexOf('/') + 1))) {
    return `${folderOf(section, 'images')}/${content}/${rest}`
  }
  if (content in patterns && filePattern(content).test(rest)) return `${folderOf(section, content)}/${rest}`
  throw new Refusal(`unable to parse directory volume name '${name}'\n`)
}

function poolPath(section: Section, name: string): string {
  const pool = textOf(section, 'pool') ?? ''
  if (/^(vm|base)-\d+-\S+$/.test(name)) return `/dev/zvol/${pool}/${name}`
  if (/^(subvol|basevol)-\d+-\S+$/.test(name)) return `${textOf(section, 'mountpoint') ?? `/${pool}`}/${name}`
  throw new Refusal(`unable to parse zfs volume name '${name}'\n`)
}

function requireDirectory(section: Section, verb: string): void {
  if (section.values.has('path')) return
  throw new NotSimulated(`pvesm ${verb} on a storage of type ${section.type.name} ('${section.id}')`)
}

/** File systems without those that belong to a container. */
export function scanZfs(machine: Surroundings, voice: Voice): void {
  const text = zfs(machine, voice, ['zfs', 'list', '-t', 'filesystem', '-Hp', '-o', 'name,avail,used'])
  for (const line of text.split('\n')) {
    const [name = ''] = line.split('\t')
    if (name !== '' && !/\/(subvol|basevol)-\d+-[^/]+$/.test(name)) voice.out(`${name}\n`)
  }
}

export function scanNfs(machine: Surroundings, voice: Voice, given: Parameters): void {
  const server = given.get('server') ?? ''
  const { exitCode, stdout, stderr } = machine.run(['showmount', '--no-headers', '--exports', server])
  voice.warn(stderr)
  if (exitCode !== 0) {
    throw new Refusal(`command '/sbin/showmount --no-headers --exports ${server}' failed: exit code ${exitCode}\n`)
  }
  voice.out(stdout)
}
