/** The NFS server behind its unit: restarted only when it is there and doesn't serve. */
import type { Change, Comparison, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import { listenersProbe } from '../probes/listeners.ts'
import { unitIn, unitsProbe } from '../probes/units.ts'
import { isReady, nfsPort, serverUnit, silenceProbe, threadsOf } from './ready.ts'

/** NFSv4: opens and locks of clients that were there before wait so long after a start (nfsd(7), nfsv4gracetime). */
const grace = 'for up to 90 s after a start clients can open and lock nothing new: they wait, and go on by themselves'

export class NfsServer implements Resource {
  readonly id = 'nfs-server'
  readonly locks: readonly Lock[] = [{ name: 'nfs-server', mode: 'exclusive' }]

  ahead(look: Look): Promise<unknown> {
    return look.at(silenceProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const [units, threads] = await Promise.all([look.at(unitsProbe), threadsOf(look.reader)])
    const unit = unitIn(units, serverUnit)
    const isUp = threads !== null && threads > 0
    const taken = isUp ? undefined : await this.#portTaken(look)
    if (taken) return { changes: [], refusals: [taken], notes: [], live: { answers: false } }
    // The unit is started before this; then it is only waited for.
    if (!unit.exists || unit.active !== 'active') return this.#differs(this.#wait(), null)
    if (!isUp) return this.#differs(this.#restart("the kernel's server has no threads"), { answers: false })

    const isMasked = unitIn(units, 'rpcbind.service').masked
    const silent = await look.at(silenceProbe)
    if (silent !== undefined) return this.#differs(this.#restart(silent), { answers: false })
    const text = 'rpcbind is masked: NFS version 4 works without it; version 3, showmount and rpcinfo do not'
    const notes = isMasked ? [{ resource: this.id, level: 'info' as const, text }] : []
    return { changes: [], refusals: [], notes, live: { answers: true } }
  }

  #differs(change: Change, live: Comparison['live']): Comparison {
    return { changes: [change], refusals: [], notes: [], live }
  }

  #wait(): Change {
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: 'wait until the NFS server answers',
      fields: [{ field: 'answers', from: false, to: true, note: grace }],
      steps: [isReady([], new Map())],
      undo: { commands: [] },
    }
  }

  /** Nobody is served now, so nobody is interrupted. */
  #restart(why: string): Change {
    return {
      resource: this.id,
      action: 'run',
      risk: 'safe',
      summary: `restart ${serverUnit}, which is active but does not serve: ${why}`,
      fields: [{ field: 'answers', from: false, to: true, note: grace }],
      steps: [{ kind: 'command', argv: ['systemctl', 'restart', serverUnit] }, isReady([], new Map())],
      undo: { commands: [['systemctl', 'stop', serverUnit]] },
    }
  }

  /** The kernel's server could not start there. */
  async #portTaken(look: Look): Promise<Refusal | undefined> {
    if (!(await look.at(listenersProbe)).has(nfsPort)) return undefined
    const { stdout } = await look.reader.query(['ss', '-Hltnp', `sport = :${nfsPort}`])
    const holder = /users:\(\("([^"]+)",pid=(\d+)/.exec(stdout)
    const who = holder ? `${holder[1]} (process ${holder[2]})` : 'something that is not the kernel’s NFS server'
    return {
      resource: this.id,
      why: `port ${nfsPort} is taken by ${who}: the NFS server could not start`,
      fields: [],
      mend: [`see what it is: ss -ltnp 'sport = :${nfsPort}'`, 'stop it, or take the nfs section out of the config'],
    }
  }
}
