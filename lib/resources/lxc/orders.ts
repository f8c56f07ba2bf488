/** A container that a person wants stopped, or begun anew, at once. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { guestConfProbe } from '../probes/guest-conf.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'
import { isUp, rebooted, startedAt, startingMs } from './power.ts'

abstract class Ordered implements Resource {
  abstract readonly id: string
  readonly locks
  protected readonly declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.locks = [guestLock(declared)]
    this.declared = declared
  }

  abstract compare(look: Look): Promise<Comparison>
}

const nothing = { changes: [], refusals: [], notes: [], live: {} }

/** Only what is there can be started or stopped. */
export class LxcThere extends Ordered {
  readonly id = `${containerId(this.declared.id)}/there`

  async compare(look: Look): Promise<Comparison> {
    const { id } = this.declared
    const conf = await look.at(guestConfProbe(this.declared))
    if (conf === undefined) throw new CannotLook(`container ${id} is not there`, [`make it: phx run lxc:${id}`])
    const lock = conf.values.get('lock')
    if (lock !== undefined) throw locked(this.declared, lock)
    return nothing
  }
}

export class LxcStopped extends Ordered {
  readonly id = `${containerId(this.declared.id)}/stopped`

  async compare(look: Look): Promise<Comparison> {
    const { id, name, shutdownTimeoutSeconds } = this.declared
    if (!(await look.at(runningGuestsProbe)).has(id)) return nothing
    const argv = ['pct', 'shutdown', id, '--timeout', String(shutdownTimeoutSeconds), '--forceStop', '1']
    const stopped: Step = {
      kind: 'verify',
      what: `container ${id} has stopped`,
      withinMs: 10_000,
      check: async (reader) => ((await runningGuests(reader)).has(id) ? 'it still runs' : undefined),
    }
    const change: Change = {
      resource: this.id,
      action: 'run',
      risk: 'disruptive',
      summary: `shut container ${id} (${name}) down`,
      fields: [{ field: 'state', from: 'running', to: 'stopped' }],
      steps: [{ kind: 'command', argv, timeoutMs: (shutdownTimeoutSeconds + 120) * 1000 }, stopped],
      undo: { commands: [['pct', 'start', id]] },
    }
    return { ...nothing, changes: [change] }
  }
}

/** Its systemd was started at another time afterwards: that is the proof. */
export class LxcRestarted extends Ordered {
  readonly id = `${containerId(this.declared.id)}/restarted`
  #before: string | undefined

  async compare(look: Look): Promise<Comparison> {
    const { id, name } = this.declared
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
      steps: isRunning ? rebooted(this.declared) : start,
      undo: { impossible: 'a restart is not undone' },
    }
    return { ...nothing, changes: [change] }
  }

  #unproved(): CannotLook {
    const { id } = this.declared
    const why = `container ${id} has no systemd that answers, so nothing would tell that it was started anew`
    return new CannotLook(why, [`restart it by hand: pct reboot ${id}`])
  }
}
