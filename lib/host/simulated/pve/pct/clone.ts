/** `pct clone` and `pct template`. A clone of what is no template is a full one, without being asked (pct.jsonl n=108). */
import { zfs } from '../activate.ts'
import { textOf } from '../config.ts'
import * as format from '../formats.ts'
import { cloneRules } from '../guest-machine.ts'
import { datasetsIn, makeBase, storageNamed, type Volume, volumeNamed } from '../guest-volumes.ts'
import { parseKeys, printKeys, type Values } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { freeStem } from '../volumes.ts'
import { type Container, confOf, isTemplate, loadContainer, requireUnlocked, writeContainer } from './config.ts'
import { isMount, kindOf, parseMount, printMount, volumeOf } from './mountpoints.ts'
import { netKeys, options } from './schema.ts'
import { withAddress } from './set.ts'
import type { PctCall, PctVerb } from './verb.ts'
import { allocate, folderOfVolume, holdsContainers, sizeOf } from './volumes.ts'

/** What a clone doesn't get. */
const left = /^(lock|template|parent|snaptime|unused\d+)$/

function clone(call: PctCall): void {
  const { machine, voice, vmid, given } = call
  const target = given.get('newid') ?? ''
  // Here the lock is taken before the file is read, hence another text than elsewhere (as qm's: qm.jsonl n=102).
  if (!machine.exists(confOf(vmid))) {
    throw new Refusal(`unable to find configuration file for CT ${vmid} on node '${machine.hostname}'\n`)
  }
  const source = loadContainer(machine, voice, vmid)
  requireUnlocked(source)
  const snapshot = given.get('snapname')
  const part = snapshot === undefined ? source : source.snapshots.get(snapshot)
  if (part === undefined) throw new Refusal(`snapshot '${snapshot}' does not exist\n`)
  const isFull = (given.get('full') ?? (isTemplate(source) ? '0' : '1')) === '1'
  const storage = given.get('storage')
  if (storage !== undefined && !isFull) throw new Refusal("parameter 'storage' not allowed for linked clones\n")
  if (machine.exists(confOf(target)) || machine.exists(`/etc/pve/qemu-server/${target}.conf`)) {
    throw new Refusal(`unable to create CT ${target}: config file already exists\n`)
  }
  const mounts = [...part.values].filter(([name]) => isMount(name))
  const checked = mounts.map(([name, value]) => [name, cloneable(call, name, value, isFull)] as const)
  if (isFull && machine.isRunning(vmid) && snapshot === undefined) {
    throw new Refusal('Cannot do full clones on a running container without snapshots\n')
  }
  voice.out(`creating a clone of container ${vmid} with ID ${target}\n`)
  const values = new Map([...part.values].filter(([name]) => !left.test(name)))
  for (const [name, value] of values) {
    if (/^net\d+$/.test(name)) values.set(name, withAddress(machine, name, withoutAddress(name, value)))
  }
  for (const [name, [mount, volume]] of checked) {
    const id = isFull ? copied(call, volume, target) : linked(call, volume, target)
    values.set(name, printMount(name, new Map([...mount, ['volume', id]])))
  }
  const hostname = given.get('hostname')
  if (hostname !== undefined) values.set('hostname', hostname)
  const description = given.get('description') ?? part.description
  const clean: Container = { ...source, description, values, raw: [...part.raw], snapshots: new Map() }
  cloneRules(machine, vmid, target)
  writeContainer(machine, target, clean)
  machine.insides?.copy(vmid, target, snapshot)
}

function withoutAddress(name: string, value: string): string {
  const parsed = parseKeys(name, netKeys, value)
  if (typeof parsed === 'string') return value
  parsed.delete('hwaddr')
  return printKeys(netKeys, parsed)
}

function cloneable(
  { machine, voice }: PctCall,
  name: string,
  value: string,
  isFull: boolean,
): readonly [Values, Volume] {
  const mount = parseMount(name, value)
  const kind = kindOf(volumeOf(mount))
  if (kind !== 'volume') throw new Refusal(`unable to clone mountpoint '${name}' (type ${kind})\n`)
  const volume = volumeNamed(machine, voice, volumeOf(mount))
  const canLink = volume.section.type.name === 'zfspool' && volume.isBase
  if (!isFull && !canLink) throw new Refusal(`Linked clone feature for '${volume.id}' is not available\n`)
  return [mount, volume]
}

function copied({ machine, voice, given }: PctCall, volume: Volume, target: string): string {
  const id = given.get('storage') ?? volume.section.id
  if (!holdsContainers(storageNamed(machine, voice, id))) {
    throw new Refusal(`content type 'rootdir' is not available or configured on storage '${id}'\n`)
  }
  const made = allocate(machine, voice, target, id, sizeOf(machine, volume) ?? 0)
  const snapshot = given.get('snapname')
  const source = folderOfVolume(volume) + (snapshot === undefined ? '' : `/.zfs/snapshot/${snapshot}`)
  machine.copy?.(source, folderOfVolume(volumeNamed(machine, voice, made)))
  return made
}

function linked({ machine, voice }: PctCall, volume: Volume, target: string): string {
  const name = freeStem(datasetsIn(machine, voice, volume.section), target, 'subvol')
  const dataset = `${textOf(volume.section, 'pool')}/${name}`
  const quota = sizeOf(machine, volume) ?? 0
  const limit = quota === 0 ? [] : ['-o', `refquota=${quota / 1024}k`]
  zfs(machine, voice, ['zfs', 'clone', `${volume.place}@__base__`, dataset, ...limit])
  return `${volume.id}/${name}`
}

function template({ machine, voice, vmid }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  requireUnlocked(container)
  if (container.snapshots.size > 0) throw new Refusal('unable to create template, because CT contains snapshots\n')
  if (isTemplate(container)) throw new Refusal("you can't convert a template to a template\n")
  if (machine.isRunning(vmid)) throw new Refusal("you can't convert a CT to template if the CT is running\n")
  for (const [name, value] of container.values) {
    if (!isMount(name)) continue
    const mount = parseMount(name, value)
    if (kindOf(volumeOf(mount)) !== 'volume') continue
    mount.set('volume', makeBase(machine, voice, volumeNamed(machine, voice, volumeOf(mount))))
    container.values.set(name, printMount(name, mount))
  }
  container.values.set('template', '1')
  writeContainer(machine, vmid, container)
}

const flag = { kind: 'boolean' } as const
const text = { kind: 'string' } as const

export const cloneVerbs: Readonly<Record<string, PctVerb>> = {
  clone: {
    parameters: {
      bwlimit: { kind: 'number', minimum: 0 },
      description: text,
      full: flag,
      hostname: options.hostname ?? text,
      newid: { kind: 'integer', check: format.vmid },
      pool: text,
      snapname: text,
      storage: { kind: 'string', check: format.storageId },
      target: text,
    },
    work: clone,
  },
  template: { parameters: {}, work: template },
}
