/** phx create: the guests that are named, as declared, with what they depend on. The same as phx run, for guests alone. */
import type { Environment } from '../environment.ts'
import type { Invocation } from '../invocation.ts'
import { carryOut } from './run.ts'

export const execute = (invocation: Invocation, environment: Environment): Promise<number> =>
  carryOut(invocation, environment, { byDefault: null, readOnly: invocation.dryRun, guestsOnly: true })
