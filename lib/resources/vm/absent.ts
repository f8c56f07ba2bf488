/** A virtual machine that is to be gone, with its disks: only ever what a person asked for by name. */
import type { Change, Comparison, Foreseen, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { readGuestConf } from '../probes/guest-conf.ts'
import { guestConfsProbe } from '../probes/guest-confs.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { drivesOf, nameOf, tagsOf, uuidOf, type Vm, vmProbe } from '../probes/vms.ts'
import { machineId, mark } from './machine.ts'

const destroyingMs = 1_800_000

export interface Doomed {
  readonly id: string
  readonly shutdownTimeoutSeconds: number
  /** By the config. */
  readonly isProtected: boolean
  /** Declared guests that need it, such as `vm:8102`. */
  readonly dependants: readonly string[]
}

export class VmAbsent implements Resource {
  readonly id: string
  readonly locks
  readonly #doomed: Doomed

  constructor(doomed: Doomed) {
    this.id = machineId(doomed.id)
    this.locks = [guestLock({ kind: 'vm', ...doomed })]
    this.#doomed = doomed
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#doomed
    const nothing = { changes: [], refusals: [], notes: [] }
    const vm = await look.at(vmProbe(id))
    if (vm === undefined) return { ...nothing, live: null }
    const lock = vm.values.get('lock')
    if (lock !== undefined) throw locked({ kind: 'vm', id }, lock)
    const live = { uuid: uuidOf(vm) }
    const refusals = await this.#hindrances(look, foreseen, vm)
    if (refusals.length > 0) return { ...nothing, refusals, live }
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    return { ...nothing, changes: [this.#destroy(vm, isRunning)], live }
  }

  async #hindrances(look: Look, foreseen: Foreseen, vm: Vm): Promise<Refusal[]> {
    const { id, isProtected, dependants } = this.#doomed
    const refusal = (why: string, ...mend: string[]): Refusal => ({ resource: this.id, why, fields: [], mend })
    const confs = await look.at(guestConfsProbe)
    const stays = (target: string): boolean => confs.has(target) && !foreseen.isGone(target)
    const there = dependants.filter(stays)
    const base = new RegExp(`(^|[:/])base-${id}-disk-\\d+`)
    const clones = [...confs].filter(([target, conf]) => {
      return target !== this.id && stays(target) && drivesOf(conf.values).some(({ volume }) => base.test(volume))
    })
    return [
      ...(tagsOf(vm).includes(mark)
        ? []
        : [
            refusal(
              `VM ${id} (${nameOf(vm)}) is not phx's: it has no tag "${mark}"`,
              `if it is to go: qm destroy ${id}`,
            ),
          ]),
      ...(isProtected
        ? [refusal(`VM ${id} is protected by the config`, 'take "protected": true away from it first')]
        : []),
      ...(vm.values.get('protection') === '1'
        ? [refusal(`VM ${id} is protected on the host`, `lift it first: qm set ${id} --protection 0`)]
        : []),
      ...(there.length > 0
        ? [
            refusal(
              `${there.join(' and ')} need${there.length === 1 ? 's' : ''} VM ${id}`,
              `destroy them with it: phx destroy ${there.join(' ')} vm:${id}`,
              'or take the dependency out of the config',
            ),
          ]
        : []),
      ...(clones.length > 0
        ? [
            refusal(
              `${clones.map(([target]) => target).join(' and ')} ${clones.length === 1 ? 'is a linked clone' : 'are linked clones'} of VM ${id}, and would lose their disks`,
              `destroy them first, or make them full: qm disk move VMID DISK STORAGE`,
            ),
          ]
        : []),
    ]
  }

  #destroy(vm: Vm, isRunning: boolean): Change {
    const { id, shutdownTimeoutSeconds } = this.#doomed
    const disks = drivesOf(vm.values).filter(({ isCdrom }) => !isCdrom)
    const unused = [...vm.values].filter(([key]) => /^unused\d+$/.test(key))
    const snapshots = [...vm.snapshots.keys()]
    const timeout = String(shutdownTimeoutSeconds)
    const steps: Step[] = [
      this.#isSame(vm),
      ...(isRunning
        ? [
            {
              kind: 'command' as const,
              argv: ['qm', 'shutdown', id, '--timeout', timeout, '--forceStop', '1'],
              timeoutMs: (shutdownTimeoutSeconds + 120) * 1000,
            },
          ]
        : []),
      { kind: 'command', argv: ['qm', 'destroy', id, '--purge', '1'], timeoutMs: destroyingMs },
      {
        kind: 'verify',
        what: `VM ${id} is gone`,
        check: async (reader) =>
          (await readGuestConf(reader, { kind: 'vm', id })) === undefined
            ? undefined
            : 'its configuration is still there',
      },
    ]
    return {
      resource: this.id,
      action: 'remove',
      risk: 'destructive',
      summary: `destroy VM ${id} (${nameOf(vm)}) with ${disks.length} disk${disks.length === 1 ? '' : 's'}`,
      fields: [{ field: 'state', from: isRunning ? 'running' : 'stopped', to: null }],
      steps,
      loss: {
        victims: [
          ...disks.map(({ slot, volume, size }) => `disk ${slot} of VM ${id}: ${volume}, ${size ?? 'size unknown'}`),
          ...unused.map(([key, volume]) => `${key} of VM ${id}: ${volume}`),
          ...(snapshots.length > 0 ? [`snapshots of VM ${id}: ${snapshots.join(', ')}`] : []),
        ],
        typed: [nameOf(vm), id],
        identity: `${uuidOf(vm)} ${disks.map(({ volume }) => volume).join(' ')}`,
      },
      undo: { impossible: 'its disks are gone' },
    }
  }

  #isSame(vm: Vm): Step {
    const { id } = this.#doomed
    return {
      kind: 'verify',
      what: `VM ${id} is still the one with UUID ${uuidOf(vm)}`,
      check: async (reader) => {
        const now = await readGuestConf(reader, { kind: 'vm', id })
        if (now === undefined) return 'it is gone already'
        return uuidOf({ ...vm, ...now }) === uuidOf(vm) ? undefined : 'another machine has its number now'
      },
    }
  }
}
