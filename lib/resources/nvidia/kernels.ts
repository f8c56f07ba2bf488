/** The kernels that the driver has to be built for: without one that boots next there is nothing to decide by. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look } from '../../engine/resource.ts'
import { kernelsProbe } from '../probes/kernels.ts'

export interface Kernels {
  readonly running: string
  readonly next: string
  /** Any of which can be chosen at boot; the newest first. */
  readonly installed: readonly string[]
}

export async function kernelsOf(look: Look): Promise<Kernels> {
  const { running, next, installed } = await look.at(kernelsProbe)
  if (running === undefined || next === undefined) {
    throw new CannotLook("can't tell which kernel boots next: there is no kernel in /boot", ['ls /boot', 'uname -r'])
  }
  return { running, next, installed }
}
