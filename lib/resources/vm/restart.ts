/** What was set and waits for the next start of a virtual machine: brought about by a restart, where that is agreed to. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { pendingDeletions } from '../probes/guest-conf.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { readVm, vmProbe } from '../probes/vms.ts'
import { machineId } from './machine.ts'

export class VmRestart implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.id = `${machineId(declared.id)}/restart`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, mayRestart, shutdownTimeoutSeconds } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [], live: {} }
    const vm = await look.at(vmProbe(id))
    if (vm === undefined || foreseen.isMadeAnew(machineId(id))) return nothing
    const waiting = [...new Set([...vm.pending.keys(), ...pendingDeletions(vm.pending)])].filter(
      (key) => key !== 'delete',
    )
    if (waiting.length === 0 || !(await look.at(runningGuestsProbe)).has(id)) return nothing
    if (!mayRestart) {
      const text = `${waiting.join(', ')} of VM ${id} take effect when it is restarted: qm reboot ${id}, phx run --restart, or "restart": "allowed"`
      return { ...nothing, notes: [{ resource: this.id, level: 'warning', text }] }
    }
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'run',
          risk: 'disruptive',
          // What could not be looked at before for want of it: an agent without its channel.
          reveals: true,
          summary: `restart VM ${id}, for ${waiting.join(', ')} to take effect`,
          fields: waiting.map((field) => {
            return { field, from: vm.values.get(field) ?? null, to: vm.pending.get(field) ?? null }
          }),
          steps: [
            {
              kind: 'command',
              argv: ['qm', 'reboot', id, '--timeout', String(shutdownTimeoutSeconds)],
              timeoutMs: (shutdownTimeoutSeconds + 60) * 1000,
            },
            {
              kind: 'verify',
              what: `nothing of VM ${id} waits for a restart`,
              withinMs: 30_000,
              check: async (reader) => {
                const now = await readVm(reader, id)
                return (now?.pending.size ?? 0) === 0
                  ? undefined
                  : `${[...(now?.pending.keys() ?? [])].join(', ')} still wait`
              },
            },
          ],
          undo: { impossible: 'a restart is not undone' },
        },
      ],
    }
  }
}
