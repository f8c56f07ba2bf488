/** A virtual machine that is to be gone, with its disks but for persistent ones: only ever what a person asked for by name. */
import type { Change, Comparison, Foreseen, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import { guestFirewallFile } from '../guest/firewall.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import type { DoomedGuest } from '../guest/orders.ts'
import { isDataset, renamed } from '../lxc-volume/kept.ts'
import { readGuestConf } from '../probes/guest-conf.ts'
import { guestConfsProbe } from '../probes/guest-confs.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { drivesOf, nameOf, tagsOf, uuidOf, type Vm, vmProbe } from '../probes/vms.ts'
import { type KeptDisk, keptDisks } from './keep.ts'
import { machineId, mark } from './machine.ts'
import { volumesOf } from './owned-volumes.ts'

const destroyingMs = 1_800_000

export interface DoomedVm extends DoomedGuest {
  /** Slots of disks that are to be kept. */
  readonly persistent: readonly string[]
}

export class VmAbsent implements Resource {
  readonly id: string
  readonly locks
  readonly #doomed: DoomedVm

  constructor(doomed: DoomedVm) {
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
    const { kept, refusals: unkept } = await keptDisks(look, id, volumesOf(vm), this.#doomed.persistent)
    const refusals = [...(await this.#hindrances(look, foreseen, vm)), ...unkept]
    if (refusals.length > 0) return { ...nothing, refusals, live }
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    return { ...nothing, changes: [this.#destroy(vm, isRunning, kept)], live }
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
              'destroy them first, or make them full: qm disk move VMID DISK STORAGE',
            ),
          ]
        : []),
    ]
  }

  #destroy(vm: Vm, isRunning: boolean, kept: readonly KeptDisk[]): Change {
    const { id, shutdownTimeoutSeconds } = this.#doomed
    const volumes = volumesOf(vm)
    const others = volumes.filter(({ isOwn }) => !isOwn)
    const lost = volumes.filter(({ volume, isOwn }) => isOwn && !kept.some((one) => one.volume === volume))
    const snapshots = [...vm.snapshots.keys()]
    const shutdown: Step = {
      kind: 'command',
      argv: ['qm', 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds), '--forceStop', '1'],
      timeoutMs: (shutdownTimeoutSeconds + 120) * 1000,
    }
    const rest = kept.map(({ slot, dataset }) => `${slot} as ${dataset}`)
    return {
      resource: this.id,
      action: 'remove',
      risk: 'destructive',
      summary: `destroy VM ${id} (${nameOf(vm)}) with ${lost.length} disk${lost.length === 1 ? '' : 's'}${rest.length > 0 ? `; keep ${rest.join(', ')}` : ''}`,
      fields: [
        { field: 'state', from: isRunning ? 'running' : 'stopped', to: null },
        ...kept.map(({ slot, from, dataset }) => ({ field: `${slot} (persistent)`, from, to: dataset })),
        ...others.map(({ slot, volume }) => {
          return { field: slot, from: volume, to: volume, note: "another guest's by its number: it stays" }
        }),
      ],
      steps: [
        this.#isSame(vm),
        ...(isRunning ? [shutdown] : []),
        ...this.#keep(kept, snapshots),
        { kind: 'command', argv: ['qm', 'destroy', id, '--purge', '1'], timeoutMs: destroyingMs },
        this.#isGone(kept),
      ],
      loss: {
        victims: [
          ...lost.map(({ slot, volume, size }) => `disk ${slot} of VM ${id}: ${volume}, ${size ?? 'size unknown'}`),
          ...(snapshots.length > 0 ? [`snapshots of VM ${id}: ${snapshots.join(', ')}`] : []),
        ],
        typed: [nameOf(vm), id],
        identity: `${uuidOf(vm)} ${lost.map(({ volume }) => volume).join(' ')}`,
      },
      undo: { impossible: 'its disks are gone' },
    }
  }

  /** Snapshots go by qm first: those of a disk that is kept would stand in the way of the next ones of their names. */
  #keep(kept: readonly KeptDisk[], snapshots: readonly string[]): Step[] {
    const { id } = this.#doomed
    const open = kept.filter(({ from }) => from !== null)
    if (open.length === 0) return []
    return [
      ...snapshots.map((name): Step => {
        return { kind: 'command', argv: ['qm', 'delsnapshot', id, name], timeoutMs: destroyingMs }
      }),
      ...open.map(({ from, dataset }) => renamed(from ?? dataset, dataset)),
    ]
  }

  /** qm destroy takes its rules for the firewall along (PVE::API2::Qemu, destroy_vm). */
  #isGone(kept: readonly KeptDisk[]): Step {
    const { id } = this.#doomed
    const rules = guestFirewallFile(id)
    return {
      kind: 'verify',
      what: `VM ${id} is gone${kept.length > 0 ? `, and ${kept.map(({ dataset }) => dataset).join(', ')} is there` : ''}`,
      check: async (reader) => {
        if ((await readGuestConf(reader, { kind: 'vm', id })) !== undefined) return 'its configuration is still there'
        if ((await reader.stat(rules)) !== undefined) return `its firewall rules are still there: ${rules}`
        for (const { dataset } of kept) if (!(await isDataset(reader, dataset))) return `there is no ${dataset}`
        return undefined
      },
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
