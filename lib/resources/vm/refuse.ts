/** What of a virtual machine can't be converged in any mode, and what a person can do about it. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { FieldChange, Refusal } from '../../engine/resource.ts'
import { type Guest, guestName } from '../probes/guests.ts'
import { nameOf, uuidOf, type Vm } from '../probes/vms.ts'

const refusal = (
  { id }: DeclaredVm,
  why: string,
  mend: readonly string[],
  fields: readonly FieldChange[] = [],
): Refusal => ({ resource: `vm:${id}`, why, fields, mend })

export function halfMade(declared: DeclaredVm, lock: string, byPhx: boolean): Refusal {
  const { id } = declared
  const who = byPhx ? 'a run of phx was' : 'somebody was'
  return refusal(
    declared,
    `VM ${id} is half made: it holds the lock "${lock}", which ${who} making it with when it was cut off, or which is still at work`,
    [
      `see whether it is still at work: pgrep -af 'qm (clone|create)'`,
      `if nothing is, and nothing on it is of value: qm unlock ${id}, then qm destroy ${id} --purge 1; the next run makes it anew`,
    ],
  )
}

export function another(declared: DeclaredVm, vm: Vm, known: string): Refusal {
  const { id } = declared
  return refusal(
    declared,
    `VM ${id} is not the machine that phx made: somebody put another one in its place (${nameOf(vm)})`,
    [`if it is the one that is meant: "adopt": true`, 'or declare yours under another vmid'],
    [{ field: 'uuid', from: uuidOf(vm), to: known }],
  )
}

export function stranger(declared: DeclaredVm, vm: Pick<Vm, 'id' | 'values'>): Refusal {
  const { id, name } = declared
  return refusal(
    declared,
    `VM ${id} (${nameOf(vm)}) is there and was not made by phx: it stays as it is`,
    [
      `if phx may bring it to what is declared: "adopt": true for VM ${id}`,
      'or declare yours under a vmid that is free: pvesh get /cluster/nextid',
    ],
    nameOf(vm) === name ? [] : [{ field: 'name', from: nameOf(vm), to: name }],
  )
}

export function otherName(declared: DeclaredVm, vm: Vm): Refusal {
  const { id, name } = declared
  return refusal(
    declared,
    `VM ${id} is called ${nameOf(vm)}, not ${name}, and phx has no record of making it: it may be another one`,
    [
      `if it is the one that is meant: "adopt": true, or qm set ${id} --name ${name}`,
      'or declare yours under another vmid',
    ],
    [{ field: 'name', from: nameOf(vm), to: name }],
  )
}

export function isTemplate(declared: DeclaredVm): Refusal {
  const { id } = declared
  return refusal(declared, `VM ${id} is a template, and declared as a machine: a template can't be made one again`, [
    `declare it as it is: "is_template": true`,
    `or make the machine under another vmid: "clone_from_vmid": ${id}`,
  ])
}

export function idTaken(declared: DeclaredVm, other: Guest): Refusal {
  const { id } = declared
  const why =
    other.kind === 'lxc'
      ? `${id} is declared as a virtual machine, and there is a container of that number`
      : `${guestName(other)} is on another node of the cluster`
  return refusal(declared, why, [
    other.kind === 'lxc'
      ? 'declare yours under a vmid that is free: pvesh get /cluster/nextid'
      : `run phx there, or move it here: qm migrate ${id} THIS-NODE (on its node)`,
  ])
}

export function noOrigin(declared: DeclaredVm): Refusal {
  const { id } = declared
  return refusal(declared, `VM ${id} is not there, and the config doesn't say what it is made from`, [
    'declare "clone_from_vmid", or "template_image"',
  ])
}

export function noStorage(declared: DeclaredVm): Refusal {
  const { id } = declared
  return refusal(declared, `VM ${id} is to be made from an image, and the config doesn't say where its disk lies`, [
    'declare "storage_pool", for it or in vm_defaults',
  ])
}

export function noTemplate(declared: DeclaredVm, source: string, live: Vm | undefined): Refusal {
  const { id } = declared
  const why =
    live === undefined
      ? `VM ${id} is to be cloned from ${source}, which is neither declared nor on this host`
      : `VM ${id} is to be cloned from ${source} (${nameOf(live)}), which is no template`
  return refusal(declared, why, [
    live === undefined
      ? 'see which there are: qm list'
      : `make it one: qm template ${source} (it can't be started any more then), or declare another "clone_from_vmid"`,
  ])
}
