/** A virtual machine that a person wants begun anew, at once. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Change, Comparison, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { guestLock, insideId } from '../guest/inside.ts'
import { stoppingMs } from '../guest/orders.ts'
import { agentAnswers } from './power.ts'

const nothing = { changes: [], refusals: [], notes: [], live: {} }

/** Its emulator is another process afterwards: that is the proof. */
export class VmRestarted implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm
  #before: string | undefined

  constructor(declared: DeclaredVm) {
    this.id = insideId(declared, 'restarted')
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { id, name, shutdownTimeoutSeconds } = this.#declared
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
      steps: [
        { kind: 'command', argv, timeoutMs: stoppingMs(this.#declared) },
        this.#isAnother(),
        agentAnswers(this.#declared),
      ],
      undo: { impossible: 'a restart is not undone' },
    }
    return { ...nothing, changes: [change] }
  }

  #isAnother(): Step {
    const { id } = this.#declared
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
    return (await reader.readFile(`/run/qemu-server/${this.#declared.id}.pid`))?.trim()
  }
}
