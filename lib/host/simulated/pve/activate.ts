/**
 * Making a storage usable, and asking how full it is: what `add` tries before it writes, and what `status` does to every
 * storage that is enabled here. Activation changes the machine: it makes folders, imports pools and mounts datasets.
 */
import { NotSimulated } from '../tool.ts'
import { type Config, flagOf, type Section, textOf, wordsOf } from './config.ts'
import { parseBoolean } from './formats.ts'
import { Refusal, type Surroundings, type Usage, type Voice } from './surroundings.ts'

/** Folders of a directory storage by content type; `content-dirs` renames them. */
const folders: Readonly<Record<string, string>> = {
  backup: 'dump',
  images: 'images',
  import: 'import',
  iso: 'template/iso',
  rootdir: 'private',
  snippets: 'snippets',
  vztmpl: 'template/cache',
}

export function sectionNamed(config: Config, id: string): Section {
  const section = config.sections.get(id)
  if (section === undefined || config.broken !== null) {
    throw new Refusal(`storage '${config.broken ?? id}' does not exist\n`)
  }
  return section
}

/** Why the storage isn't for this node, or null. Another node's counts as disabled in `status` (n=109). */
export function disabledHere(machine: Surroundings, section: Section): string | null {
  if (flagOf(section, 'disable') === true) return `storage '${section.id}' is disabled\n`
  const nodes = wordsOf(section, 'nodes')
  if (nodes !== undefined && nodes.length > 0 && !nodes.includes(machine.hostname)) {
    return `storage '${section.id}' is not available on node '${machine.hostname}'\n`
  }
  return null
}

export function activate(machine: Surroundings, voice: Voice, section: Section): void {
  const unusable = disabledHere(machine, section)
  if (unusable !== null) throw new Refusal(unusable)
  switch (section.type.name) {
    case 'dir':
      activateDirectory(machine, section)
      break
    case 'nfs':
      activateNfs(machine, voice, section)
      break
    case 'cifs':
      throw new Refusal(`storage '${section.id}' is not online\n`)
    case 'zfspool':
      activatePool(machine, voice, section)
      break
    default:
      throw new NotSimulated(`pvesm: an enabled storage of type ${section.type.name} ('${section.id}')`)
  }
}

/** Null when the storage can't be used after all. */
export function usageOf(machine: Surroundings, voice: Voice, section: Section): Usage | null {
  if (section.type.name !== 'zfspool') {
    const missing = missingMount(machine, section)
    return missing === null ? machine.usage(textOf(section, 'path') ?? '') : null
  }
  const dataset = textOf(section, 'pool') ?? ''
  const text = zfs(machine, voice, ['zfs', 'get', '-o', 'value', '-Hp', 'available,used', dataset])
  const [available, used] = text.split('\n').map(Number)
  if (available === undefined || used === undefined) return null
  return { available, used, total: available + used }
}

export function folderOf(section: Section, content: string): string {
  const usual = folders[content]
  if (usual === undefined) throw new Refusal(`unknown vtype '${content}'\n`)
  const renamed = wordsOf(section, 'content-dirs')?.find((word) => word.startsWith(`${content}=`))
  return `${textOf(section, 'path')}/${renamed === undefined ? usual : renamed.slice(content.length + 1)}`
}

/** mkdir -p, with the complaint that Perl's mkpath would make (n=80). */
export function makeFolders(machine: Surroundings, path: string): void {
  const parts = path.split('/').filter((part) => part !== '')
  for (let length = 1; length <= parts.length; length++) {
    const folder = `/${parts.slice(0, length).join('/')}`
    if (machine.isFolder(folder)) continue
    const wrong = machine.makeFolder(folder)
    if (wrong !== null)
      throw new Refusal(`mkdir ${folder}: ${wrong} at /usr/share/perl5/PVE/Storage/Plugin.pm line 2662.\n`)
  }
}

/** The mount point that `is_mountpoint` expects and that isn't mounted. */
function missingMount(machine: Surroundings, section: Section): string | null {
  const told = textOf(section, 'is_mountpoint')
  if (told === undefined) return null
  const truth = parseBoolean(told)
  if (truth === false) return null
  const expected = truth === true ? (textOf(section, 'path') ?? '') : told
  return machine.mounts().some((mount) => mount.target === expected) ? null : expected
}

function activateDirectory(machine: Surroundings, section: Section): void {
  const missing = missingMount(machine, section)
  if (missing !== null) {
    throw new Refusal(
      `unable to activate storage '${section.id}' - directory is expected to be a mount point but is not mounted: '${missing}'\n`,
    )
  }
  makeBase(machine, section)
  prepareFolders(machine, section)
}

