/** Guests that phx made, or that bear its mark, and that the config no longer has: told of, and left alone. */
import type { Comparison, Lock, Look, Note, Resource } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import type { GuestConf } from '../probes/guest-conf.ts'
import { guestConfsProbe } from '../probes/guest-confs.ts'
import { mark, tagsOf } from './mark.ts'
import { toolOf } from './options.ts'

export class UndeclaredGuests implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = []
  readonly #kind: GuestRef['kind']
  readonly #declared: ReadonlySet<string>
  readonly #made: ReadonlySet<string>

  /** Of one kind, and by their numbers; `made` are those that phx has a record of. */
  constructor(kind: GuestRef['kind'], declared: Iterable<string>, made: Iterable<string>) {
    this.id = `${kind}:undeclared`
    this.#kind = kind
    this.#declared = new Set(declared)
    this.#made = new Set(made)
  }

  async compare(look: Look): Promise<Comparison> {
    const confs = await look.at(guestConfsProbe)
    const notes = [...confs].flatMap(([target, conf]): Note[] => {
      const [kind, id = ''] = target.split(':')
      if (kind !== this.#kind || this.#declared.has(id)) return []
      if (this.#made.has(id)) return [this.#recorded(target, conf)]
      return tagsOf(conf).includes(mark) ? [this.#marked(id, target, conf)] : []
    })
    return { changes: [], refusals: [], notes, live: {} }
  }

  #recorded(target: string, conf: GuestConf): Note {
    const text = `${target}${named(conf)} was made by phx and is no longer declared: it is left alone; if it is to go: phx destroy ${target}`
    return { resource: this.id, level: 'warning', text }
  }

  /** A clone made by hand has the tags of what it was cloned from. */
  #marked(id: string, target: string, conf: GuestConf): Note {
    const text = `${target}${named(conf)} bears the tag "${mark}" and is not declared, and phx has no record of making it: it is left alone; if it is to go: ${toolOf[this.#kind]} destroy ${id}`
    return { resource: this.id, level: 'warning', text }
  }
}

function named({ values }: GuestConf): string {
  const name = values.get('name') ?? values.get('hostname')
  return name === undefined ? '' : ` (${name})`
}
