/** Which kernel runs and which one the next start takes: if they differ the host has to be rebooted. */
import type { Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { kernelsProbe } from '../probes/kernels.ts'

export class Kernel implements Resource {
  readonly id = 'kernel'
  readonly locks: readonly Lock[] = []

  async compare(look: Look): Promise<Comparison> {
    const { running, next } = await look.at(kernelsProbe)
    const isSame = running === undefined || next === undefined || running === next
    const reboot = isSame ? [] : [`kernel ${running} runs, and the next start takes ${next}`]
    return { changes: [], refusals: [], notes: [], live: { running: running ?? null, next: next ?? null }, reboot }
  }
}
