/** A virtual machine that a person wants stopped, or begun anew, at once. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { tagsOf, vmProbe } from '../probes/vms.ts'
import { machineId, mark } from './machine.ts'
import { agentAnswers } from './power.ts'
import { stranger } from './refuse.ts'

abstract class Ordered implements Resource {
  abstract readonly id: string
  readonly locks
  protected readonly declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.locks = [guestLock(declared)]
    this.declared = declared
  }

  abstract compare(look: Look): Promise<Comparison>

  /** Milliseconds that Proxmox VE is given for a shutdown, on top of what it waits itself. */
  protected get shutdownMs(): number {
    return (this.declared.shutdownTimeoutSeconds + 120) * 1000
  }
}

const nothing = { changes: [], refusals: [], notes: [], live: {} }

/** Only what is there, and phx's, can be started or stopped. */
export class VmThere extends Ordered {
  readonly id = `${machineId(this.declared.id)}/there`

  async compare(look: Look): Promise<Comparison> {
    const { id } = this.declared
    const vm = await look.at(vmProbe(id))
    if (vm === undefined) throw new CannotLook(`VM ${id} is not there`, [`make it: phx run vm:${id}`])
    const lock = vm.values.get('lock')
    if (lock !== undefined) throw locked(this.declared, lock)
    if (tagsOf(vm).includes(mark) || this.declared.mayAdopt) return nothing
    return { ...nothing, refusals: [stranger(this.declared, vm)] }
  }
}

export class VmStopped extends Ordered {
  readonly id = `${machineId(this.declared.id)}/stopped`

  async compare(look: Look): Promise<Comparison> {
    const { id, name, shutdownTimeoutSeconds } = this.declared
    if (!(await look.at(runningGuestsProbe)).has(id)) return nothing
    const argv = ['qm', 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds), '--forceStop', '1']
    const stopped: Step = {
      kind: 'verify',
      what: `VM ${id} has stopped`,
      withinMs: 10_000,
      check: async (reader) => ((await runningGuests(reader)).has(id) ? 'it still runs' : undefined),
    }
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: 'disruptive',
      summary: `shut VM ${id} (${name}) down`,
      fields: [{ field: 'state', from: 'running', to: 'stopped' }],
      steps: [{ kind: 'command', argv, timeoutMs: this.shutdownMs }, stopped],
      undo: { commands: [['qm', 'start', id]] },
    }
    return { ...nothing, changes: [change] }
  }
}

/** Its emulator is another process afterwards: that is the proof. */
export class VmRestarted extends Ordered {
  readonly id = `${machineId(this.declared.id)}/restarted`
  #before: string | undefined

  async compare(look: Look): Promise<Comparison> {
    const { id, name, shutdownTimeoutSeconds } = this.declared
    const pid = await this.#pid(look.reader)
    this.#before ??= pid ?? 'none'
    if (pid !== undefined && pid !== this.#before) return nothing
    const argv =
      pid === undefined ? ['qm', 'start', id] : ['qm', 'reboot', id, '--timeout', String(shutdownTimeoutSeconds)]
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: pid === undefined ? 'safe' : 'disruptive',
      summary: `${pid === undefined ? 'start' : 'restart'} VM ${id} (${name})`,
      fields: [{ field: 'state', from: pid === undefined ? 'stopped' : 'running', to: 'started anew' }],
      steps: [{ kind: 'command', argv, timeoutMs: this.shutdownMs }, this.#isAnother(), agentAnswers(this.declared)],
      undo: { impossible: 'a restart is not undone' },
    }
    return { ...nothing, changes: [change] }
  }

  #isAnother(): Step {
    const { id } = this.declared
    return {
      kind: 'verify',
      what: `VM ${id} runs anew`,
      withinMs: 60_000,
      check: async (reader) => {
        const pid = await this.#pid(reader)
        if (pid === undefined) return 'it does not run'
        return pid === this.#before ? 'its emulator is the one of before' : undefined
      },
    }
  }

  /** As QEMU wrote it; undefined while it doesn't run. */
  async #pid(reader: Reader): Promise<string | undefined> {
    return (await reader.readFile(`/run/qemu-server/${this.declared.id}.pid`))?.trim()
  }
}
