/** Starting and stopping (qm.jsonl, group "agent and run state"; there no machine could run). */
import { NotSimulated } from '../../tool.ts'
import { activate } from '../activate.ts'
import { splitId, volumeNamed } from '../guest-volumes.ts'
import { Refusal } from '../surroundings.ts'
import { isAgentOn } from './agent-setting.ts'
import { regenerate } from './cloudinit-drive.ts'
import { confOf, loadMachine, requireUnlocked, type VirtualMachine, writeMachine } from './config.ts'
import { drivesOf, fileOf } from './drives.ts'
import { applyPending } from './pending.ts'
import { inTask } from './task.ts'
import type { Place, QmCall, QmVerb } from './verb.ts'
import { requireVolume } from './volumes.ts'

const flag = { kind: 'boolean' } as const
const seconds = { kind: 'integer', minimum: 0 } as const

/** The rest of what it checks is qemu-server's own command line. */
export function startMachine(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const vm = loadMachine(machine, voice, vmid)
  if (given.get('skiplock') !== '1') requireUnlocked(vm)
  if (vm.values.get('template') === '1') throw new Refusal("you can't start a vm if it's a template\n")
  if (machine.isRunning(vmid)) throw new Refusal(`VM ${vmid} already running\n`)
  if (vm.pending.size > 0) applyPending(call, vm)
  if (regenerate(call, vm)) writeMachine(machine, vmid, vm)
  requireDrives(call, vm)
  const number = (key: string): number => Number(vm.values.get(key) ?? 1)
  const processors = number('sockets') * number('cores')
  if (processors > machine.processors)
    throw new Refusal(`MAX ${machine.processors} vcpus allowed per VM on this node\n`)
  machine.start(vmid)
}

function requireDrives(place: Place, vm: VirtualMachine): void {
  const { machine, voice } = place
  for (const [, drive] of drivesOf(vm.values)) {
    if (splitId(fileOf(drive)) === null) continue
    const volume = volumeNamed(machine, voice, fileOf(drive))
    const content = volume.section.values.get('content') ?? []
    if (!content.includes(volume.content))
      throw new Refusal(`storage '${volume.section.id}' does not support content-type '${volume.content}'\n`)
    activate(machine, voice, volume.section)
    requireVolume(place, volume)
  }
}

/** Asked without reading the configuration, which has to be there all the same; hence another text than elsewhere. */
export function isRunning({ machine, vmid }: Place): boolean {
  if (!machine.exists(confOf(vmid)))
    throw new Refusal(`unable to find configuration file for VM ${vmid} on node '${machine.hostname}'\n`)
  return machine.isRunning(vmid)
}

/** What waited for the machine to stand is done. */
function applyWhenDown({ machine, voice, vmid }: Place): void {
  const vm = loadMachine(machine, voice, vmid)
  if (vm.pending.size > 0) applyPending({ machine, voice, vmid }, vm)
}

/** Whether it stands within that time. */
function goesDown({ machine, vmid }: Place, within: number): boolean {
  for (let waited = 0; waited < within; waited++) {
    if (!machine.isRunning(vmid)) return true
    machine.wait(1)
  }
  return !machine.isRunning(vmid)
}

/** Of a machine that stands there is nothing to do, and nothing said (n=148). */
function stop(call: QmCall): void {
  inTask(call, (task) => {
    const { machine, voice, vmid, given } = task
    if (!isRunning(task)) return
    const vm = loadMachine(machine, voice, vmid)
    if (given.get('skiplock') !== '1') requireUnlocked(vm)
    machine.stop(vmid)
    applyWhenDown(task)
  })
}

/** By its agent, or by the power button; `--forceStop` if it doesn't heed that in time. */
function shutDown(call: QmCall, isForced: boolean): void {
  const { machine, voice, vmid, given } = call
  const vm = loadMachine(machine, voice, vmid)
  if (given.get('skiplock') !== '1') requireUnlocked(vm)
  const down = /\bdown=(\d+)/.exec(vm.values.get('startup') ?? '')?.[1]
  const within = Number(given.get('timeout') ?? down ?? 60)
  if (isAgentOn(vm.values) && machine.guests.agent(vmid, 'guest-ping', {}) !== null)
    machine.guests.agent(vmid, 'guest-shutdown', {})
  else machine.pressPowerButton(vmid)
  if (!goesDown(call, within)) {
    if (!isForced) throw new Refusal('VM quit/powerdown failed - got timeout\n')
    voice.warn('VM still running - terminating now with SIGTERM\n')
    machine.stop(vmid)
  }
  applyWhenDown(call)
}

/** It is asked first whether it is paused, and that question has no answer when it doesn't run (n=112). */
function asksInVain(call: QmCall): boolean {
  const { voice, vmid } = call
  try {
    if (isRunning(call)) return false
    voice.warn(`VM ${vmid} not running\n\n`)
  } catch (error) {
    if (error instanceof Refusal) voice.warn(`${error.message}\n`)
    throw error
  }
  return true
}

function shutdown(call: QmCall): void {
  if (!asksInVain(call)) inTask(call, (task) => shutDown(task, call.given.get('forceStop') === '1'))
}

function reboot(call: QmCall): void {
  if (asksInVain(call)) throw new Refusal(`VM ${call.vmid} not running\n`)
  inTask(call, (task) => {
    shutDown(task, false)
    startMachine(task)
  })
}

function reset(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  if (!isRunning(call)) throw new Refusal(`VM ${vmid} not running\n`)
  if (given.get('skiplock') !== '1') requireUnlocked(loadMachine(machine, voice, vmid))
  inTask(call, () => machine.reset(vmid))
}

/** Until it stands. */
function wait(call: QmCall): void {
  const { machine, voice, vmid, given } = call
  const emulator = isRunning(call) ? machine.emulatorOf(vmid) : null
  if (emulator === null) return
  voice.out(`waiting until VM ${vmid} stops (PID ${emulator.pid})\n`)
  const within = given.get('timeout')
  if (within === undefined) throw new NotSimulated('qm wait without --timeout for a machine that runs')
  if (!goesDown(call, Number(within))) throw new Refusal('wait failed - got timeout\n')
}

/** Whether there was a lock is not asked (n=126). */
function unlock({ machine, voice, vmid }: QmCall): void {
  const vm = loadMachine(machine, voice, vmid)
  vm.values.delete('lock')
  vm.pending.delete('lock')
  writeMachine(machine, vmid, vm)
}

export const powerVerbs: Readonly<Record<string, QmVerb>> = {
  start: {
    parameters: { skiplock: flag, timeout: seconds },
    work: (call) => inTask(call, startMachine),
  },
  stop: { parameters: { keepActive: flag, 'overrule-shutdown': flag, skiplock: flag, timeout: seconds }, work: stop },
  shutdown: { parameters: { forceStop: flag, keepActive: flag, skiplock: flag, timeout: seconds }, work: shutdown },
  reboot: { parameters: { timeout: seconds }, work: reboot },
  reset: { parameters: { skiplock: flag }, work: reset },
  wait: { parameters: { timeout: { kind: 'integer', minimum: 1 } }, work: wait },
  unlock: { parameters: {}, work: unlock },
}
