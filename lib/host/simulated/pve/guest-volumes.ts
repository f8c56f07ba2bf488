/** Volumes of guests by their ids, on directory storages (images and folders) and on zfspool storages (datasets). */
import { NotSimulated } from '../tool.ts'
import { folderOf, sectionNamed, zfs } from './activate.ts'
import { readConfig, type Section, textOf } from './config.ts'
import { Refusal, type Surroundings, type Voice } from './surroundings.ts'

export interface Volume {
  readonly id: string
  readonly section: Section
  /** `images` is a guest's; the rest is what any guest may read. */
  readonly content: 'images' | 'iso' | 'import' | 'snippets' | 'vztmpl' | 'backup'
  /** Number of the guest that it belongs to, by its name. */
  readonly owner: string
  readonly format: string
  readonly isBase: boolean
  /** What it is a linked clone of, as the id names it: `base-900-disk-0`, `900/base-900-disk-0.qcow2`. */
  readonly base: string | null
  /** Dataset, or path of the image or folder. */
  readonly place: string
}

export const storageNamed = (machine: Surroundings, voice: Voice, id: string): Section =>
  sectionNamed(readConfig(machine, voice), id)

export const isOnPool = ({ section }: Volume): boolean => section.type.name === 'zfspool'

/** Null for what is no id of a volume, such as a path. */
export function splitId(id: string): { storage: string; name: string } | null {
  const [, storage, name] = /^([a-z][a-z0-9\-_.]*[a-z0-9]):(.+)$/i.exec(id) ?? []
  return storage === undefined || name === undefined ? null : { storage, name }
}

export function volumeNamed(machine: Surroundings, voice: Voice, id: string): Volume {
  const parts = splitId(id)
  if (parts === null) throw new Refusal(`unable to parse volume ID '${id}'\n`)
  const section = storageNamed(machine, voice, parts.storage)
  return section.type.name === 'zfspool' ? datasetVolume(section, id, parts.name) : fileVolume(section, id, parts.name)
}

function datasetVolume(section: Section, id: string, name: string): Volume {
  const [, base, own, kind, owner] =
    /^(?:((?:base|basevol)-\d+-\S+)\/)?((subvol|basevol|vm|base)-(\d+)-\S+)$/.exec(name) ?? []
  if (own === undefined || kind === undefined || owner === undefined)
    throw new Refusal(`unable to parse zfs volume name '${name}'\n`)
  return {
    id,
    section,
    content: 'images',
    owner,
    format: kind.endsWith('vol') ? 'subvol' : 'raw',
    isBase: kind.startsWith('base'),
    base: base ?? null,
    place: `${textOf(section, 'pool')}/${own}`,
  }
}

const others: Readonly<Record<string, RegExp>> = {
  iso: /\.(?:iso|img)$/i,
  import: /\.(qcow2|raw|vmdk)$/,
  snippets: /./,
  vztmpl: /\.tar(\.(gz|xz|zst|bz2))?$/,
  backup: /^vzdump-.+\.(tgz|(tar|vma)(\.(gz|lzo|zst))?)$/,
}

function fileVolume(section: Section, id: string, name: string): Volume {
  if (!section.values.has('path')) throw new NotSimulated(`volumes of a storage of type ${section.type.name}`)
  const [, content = '', file = ''] = /^([a-z]+)\/([^/]+)$/.exec(name) ?? []
  if (isOther(content) && others[content]?.test(file) === true) {
    const format = content === 'import' ? (others.import?.exec(file)?.[1] ?? 'raw') : 'raw'
    const place = `${folderOf(section, content)}/${file}`
    return { id, section, content, owner: '', format, isBase: false, base: null, place }
  }
  const [, base, owner, image] = /^(?:(\d+\/\S+)\/)?(\d+)\/([^/\s]+)$/.exec(name) ?? []
  if (owner === undefined || image === undefined) throw new Refusal(`unable to parse directory volume name '${name}'\n`)
  const [, kind = '', format] = /^(?:(vm-|base-|subvol-)\d+-)?[^/\s]+\.(raw|qcow2|vmdk|subvol)$/.exec(image) ?? []
  if (format === undefined) throw new Refusal(`unable to parse volume filename '${image}'\n`)
  const place = `${folderOf(section, 'images')}/${owner}/${image}`
  return { id, section, content: 'images', owner, format, isBase: kind === 'base-', base: base ?? null, place }
}