function makeBase(machine: Surroundings, section: Section): void {
  const wanted = flagOf(section, 'create-base-path') ?? flagOf(section, 'mkdir') ?? true
  if (wanted) makeFolders(machine, textOf(section, 'path') ?? '')
}

function prepareFolders(machine: Surroundings, section: Section): void {
  const path = textOf(section, 'path') ?? ''
  if (!machine.isFolder(path)) {
    throw new Refusal(
      `unable to activate storage '${section.id}' - directory '${path}' does not exist or is unreachable\n`,
    )
  }
  const wanted = flagOf(section, 'create-subdirs') ?? flagOf(section, 'mkdir') ?? true
  if (!wanted) return
  const content = new Set(wordsOf(section, 'content') ?? [])
  if (content.has('rootdir')) content.add('backup') // `dump` too, seen: pvesm.jsonl n=296
  for (const type of [...content].sort()) makeFolders(machine, folderOf(section, type))
}

function activateNfs(machine: Surroundings, voice: Voice, section: Section): void {
  const server = textOf(section, 'server') ?? ''
  const options = textOf(section, 'options')
  const probe = options?.includes('vers=4')
    ? ['rpcinfo', '-T', server.includes(':') ? 'tcp6' : 'tcp', server, 'nfs', '4']
    : ['showmount', '--no-headers', '--exports', server]
  if (machine.run(probe).exitCode !== 0) throw new Refusal(`storage '${section.id}' is not online\n`)
  const path = textOf(section, 'path') ?? ''
  const source = `${server}:${textOf(section, 'export') ?? ''}`
  if (!machine.mounts().some((mount) => mount.target === path && mount.source === source)) {
    makeBase(machine, section)
    if (!machine.isFolder(path)) {
      throw new Refusal(`unable to activate storage '${section.id}' - directory '${path}' does not exist\n`)
    }
    const chosen = options === undefined ? [] : ['-o', options]
    runOrRefuse(machine, voice, ['mount', '-t', 'nfs', source, path, ...chosen], 'mount error')
  }
  prepareFolders(machine, section)
}

/**
 * Looks at the mounts first: any dataset mounted from there on down counts as active. Else the pool is imported when
 * `zpool list` doesn't know it, with messages of both attempts (pvesm-zfs.jsonl n=5), and everything is mounted.
 * Whether the dataset itself exists is never asked: `--pool rpool/nope` is accepted (n=8).
 */
function activatePool(machine: Surroundings, voice: Voice, section: Section): void {
  const dataset = textOf(section, 'pool') ?? ''
  const pool = dataset.replace(/\/.*$/, '')
  const below = (source: string): boolean => source === dataset || source.startsWith(`${dataset}/`)
  if (machine.mounts().some((mount) => mount.fstype === 'zfs' && below(mount.source))) return
  const imported = (): boolean => {
    try {
      return zfs(machine, voice, ['zpool', 'list', '-o', 'name', '-H', pool]).includes(pool)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      voice.warn(`${error.message}\n`)
      return false
    }
  }
  const couldNot = (error: unknown): Refusal => {
    if (!(error instanceof Refusal)) throw error
    return new Refusal(`could not activate storage '${section.id}', ${error.message}\n`)
  }
  if (!imported()) {
    try {
      zfs(machine, voice, ['zpool', 'import', '-d', '/dev/disk/by-id/', '-o', 'cachefile=none', pool])
    } catch (error) {
      const refusal = couldNot(error)
      if (!imported()) throw refusal
    }
  }
  try {
    zfs(machine, voice, ['zfs', 'mount', '-a'])
  } catch (error) {
    throw couldNot(error)
  }
}

export const zfs = (machine: Surroundings, voice: Voice, argv: readonly string[]): string =>
  runOrRefuse(machine, voice, argv, 'zfs error')

/** As PVE::Tools::run_command: of a failed command's stderr the last line is the error, the lines before it are passed on. */
function runOrRefuse(machine: Surroundings, voice: Voice, argv: readonly string[], what: string): string {
  const { exitCode, stdout, stderr } = machine.run(argv)
  const lines = stderr.split('\n').filter((line) => line !== '')
  const last = exitCode === 0 ? undefined : lines.pop()
  for (const line of lines) voice.warn(`${line}\n`)
  if (exitCode === 0) return stdout
  throw new Refusal(`${what}: ${last ?? `exit code ${exitCode}`}\n`)
}
