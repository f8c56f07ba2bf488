/** phx destroy, start, stop and restart: orders for what is named, and for nothing else unasked. */
import type { Order } from '../../engine/resource.ts'
import type { Environment } from '../environment.ts'
import type { Invocation } from '../invocation.ts'
import { carryOut } from './run.ts'

export const execute =
  (order: Order) =>
  (invocation: Invocation, environment: Environment): Promise<number> =>
    carryOut(invocation, environment, { byDefault: null, readOnly: invocation.dryRun, guestsOnly: true, order })
