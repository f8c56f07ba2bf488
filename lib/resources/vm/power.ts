/** A virtual machine that runs and whose guest agent answers. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import { Hopeless } from '../../engine/hopeless.ts'
import type { Change, Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { guestLock, isSilence, lookInside, waysToLook } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { isTemplate } from '../probes/guest-conf.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { hasAgent, readVm, type Vm, vmProbe } from '../probes/vms.ts'
import { machineId } from './machine.ts'
import { memoryFault } from './memory.ts'

/** A start that has to allocate its memory takes a while. */
const startingMs = 120_000

export const powerId = (vmid: string): string => `${machineId(vmid)}/power`

export class VmPower implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.id = powerId(declared.id)
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const vm = await look.at(vmProbe(id))
    if (vm === undefined || foreseen.isMadeAnew(machineId(id)))
      return { ...nothing, changes: [this.#start()], live: null }
    if (isTemplate(vm)) return { ...nothing, live: { state: 'template' } }
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    if (!isRunning) {
      const lock = vm.values.get('lock')
      if (lock !== undefined) throw locked(this.#declared, lock)
      const fault = await memoryFault(look, this.#declared)
      if (fault) throw fault
      return { ...nothing, changes: [this.#start()], live: { state: 'stopped' } }
    }
    if (hasAgent(vm.settled) && !hasAgent(vm.values)) throw this.#startedWithout(vm)
    const silence = await whySilent((await look.at(lookInside(this.#declared))).reader)
    if (silence === undefined) return { ...nothing, live: { state: 'running' } }
    return { ...nothing, changes: [this.#wait(silence)], live: { state: 'running, its agent is silent' } }
  }

  #start(): Change {
    const { id, name } = this.#declared
    return {
      resource: this.id,
      // What is inside can be looked at from then on.
      action: 'run',
      reveals: true,
      risk: 'safe',
      summary: `start VM ${id} (${name}) and wait for its guest agent`,
      fields: [{ field: 'state', from: 'stopped', to: 'running' }],
      steps: [{ kind: 'command', argv: ['qm', 'start', id], timeoutMs: startingMs }, agentAnswers(this.#declared)],
      undo: { commands: [['qm', 'shutdown', id]] },
    }
  }

  #wait(silence: string): Change {
    const { id } = this.#declared
    return {
      resource: this.id,
      action: 'run',
      reveals: true,
      risk: 'safe',
      summary: `wait for the guest agent of VM ${id}`,
      fields: [{ field: 'agent', from: silence, to: 'answers' }],
      steps: [agentAnswers(this.#declared)],
      undo: { impossible: 'nothing is changed' },
    }
  }

  #startedWithout({ id }: Vm): CannotLook {
    const why = `VM ${id} was started before its guest agent was configured, and has no channel to it`
    return new CannotLook(why, [
      `stop it and start it: qm shutdown ${id}; qm start ${id}`,
      'or agree to it: phx run --restart, or in the config "restart": "allowed"',
    ])
  }
}

export function agentAnswers({ id, agentTimeoutSeconds }: DeclaredVm): Step {
  return {
    kind: 'verify',
    what: `the guest agent of VM ${id} answers`,
    withinMs: agentTimeoutSeconds * 1000,
    mend: [
      ...waysToLook({ kind: 'vm', id }),
      'what cloud-init did, on that console: cloud-init status --long; tail /var/log/cloud-init-output.log',
      'the agent has to be in the image or be installed at the first boot: apt-get install qemu-guest-agent',
    ],
    check: async (reader) => {
      const vm = await readVm(reader, id)
      if (vm === undefined) throw new Hopeless(`there is no VM ${id} any more`)
      if (!hasAgent(vm.values)) throw new Hopeless(`VM ${id} has no guest agent configured: qm set ${id} --agent 1`)
      if (!(await runningGuests(reader)).has(id))
        throw new Hopeless(`VM ${id} does not run any more: it stopped, or crashed`)
      return whySilent(reader.inside({ kind: 'vm', id }))
    },
  }
}

/** Undefined when the agent answers. */
async function whySilent(inside: Reader): Promise<string | undefined> {
  try {
    await inside.stat('/')
    return undefined
  } catch (error) {
    if (!isSilence(error)) throw error
    return error.message
  }
}
