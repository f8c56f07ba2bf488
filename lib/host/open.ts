/** From what a person writes after `--host` to a host. A transport's module is loaded only when it is asked for. */
import type { Host } from './host.ts'

export interface OpenOptions {
  /** Opened for looking: a simulated host that isn't there yet is then kept in memory, and nothing is written. */
  readonly readOnly: boolean
  /** Files of secrets that the config names: a simulated host that isn't there yet is made with them. */
  readonly secretFiles?: readonly string[]
}

/** A `--host` that names no host: the person's mistake, shown without a stack. */
export class UnknownHost extends Error {}

/** `disks`: paths that the config names; a simulated host that isn't there yet is made with them, blank. */
export async function openHost(spec: string, disks: readonly string[], options: OpenOptions): Promise<Host> {
  if (spec === 'local') {
    const { LocalHost } = await import('./local.ts')
    return new LocalHost()
  }
  if (spec === 'simulated' || spec.startsWith('simulated:')) {
    const folder = spec.slice('simulated:'.length)
    if (spec !== 'simulated' && folder === '') {
      throw new UnknownHost('--host simulated: names no folder; give one after the colon, or leave the colon out')
    }
    const { openSimulated } = await import('./simulated/host.ts')
    return openSimulated(folder === '' ? null : folder, disks, options)
  }
  if (spec.startsWith('ssh://')) {
    throw new UnknownHost(`--host ${spec}: hosts over SSH can't be converged yet; run phx on the host itself`)
  }
  throw new UnknownHost(
    `--host ${spec}: no such kind of host; possible are local, simulated (forgotten at the end of the run) and simulated:FOLDER`,
  )
}
