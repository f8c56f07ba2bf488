/**
 * Rebooting, when it was agreed to (`--reboot`): once, at the end of a run that went well. A cause that a reboot by phx
 * did not take away is not tried again, or a host that runs phx as it starts would reboot for ever.
 */
import { join } from 'node:path'
import { textOf } from '../state/disk.ts'
import type { Summary } from './events.ts'
import type { Running } from './session.ts'

const bootIdFile = '/proc/sys/kernel/random/boot_id'

/** What phx rebooted for last, and in which boot it said so. */
interface Rebooted {
  readonly bootId: string
  readonly causes: readonly string[]
}

const fileOf = (running: Running): string => join(running.state.path, 'rebooted.json')
const bootIdOf = async ({ reader }: Running): Promise<string> => ((await reader.readFile(bootIdFile)) ?? '').trim()

/** A text that is none of phx's speaks for nothing. */
function rebootedBefore(running: Running): Rebooted | undefined {
  try {
    const { bootId, causes } = JSON.parse(textOf(fileOf(running)) ?? '') as Partial<Rebooted>
    return typeof bootId === 'string' && Array.isArray(causes) ? { bootId, causes } : undefined
  } catch {
    return undefined
  }
}

/** Whether this run ends with a reboot; said aloud when it was asked for and is not done. */
export async function mayReboot({ exitCode, rebootRequired }: Summary, running: Running): Promise<boolean> {
  if (!running.reboot || exitCode !== 0 || rebootRequired.length === 0) return false
  const before = rebootedBefore(running)
  const isTried = before !== undefined && before.bootId !== (await bootIdOf(running))
  if (!isTried || !rebootRequired.every((cause) => before.causes.includes(cause))) return true
  const text = `not rebooted: phx has rebooted the host for this before, and that did not help: ${rebootRequired.join('; ')}`
  running.emit({ type: 'warning', text })
  return false
}

/** Reboots the host: the last thing that a run does. */
export async function reboot({ rebootRequired: causes }: Summary, running: Running): Promise<void> {
  const rebooted: Rebooted = { bootId: await bootIdOf(running), causes }
  await running.state.replacer.replace(fileOf(running), `${JSON.stringify(rebooted, null, 2)}\n`)
  const result = await running.host.mutate(['systemctl', 'reboot'])
  if (result.exitCode === 0) return
  running.emit({ type: 'warning', text: `the host could not be rebooted: ${result.stderr.trim()}` })
}
