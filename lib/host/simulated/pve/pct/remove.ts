/** `pct destroy` and `pct rescan`: volumes go with their container, also unused ones and those that snapshots hold. */

import { readConfig } from '../config.ts'
import { guestsIn, removeRules } from '../guest-machine.ts'
import { free, volumeNamed } from '../guest-volumes.ts'
import { Refusal, type Voice } from '../surroundings.ts'
import {
  addUnused,
  type Container,
  confOf,
  isInUse,
  loadContainer,
  requireUnlocked,
  requireUnprotected,
  volumesOf,
  writeContainer,
} from './config.ts'
import type { ContainerMachine } from './machine.ts'
import { kindOf } from './mountpoints.ts'
import type { PctCall, PctVerb } from './verb.ts'
import { holdsContainers, volumesOfGuest } from './volumes.ts'

const flag = { kind: 'boolean' } as const

function destroy({ machine, voice, vmid, given }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  requireUnprotected(container, `can't remove CT ${vmid}`)
  if (machine.isRunning(vmid)) {
    if (given.get('force') !== '1') throw new Refusal(`unable to destroy CT ${vmid} - container is running\n`)
    machine.stop(vmid)
  }
  requireUnlocked(container)
  const unused = [...container.values].flatMap(([name, value]) => (name.startsWith('unused') ? value : []))
  requireNoClones(machine, voice, container)
  const held = [container, ...container.snapshots.values()].flatMap((part) => [...volumesOf(part)])
  for (const id of new Set([...held, ...unused])) {
    if (kindOf(id) !== 'volume') continue
    const volume = volumeNamed(machine, voice, id)
    if (volume.owner === vmid) free(machine, voice, volume)
  }
  removeRules(machine, vmid)
  machine.remove(confOf(vmid))
  machine.insides?.remove(vmid)
  if (given.get('purge') === '1') voice.out(`purging CT ${vmid} from related configurations..\n`)
}

/** Linked clones hang on a template's volumes; its configuration stays then, too (qm's text: qm.jsonl n=106). */
function requireNoClones(machine: ContainerMachine, voice: Voice, container: Container): void {
  for (const id of volumesOf(container)) {
    const volume = kindOf(id) === 'volume' ? volumeNamed(machine, voice, id) : null
    if (volume?.isBase !== true || volume.section.type.name !== 'zfspool') continue
    const { stdout } = machine.run(['zfs', 'get', '-Hp', '-o', 'value', 'clones', `${volume.place}@__base__`])
    if (!/^-?\s*$/.test(stdout)) throw new Refusal(`base volume '${id}' is still in use by linked cloned\n`)
  }
}

/** Volumes that carry a container's number and stand in no configuration become `unusedN`. */
function rescan({ machine, voice, given }: PctCall): void {
  voice.out('rescan volumes...\n')
  const only = given.get('vmid')
  for (const vmid of only === undefined ? guestsIn(machine, 'lxc') : [only]) {
    const container = loadContainer(machine, voice, vmid)
    for (const section of readConfig(machine, voice).sections.values()) {
      for (const id of holdsContainers(section) ? volumesOfGuest(machine, voice, section, vmid) : []) {
        const isListed = [...container.values].some(([name, value]) => name.startsWith('unused') && value === id)
        if (isListed || isInUse(container, id)) continue
        voice.out(`CT ${vmid} add unreferenced volume '${id}' as 'unused' to config\n`)
        addUnused(container, id)
      }
    }
    if (given.get('dryrun') !== '1') writeContainer(machine, vmid, container)
  }
}

export const removeVerbs: Readonly<Record<string, PctVerb>> = {
  destroy: { parameters: { 'destroy-unreferenced-disks': flag, force: flag, purge: flag }, work: destroy },
  rescan: { parameters: { dryrun: flag, vmid: { kind: 'integer' } }, work: rescan },
}
