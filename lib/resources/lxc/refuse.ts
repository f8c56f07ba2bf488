/** What of a container can't be converged in any mode, and what a person can do about it. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { FieldChange, Refusal } from '../../engine/resource.ts'
import type { GuestConf } from '../probes/guest-conf.ts'
import { type Guest, guestName } from '../probes/guests.ts'

export const nameOf = ({ values }: GuestConf, id: string): string => values.get('hostname') ?? `CT${id}`

const refusal = (
  { id }: DeclaredLxc,
  why: string,
  mend: readonly string[],
  fields: readonly FieldChange[] = [],
): Refusal => ({ resource: `lxc:${id}`, why, fields, mend })

export function halfMade(declared: DeclaredLxc, lock: string): Refusal {
  const { id } = declared
  return refusal(
    declared,
    `container ${id} is half made: it holds the lock "${lock}", which somebody was making it with when it was cut off, or which is still at work`,
    [
      `see whether it is still at work: pgrep -af 'pct (clone|create)'`,
      `if nothing is, and nothing on it is of value: pct unlock ${id}, then pct destroy ${id} --purge 1; the next run makes it anew`,
    ],
  )
}

export function stranger(declared: DeclaredLxc, conf: GuestConf): Refusal {
  const { id, name } = declared
  const there = nameOf(conf, id)
  return refusal(
    declared,
    `container ${id} (${there}) is there and was not made by phx: it stays as it is`,
    [
      `if phx may bring it to what is declared: "adopt": true for container ${id}`,
      'or declare yours under a number that is free: pvesh get /cluster/nextid',
    ],
    there === name ? [] : [{ field: 'hostname', from: there, to: name }],
  )
}

export function otherName(declared: DeclaredLxc, conf: GuestConf): Refusal {
  const { id, name } = declared
  const there = nameOf(conf, id)
  return refusal(
    declared,
    `container ${id} is called ${there}, not ${name}, and phx has no record of making it: it may be another one`,
    [
      `if it is the one that is meant: "adopt": true, or pct set ${id} --hostname ${name}`,
      'or declare yours under another number',
    ],
    [{ field: 'hostname', from: there, to: name }],
  )
}

export function isTemplate(declared: DeclaredLxc): Refusal {
  const { id } = declared
  return refusal(declared, `container ${id} is a template, and declared as one that runs`, [
    `declare it as it is: "is_template": true`,
    `or make yours under another number: "clone_from_ctid": "${id}"`,
  ])
}

/** Owners of every file in it would have to be others. */
export function otherMapping(declared: DeclaredLxc): Refusal {
  const { id, isUnprivileged } = declared
  return refusal(
    declared,
    `container ${id} is ${isUnprivileged ? 'privileged, and declared as unprivileged' : 'unprivileged, and declared as privileged'}: that is fixed once it exists`,
    [
      `declare it as it is: "unprivileged": ${!isUnprivileged}`,
      `or make it anew from a backup: vzdump ${id}, then pct restore with --unprivileged ${isUnprivileged ? 1 : 0}`,
    ],
    [{ field: 'unprivileged', from: !isUnprivileged, to: isUnprivileged }],
  )
}

export function idTaken(declared: DeclaredLxc, other: Guest): Refusal {
  const { id } = declared
  const isMachine = other.kind === 'vm'
  const why = isMachine
    ? `${id} is declared as a container, and there is a virtual machine of that number`
    : `${guestName(other)} is on another node of the cluster`
  return refusal(declared, why, [
    isMachine
      ? 'declare yours under a number that is free: pvesh get /cluster/nextid'
      : `run phx there, or move it here: pct migrate ${id} THIS-NODE (on its node)`,
  ])
}

export function noOrigin(declared: DeclaredLxc): Refusal {
  const { id } = declared
  return refusal(declared, `container ${id} is not there, and the config doesn't say what it is made from`, [
    'declare "clone_from_ctid", or "template"',
  ])
}

export function noStorage(declared: DeclaredLxc): Refusal {
  const { id } = declared
  const why = `container ${id} is to be made from a template, and the config doesn't say where its root file system lies`
  return refusal(declared, why, ['declare "storage_pool"'])
}

export function noFile(declared: DeclaredLxc, template: string): Refusal {
  const { id } = declared
  const [, storage = 'STORAGE', name = 'TEMPLATE'] = /^([^:/]+):vztmpl\/(.+)$/.exec(template) ?? []
  return refusal(declared, `container ${id} is to be made from ${template}, which is not there`, [
    'see which there are: pveam update; pveam available --section system',
    `then fetch it: pveam download ${storage} ${name}`,
  ])
}

export function noSource(declared: DeclaredLxc, source: string): Refusal {
  const { id } = declared
  return refusal(
    declared,
    `container ${id} is to be cloned from ${source}, which is neither declared nor on this host`,
    ['see which there are: pct list'],
  )
}

export function noTemplate(declared: DeclaredLxc, source: string, live: GuestConf): Refusal {
  const { id } = declared
  const why = `container ${id} is to be cloned from ${source} (${nameOf(live, source)}), which is no template`
  return refusal(declared, why, [
    `make it one: pct template ${source} (it can't be started any more then), or declare another "clone_from_ctid"`,
  ])
}

export function sourceMapping(declared: DeclaredLxc, source: string): Refusal {
  const { id, isUnprivileged } = declared
  const [own, its] = isUnprivileged ? ['unprivileged', 'privileged'] : ['privileged', 'unprivileged']
  return refusal(
    declared,
    `container ${id} is declared as ${own}, and ${source} is ${its}: a clone is what its source is`,
    [
      `declare it as it will be: "unprivileged": ${!isUnprivileged}`,
      `or clone it from another one, or make it from a template file: "template"`,
    ],
  )
}

export function boundSource(declared: DeclaredLxc, source: string, [slot, mount]: readonly [string, string]): Refusal {
  const { id } = declared
  const [folder] = mount.split(',')
  const why = `container ${id} is to be cloned from ${source}, which sees ${folder} of the host (${slot}): pct can't clone that`
  return refusal(declared, why, [
    `take it away from the template, and declare it for its clones: pct set ${source} --delete ${slot}`,
  ])
}
