/**
 * Upgrading all packages, once. What a host did stands on the host (/etc/phx/upgraded), not in a stamp: a second run never
 * upgrades, whoever made the first one, and an upgrade that was cut off is taken up again.
 */
import type { Change, Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { header } from '../file/owned-file.ts'
import { aptGet, aptUpdate } from '../package/apt.ts'
import { aptIsFree } from '../package/apt-lock.ts'
import { packageLock } from '../package/packages.ts'

const folder = '/etc/phx'
const marker = `${folder}/upgraded`

const verbs = { safe: 'upgrade', full: 'dist-upgrade' } as const
type Kind = keyof typeof verbs

export class Upgrade implements Resource {
  readonly id = 'upgrade'
  readonly locks: readonly Lock[] = [packageLock]
  readonly #kind: Kind | 'none'

  constructor(kind: Kind | 'none') {
    this.#kind = kind
  }

  async compare({ reader }: Look): Promise<Comparison> {
    const kind = this.#kind
    const text = (await reader.readFile(marker)) ?? null
    const done = text?.match(/^(safe|full)$/m)?.[1] ?? null
    const live = done === null ? null : { done }
    // A full one is more than a safe one.
    const isDone = kind === 'none' || done === kind || done === 'full'
    return { changes: isDone ? [] : [this.#run(kind, done, text)], refusals: [], notes: [], live }
  }

  #run(kind: Kind, done: string | null, before: string | null): Change {
    const content = `${[
      header('host.upgrade'),
      '# All packages were upgraded once, in this way; without this file the next run does it again.',
      kind,
    ].join('\n')}\n`
    return {
      resource: this.id,
      action: 'run',
      // Services that get a new version are restarted.
      risk: 'disruptive',
      summary: `upgrade all packages (apt-get ${verbs[kind]})`,
      fields: [{ field: 'done', from: done, to: kind, note: 'once; noted on the host' }],
      steps: [
        aptIsFree,
        // Another's repository that can't be reached must not keep this host from its upgrade.
        aptUpdate([]),
        aptGet([verbs[kind]]),
        { kind: 'command', argv: ['mkdir', '-p', folder] },
        { kind: 'write', file: { path: marker, content, mode: 0o644 }, replaces: before },
      ],
      undo: { impossible: 'older versions are no longer in the repositories' },
      reveals: true,
    }
  }
}
