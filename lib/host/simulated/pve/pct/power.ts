/** Starting, stopping, mounting and unlocking. */
import { exists, volumeNamed } from '../guest-volumes.ts'
import { Refusal } from '../surroundings.ts'
import { type Container, isTemplate, loadContainer, requireUnlocked, writeContainer } from './config.ts'
import { isMount, kindOf, parseMount, volumeOf } from './mountpoints.ts'
import { applyPending } from './set.ts'
import type { PctCall, PctVerb } from './verb.ts'

const flag = { kind: 'boolean' } as const
const seconds = { kind: 'integer', minimum: 0 } as const

function start(call: PctCall): void {
  const { machine, voice, vmid, given } = call
  const container = loadContainer(machine, voice, vmid)
  if (machine.isRunning(vmid)) throw new Refusal(`CT ${vmid} already running\n`)
  if (given.get('skiplock') !== '1') requireUnlocked(container)
  if (isTemplate(container)) throw new Refusal("you can't start a CT if it's a template\n")
  if (container.pending.values.size > 0) {
    applyPending(call, container)
    writeContainer(machine, vmid, container)
  }
  const mounts = [...container.values].filter(([name]) => isMount(name))
  const hasQuota = mounts.some(([name, value]) => parseMount(name, value).get('quota') === '1')
  if (hasQuota && container.values.get('unprivileged') === '1') {
    throw new Refusal('Quotas are not supported by unprivileged containers.\n')
  }
  requireMountable(call, container)
  machine.start(vmid)
}

/** Every mount's source, in the order in which they are mounted: `rootfs`, then `mp0` and on. */
function requireMountable({ machine, voice }: PctCall, container: Container): void {
  for (const [name, value] of container.values) {
    if (!isMount(name)) continue
    const volume = volumeOf(parseMount(name, value))
    if (kindOf(volume) === 'volume') {
      if (!exists(machine, volumeNamed(machine, voice, volume))) {
        throw new Refusal(`volume '${volume}' does not exist\n`)
      }
    }
  }
  for (const [name, value] of container.values) {
    const volume = isMount(name) ? volumeOf(parseMount(name, value)) : ''
    if (volume !== '' && kindOf(volume) === 'bind' && !machine.exists(volume)) {
      throw new Refusal(`directory '${volume}' does not exist\n`)
    }
  }
}

function requireRunning({ machine, voice, vmid, given }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  if (!machine.isRunning(vmid)) throw new Refusal(`CT ${vmid} not running\n`)
  if (given.get('skiplock') !== '1') requireUnlocked(container)
}

function stop(call: PctCall): void {
  requireRunning(call)
  call.machine.stop(call.vmid)
}

/** Seconds, unless told (pct(1), shutdown). */
const usualPatience = 60

function shutDown(call: PctCall): void {
  requireRunning(call)
  const { machine, vmid, given } = call
  machine.shutDown(vmid, Number(given.get('timeout') ?? usualPatience), given.get('forceStop') === '1')
}

function reboot(call: PctCall): void {
  shutDown(call)
  start(call)
}

/** The lock is set before anything is mounted, and stays when that fails (pct.jsonl n=96). */
function mount(call: PctCall): void {
  const { machine, voice, vmid } = call
  const container = loadContainer(machine, voice, vmid)
  requireUnlocked(container)
  container.values.set('lock', 'mounted')
  writeContainer(machine, vmid, container)
  requireMountable(call, container)
  voice.out(`mounted CT ${vmid} in '/var/lib/lxc/${vmid}/rootfs'\n`)
}

/** The lock is named with two blanks behind it (n=100). */
function removeLock({ machine, voice, vmid }: PctCall, lock: string | null): void {
  const container = loadContainer(machine, voice, vmid)
  const held = container.values.get('lock')
  if (held === undefined)
    throw new Refusal(`no lock found trying to remove ${lock === null ? 'any' : `'${lock}' `} lock\n`)
  if (lock !== null && held !== lock) throw new Refusal(`found lock '${held}' trying to remove '${lock}' lock\n`)
  container.values.delete('lock')
  writeContainer(machine, vmid, container)
}

export const powerVerbs: Readonly<Record<string, PctVerb>> = {
  start: { parameters: { debug: flag, skiplock: flag }, work: start },
  stop: { parameters: { 'overrule-shutdown': flag, skiplock: flag }, work: stop },
  shutdown: { parameters: { forceStop: flag, timeout: seconds }, work: shutDown },
  reboot: { parameters: { timeout: seconds }, work: reboot },
  mount: { parameters: {}, work: mount },
  unmount: { parameters: {}, work: (call) => removeLock(call, 'mounted') },
  unlock: { parameters: {}, work: (call) => removeLock(call, null) },
}
