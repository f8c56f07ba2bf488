/** `pct create`: a new container from a template; its volumes are made before the template is looked for (pct.jsonl n=9). */
import { activate, folderOf, sectionNamed } from '../activate.ts'
import { readConfig } from '../config.ts'
import { requireFree } from '../guest-machine.ts'
import { free, volumeNamed } from '../guest-volumes.ts'
import { type Parameters, parameterErrors } from '../options.ts'
import { Refusal } from '../surroundings.ts'
import { type Container, confOf, emptyPart, writeContainer } from './config.ts'
import { rootOf } from './id-map.ts'
import type { ContainerMachine } from './machine.ts'
import { isMount, kindOf, newVolume, parseMount, printMount, volumeOf } from './mountpoints.ts'
import { options } from './schema.ts'
import { placed, update } from './set.ts'
import type { PctCall, PctVerb } from './verb.ts'
import { holdsContainers } from './volumes.ts'

const flag = { kind: 'boolean' } as const
const text = { kind: 'string' } as const

/** What `create` takes and a container's configuration doesn't have. */
const ownOptions = {
  bwlimit: { kind: 'number', minimum: 0 },
  force: flag,
  'ha-managed': flag,
  'ignore-unpack-errors': flag,
  ostemplate: text,
  password: { kind: 'string', minimumLength: 5, secret: true },
  pool: text,
  restore: flag,
  'ssh-public-keys': text,
  start: flag,
  storage: text,
  unique: flag,
} as const

export const createVerb: PctVerb = {
  parameters: { ...options, ...ownOptions },
  work: (call) => {
    const { machine, voice, vmid, given } = call
    const own = takeOwn(given)
    const keys = own.get('ssh-public-keys')
    if (keys !== undefined && machine.readFile(keys) === null) {
      throw new Refusal(`can't open '${keys}' - No such file or directory\n`)
    }
    requireFree(machine, vmid)
    const template = own.get('ostemplate') ?? ''
    const storage = own.get('storage') ?? 'local'
    const templateStorage = /^([a-z][a-z0-9\-_.]*[a-z0-9]):/i.exec(template)?.[1]
    if (templateStorage !== undefined) sectionNamed(readConfig(machine, voice), templateStorage)

    const mounts = mountsOf(call, given, storage)
    const container: Container = { ...emptyPart(), digest: '', pending: emptyPart(), snapshots: new Map() }
    const unprivileged = given.get('unprivileged') ?? '1'
    given.delete('unprivileged')
    update(call, container, given, [])
    if (unprivileged === '1') container.values.set('unprivileged', '1')
    container.values.set('lock', 'create')
    writeContainer(machine, vmid, container)
    try {
      for (const [name, value] of mounts) container.values.set(name, created(call, container, name, value))
      const archive = archiveOf(machine, call, template)
      fillIn(container, vmid, template)
      writeContainer(machine, vmid, container)
      voice.out(`extracting archive '${template}'\n`)
      machine.unpack?.(vmid, archive)
    } catch (error) {
      undo(call, container, mounts)
      throw error instanceof Refusal ? new Refusal(`unable to create CT ${vmid} - ${error.message}`) : error
    }
    container.values.delete('lock')
    writeContainer(machine, vmid, container)
    if (container.values.get('ostype') === 'unmanaged') return
    if (!container.values.get('features')?.includes('nesting=1')) {
      voice.out('WARN: Systemd 257 detected. You may need to enable nesting.\n')
      voice.warn('Task finished with 1 warning(s)!\n')
    }
    if (own.get('start') === '1') machine.start(vmid)
  },
}

function takeOwn(given: Parameters): Parameters {
  const own: Parameters = new Map()
  for (const name of Object.keys(ownOptions)) {
    const value = given.get(name)
    if (value !== undefined) own.set(name, value)
    given.delete(name)
  }
  return own
}

/** Volumes to be made, by name; a bare size is one on the default storage, and without `rootfs` there are 4 GiB of it. */
function mountsOf({ machine, voice, verb }: PctCall, given: Parameters, storage: string): Map<string, string> {
  const mounts = new Map([...given].filter(([name]) => isMount(name)))
  for (const name of mounts.keys()) given.delete(name)
  if (mounts.size > 0 && !mounts.has('rootfs')) {
    throw new Refusal("mount points configured, but 'rootfs' not set - aborting\n")
  }
  for (const [name, value] of mounts) if (/^\d+(\.\d+)?$/.test(value)) mounts.set(name, `${storage}:${value}`)
  if (mounts.size === 0) mounts.set('rootfs', `${storage}:4`)
  for (const [name, value] of mounts) {
    const volume = volumeOf(parseMount(name, value))
    if (kindOf(volume) !== 'volume') continue
    const id = /^([^/:\s]+):/.exec(volume)?.[1]
    if (id === undefined) throw new Refusal(`unable to parse volume ID '${volume}'\n`)
    const section = sectionNamed(readConfig(machine, voice), id)
    if (!holdsContainers(section)) {
      throw parameterErrors(verb, new Map([['storage', `storage '${id}' does not support container directories`]]))
    }
    activate(machine, voice, section)
  }
  return new Map([...mounts].sort(([one]) => (one === 'rootfs' ? -1 : 1)))
}

/** A volume that was there before is taken as it is, without asking its size or whose it is (n=32). */
function created(call: PctCall, container: Container, name: string, value: string): string {
  const values = parseMount(name, value)
  return printMount(name, newVolume(volumeOf(values)) === null ? values : placed(call, values, rootOf(container)))
}

function archiveOf(machine: ContainerMachine, { voice }: PctCall, template: string): string {
  const [, storage, name] = /^([a-z][a-z0-9\-_.]*[a-z0-9]):vztmpl\/(.+)$/i.exec(template) ?? []
  const path =
    storage === undefined || name === undefined
      ? template
      : `${folderOf(sectionNamed(readConfig(machine, voice), storage), 'vztmpl')}/${name}`
  if (machine.exists(path)) return path
  throw new Refusal(name === undefined ? `no such file: '${template}'\n` : `volume '${template}' does not exist\n`)
}

function undo({ machine, voice, vmid }: PctCall, container: Container, mounts: ReadonlyMap<string, string>): void {
  machine.remove(confOf(vmid))
  for (const [name, value] of mounts) {
    const made = container.values.get(name)
    if (made === undefined || newVolume(volumeOf(parseMount(name, value))) === null) continue
    free(machine, voice, volumeNamed(machine, voice, volumeOf(parseMount(name, made))))
  }
}

const knownSystems = /debian|devuan|ubuntu|centos|fedora|opensuse|archlinux|alpine|gentoo|nixos|openeuler/

function fillIn({ values }: Container, vmid: string, template: string): void {
  const usual: Record<string, string> = {
    arch: 'amd64',
    hostname: `CT${vmid}`,
    memory: '512',
    ostype: knownSystems.exec(template)?.[0] ?? 'unmanaged',
    swap: '512',
  }
  for (const [name, value] of Object.entries(usual)) if (!values.has(name)) values.set(name, value)
}