const isOther = (word: string): word is Exclude<Volume['content'], 'images'> => Object.hasOwn(others, word)

export function exists(machine: Surroundings, volume: Volume): boolean {
  if (!isOnPool(volume)) return machine.exists(volume.place)
  return machine.run(['zfs', 'list', '-H', '-o', 'name', volume.place]).exitCode === 0
}

/** Bytes that a dataset is limited to; null when it isn't there, 0 when there is no limit. */
export function datasetSize(machine: Surroundings, volume: Volume): number | null {
  const property = volume.format === 'subvol' ? 'refquota' : 'volsize'
  const { exitCode, stdout } = machine.run(['zfs', 'get', '-Hp', '-o', 'value', property, volume.place])
  return exitCode === 0 ? Number(stdout.trim()) || 0 : null
}

export function datasetsIn(machine: Surroundings, voice: Voice, section: Section): string[] {
  const pool = textOf(section, 'pool') ?? ''
  const list = zfs(machine, voice, ['zfs', 'list', '-Hp', '-o', 'name', '-t', 'volume,filesystem', '-d', '1', pool])
  return list.split('\n').map((name) => name.slice(pool.length + 1))
}

/** Data and all. Of a volume that is gone already there is no complaint that reaches the exit code. */
export function free(machine: Surroundings, voice: Voice, volume: Volume): void {
  if (isOnPool(volume)) {
    if (exists(machine, volume)) zfs(machine, voice, ['zfs', 'destroy', '-r', volume.place])
    return
  }
  if (!machine.exists(volume.place)) {
    voice.warn(`disk image '${volume.place}' does not exist\n`)
    return
  }
  machine.remove(volume.place)
  const folder = volume.place.slice(0, volume.place.lastIndexOf('/'))
  if (machine.listDir(folder)?.length === 0) machine.remove(folder)
}

/** A template's volume: `vm-` becomes `base-`, `subvol-` becomes `basevol-`; a dataset gets a snapshot that clones hang on. */
export function makeBase(machine: Surroundings, voice: Voice, volume: Volume): string {
  const rename = (text: string): string =>
    isOnPool(volume)
      ? text.replace(/(?<=[:/])(subvol|vm)-(?=[^/]*$)/, (word) => (word === 'vm-' ? 'base-' : 'basevol-'))
      : text.replace(/\/(?:vm|subvol)-(?=[^/]*$)/, '/base-')
  const place = rename(volume.place)
  if (isOnPool(volume)) {
    zfs(machine, voice, ['zfs', 'rename', volume.place, place])
    zfs(machine, voice, ['zfs', 'snapshot', `${place}@__base__`])
  } else machine.rename(volume.place, place)
  return rename(volume.id)
}

/** ZFS rolls back to the latest snapshot alone. */
export function requireLatest(machine: Surroundings, voice: Voice, volume: Volume, snapshot: string): void {
  const columns = ['-t', 'snapshot', '-s', 'creation', '-o', 'name']
  const list = zfs(machine, voice, ['zfs', 'list', '-Hp', '-d', '1', ...columns, volume.place])
  const names = list.split('\n').filter((name) => name !== '')
  if (!names.includes(`${volume.place}@${snapshot}`))
    throw new Refusal(`can't rollback, snapshot '${snapshot}' does not exist on '${volume.id}'\n`)
  if (names.at(-1) !== `${volume.place}@${snapshot}`)
    throw new Refusal(`can't rollback, '${snapshot}' is not most recent snapshot on '${volume.id}'\n`)
}
