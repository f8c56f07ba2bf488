/** A container that a person wants begun anew, at once. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock, insideId } from '../guest/inside.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { isUp, rebooted, startedAt, startingMs } from './power.ts'

const nothing = { changes: [], refusals: [], notes: [], live: {} }

/** Its systemd was started at another time afterwards: that is the proof. */
export class LxcRestarted implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc
  #before: string | undefined

  constructor(declared: DeclaredLxc) {
    this.id = insideId(declared, 'restarted')
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { id, name } = this.#declared
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    const at = isRunning ? await startedAt(look.reader, id) : undefined
    if (isRunning && at === undefined) throw this.#unproved()
    this.#before ??= at ?? 'none'
    if (at !== undefined && at !== this.#before) return nothing
    const start: Step[] = [{ kind: 'command', argv: ['pct', 'start', id], timeoutMs: startingMs }, isUp(id)]
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: isRunning ? 'disruptive' : 'safe',
      summary: `${isRunning ? 'restart' : 'start'} container ${id} (${name})`,
      fields: [{ field: 'state', from: isRunning ? 'running' : 'stopped', to: 'started anew' }],
      steps: isRunning ? rebooted(this.#declared) : start,
      undo: { impossible: 'a restart is not undone' },
    }
    return { ...nothing, changes: [change] }
  }

  #unproved(): CannotLook {
    const { id } = this.#declared
    const why = `container ${id} has no systemd that answers, so nothing would tell that it was started anew`
    return new CannotLook(why, [`restart it by hand: pct reboot ${id}`])
  }
}
