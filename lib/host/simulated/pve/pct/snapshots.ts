/** `snapshot`, `delsnapshot`, `rollback`: possible on ZFS alone; an image or folder of a directory storage can't (pct.jsonl n=138). */
import { zfs } from '../activate.ts'
import * as format from '../formats.ts'
import { requireLatest, type Volume, volumeNamed } from '../guest-volumes.ts'
import { Refusal } from '../surroundings.ts'
import { type Container, isTemplate, loadContainer, type Part, requireUnlocked, writeContainer } from './config.ts'
import { isMount, kindOf, parseMount, volumeOf } from './mountpoints.ts'
import type { PctCall, PctVerb } from './verb.ts'

function volumesIn({ machine, voice }: PctCall, part: Part): (Volume | null)[] {
  return [...part.values].flatMap(([name, value]) => {
    if (!isMount(name)) return []
    const volume = volumeOf(parseMount(name, value))
    return kindOf(volume) === 'volume' ? volumeNamed(machine, voice, volume) : null
  })
}

/** Null when one of the mounts can't be snapshot: a bind mount, or a volume outside ZFS. */
function snapshotable(call: PctCall, part: Part): Volume[] | null {
  const volumes = volumesIn(call, part)
  const able = volumes.filter((volume) => volume !== null && volume.section.type.name === 'zfspool')
  return able.length === volumes.length ? able.filter((volume) => volume !== null) : null
}

function take(call: PctCall): void {
  const { machine, voice, vmid, given } = call
  const name = given.get('snapname') ?? ''
  if (name === 'current' || name === 'vzdump') {
    throw new Refusal(`unable to use snapshot name '${name}' (reserved name)\n`)
  }
  const container = loadContainer(machine, voice, vmid)
  requireUnlocked(container)
  if (isTemplate(container)) throw new Refusal("you can't take a snapshot if it's a template\n")
  if (container.snapshots.has(name)) throw new Refusal(`snapshot name '${name}' already used\n`)
  const volumes = snapshotable(call, container)
  if (volumes === null) throw new Refusal('snapshot feature is not available\n')
  for (const { place } of volumes) zfs(machine, voice, ['zfs', 'snapshot', `${place}@${name}`])
  const kept = [...container.values].filter(([key]) => !key.startsWith('unused') && key !== 'lock')
  const comment = given.get('description')
  container.snapshots.set(name, {
    description: comment === undefined || comment === '' ? '' : `${comment}\n`,
    values: new Map([...kept, ['snaptime', String(machine.now())]]),
    raw: [...container.raw],
  })
  container.values.set('parent', name)
  writeContainer(machine, vmid, container)
  machine.insides?.snapshot(vmid, name)
}

function snapshotNamed(container: Container, name: string): Part {
  const part = container.snapshots.get(name)
  if (part === undefined) throw new Refusal(`snapshot '${name}' does not exist\n`)
  return part
}

/** What hung on it hangs on its parent then. */
function remove(call: PctCall): void {
  const { machine, voice, vmid, given } = call
  const name = given.get('snapname') ?? ''
  const container = loadContainer(machine, voice, vmid)
  requireUnlocked(container)
  const part = snapshotNamed(container, name)
  for (const { place } of snapshotable(call, part) ?? []) zfs(machine, voice, ['zfs', 'destroy', `${place}@${name}`])
  container.snapshots.delete(name)
  const parent = part.values.get('parent')
  for (const { values } of [container, ...container.snapshots.values()]) {
    if (values.get('parent') !== name) continue
    if (parent === undefined) values.delete('parent')
    else values.set('parent', parent)
  }
  writeContainer(machine, vmid, container)
  machine.insides?.dropSnapshot(vmid, name)
}

function rollBack(call: PctCall): void {
  const { machine, voice, vmid, given } = call
  const name = given.get('snapname') ?? ''
  const container = loadContainer(machine, voice, vmid)
  requireUnlocked(container)
  const part = snapshotNamed(container, name)
  const volumes = snapshotable(call, part) ?? []
  for (const volume of volumes) requireLatest(machine, voice, volume, name)
  if (machine.isRunning(vmid)) machine.stop(vmid)
  for (const { place } of volumes) zfs(machine, voice, ['zfs', 'rollback', `${place}@${name}`])
  machine.insides?.rollBack(vmid, name)
  const unused = [...container.values].filter(([key]) => key.startsWith('unused'))
  container.values.clear()
  for (const [key, value] of [...part.values, ...unused]) if (key !== 'snaptime') container.values.set(key, value)
  container.values.set('parent', name)
  container.raw.splice(0, container.raw.length, ...part.raw)
  writeContainer(machine, vmid, container)
  if (given.get('start') === '1') machine.start(vmid)
}

const snapname = { kind: 'string', check: format.configId } as const
const flag = { kind: 'boolean' } as const

export const snapshotVerbs: Readonly<Record<string, PctVerb>> = {
  snapshot: { parameters: { description: { kind: 'string' }, snapname }, work: take },
  delsnapshot: { parameters: { force: flag, snapname }, work: remove },
  rollback: { parameters: { snapname, start: flag }, work: rollBack },
}
