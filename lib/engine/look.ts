/** One consistent look at the host: every probe is read once, however many resources ask for it. */
import type { Reader } from '../host/host.ts'
import type { Look, Probe, Task } from './resource.ts'
import { noSecrets, type Secrets } from './secret.ts'

/** Begins what these tasks will ask for anyway, and ends when all of it has been answered, well or not. */
export async function lookAhead(look: Look, tasks: readonly Task[]): Promise<void> {
  const begun: Promise<unknown>[] = []
  for (const { resources } of tasks) {
    for (const resource of resources) if (resource.ahead) begun.push(resource.ahead(look))
  }
  await Promise.allSettled(begun)
}

export function newLook(reader: Reader, secrets: Secrets = noSecrets): Look {
  const seen = new Map<string, Promise<unknown>>()
  const look: Look = {
    reader,
    secrets,
    at<T>(probe: Probe<T>): Promise<T> {
      let reading = seen.get(probe.id) as Promise<T> | undefined
      if (!reading) {
        reading = probe.read(look)
        seen.set(probe.id, reading)
      }
      return reading
    },
  }
  return look
}
