/** Port 445, before smbd is started: another server there would keep it from serving anything. */
import type { Comparison, Look, Resource } from '../../engine/resource.ts'
import { listenersProbe } from '../probes/listeners.ts'
import { isRunning } from './served.ts'

const port = 445

export class SmbPort implements Resource {
  readonly id = `port:${port}`
  readonly locks = []

  async compare(look: Look): Promise<Comparison> {
    if ((await isRunning(look)) || !(await look.at(listenersProbe)).has(port)) {
      return { changes: [], refusals: [], notes: [], live: {} }
    }
    const why = `another service listens on port ${port}, and smbd does not run: it could not serve anything`
    const mend = [
      `see which one it is: ss -ltnp 'sport = :${port}'`,
      'stop and disable it (a container that publishes the port, ksmbd, an smbd started by hand), then run again',
    ]
    return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live: {} }
  }
}
