/** A run that ends in the middle: the host takes no change any more after so many, as if phx or the machine had died. */
import { SimulatedHost } from '../../lib/host/simulated/host.ts'

const { change } = SimulatedHost.prototype

/** Works with simulated hosts of this process that fail at change `limit` and at all after it; tells how many there were. */
export async function cutOffAt(limit: number, work: () => Promise<unknown>): Promise<number> {
  let changes = 0
  SimulatedHost.prototype.change = function <T>(this: SimulatedHost, ...args: Parameters<typeof change<T>>) {
    changes += 1
    return changes < limit ? change.apply(this, args as never) : Promise.reject(new Error('cut off'))
  } as typeof change
  try {
    await work()
  } finally {
    SimulatedHost.prototype.change = change
  }
  return changes
}
