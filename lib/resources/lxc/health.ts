/**
 * That a container does its work, by the command that the config names. What a command does can't be told beforehand, so
 * no plan runs it: it runs after whatever was changed, and a marker in the container says what it was the proof of: of
 * which declaration, after which runs.
 */
import type { DeclaredHealthCheck } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Owned, Resource } from '../../engine/resource.ts'
import { writeSteps } from '../guest/write.ts'

const folder = '/var/lib/phx'
const marker = `${folder}/healthy`

/** One try; a service that hangs is no better than one that refuses. */
const tryMs = 30_000

/** Inside the container. */
export class Health implements Resource {
  readonly id = 'health'
  readonly locks: readonly Lock[] = []
  readonly #check: DeclaredHealthCheck
  readonly #fingerprint: string

  /** `fingerprint` is of all that is declared of the container. Its task watches those that change the container. */
  constructor(check: DeclaredHealthCheck, fingerprint: string) {
    this.#check = check
    this.#fingerprint = fingerprint
  }

  async compare(look: Look, _: Foreseen, owned: Owned): Promise<Comparison> {
    const proved = (await look.reader.readFile(marker))?.trim() ?? null
    const form = [this.#fingerprint, ...owned.changes].join(' ')
    // Without a record of any run what is declared decides.
    const isSo = owned.changes.length > 0 ? proved === form : proved?.split(' ')[0] === this.#fingerprint
    const changes = isSo ? [] : [this.#prove(proved, form)]
    return { changes, refusals: [], notes: [], live: { of: proved?.split(' ')[0] ?? null } }
  }

  #prove(proved: string | null, form: string): Change {
    const { argv, retries, intervalSeconds } = this.#check
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: 'check that the application works',
      fields: [{ field: 'proved', from: proved, to: form }],
      steps: [
        {
          kind: 'command',
          argv,
          timeoutMs: tryMs,
          again: { times: retries, afterMs: intervalSeconds * 1000 },
          mend: [
            `try it in the container: ${argv.join(' ')}`,
            'what failed there: systemctl --failed; journalctl -b -p warning',
            'an application that takes longer: more "retries", or a longer "interval"',
          ],
        },
        { kind: 'command', argv: ['mkdir', '-p', folder] },
        ...writeSteps({ path: marker, mode: 0o644, content: Buffer.from(`${form}\n`) }),
      ],
      undo: { impossible: 'nothing is changed' },
    }
  }
}
