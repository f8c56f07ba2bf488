/** A machine that was set up becomes a template: what made it one machine is taken out, and then it never starts again. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import { commandIn } from '../guest/call.ts'
import { guestLock } from '../guest/inside.ts'
import { isTemplate, readGuestConf } from '../probes/guest-conf.ts'
import { runningGuests } from '../probes/guests.ts'
import { vmProbe } from '../probes/vms.ts'
import { machineId } from './machine.ts'
import { memoryFreed } from './memory.ts'

/** Renaming its disks is quick on ZFS; a disk in a file is copied. */
const makingMs = 1_800_000

export class VmTemplate implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.id = `${machineId(declared.id)}/template`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, name } = this.#declared
    const vm = foreseen.isMadeAnew(machineId(id)) ? undefined : await look.at(vmProbe(id))
    const nothing = { changes: [], refusals: [], notes: [] }
    if (vm !== undefined && isTemplate(vm)) return { ...nothing, live: { template: true } }
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `make VM ${id} (${name}) a template`,
          fields: [{ field: 'template', from: false, to: true }],
          // Always: one that was emptied and shut down by a run that was cut off then has been started again by this one.
          steps: [...this.#emptied(), ...this.#made()],
          undo: { impossible: 'a template can be cloned, but is no machine any more' },
        },
      ],
      live: vm === undefined ? null : { template: false },
    }
  }

  /** Each clone makes its own machine id and keys of its SSH server, and takes its own cloud-init drive to heart. */
  #emptied(): Step[] {
    const { id, shutdownTimeoutSeconds } = this.#declared
    const guest = { kind: 'vm', id } as const
    return [
      commandIn(guest, { argv: ['cloud-init', 'clean', '--logs', '--machine-id'] }),
      {
        kind: 'command',
        argv: ['qm', 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds)],
        timeoutMs: (shutdownTimeoutSeconds + 60) * 1000,
      },
      {
        kind: 'verify',
        what: `VM ${id} has shut down`,
        withinMs: 10_000,
        check: async (reader) => ((await runningGuests(reader)).has(id) ? 'it still runs' : undefined),
      },
    ]
  }

  #made(): Step[] {
    const { id } = this.#declared
    return [
      { kind: 'command', argv: ['qm', 'template', id], timeoutMs: makingMs },
      {
        kind: 'verify',
        what: `VM ${id} is a template`,
        check: async (reader) => {
          const conf = await readGuestConf(reader, { kind: 'vm', id })
          if (conf === undefined || !isTemplate(conf)) return 'its configuration does not say so'
          memoryFreed(reader, id)
          return undefined
        },
      },
    ]
  }
}
