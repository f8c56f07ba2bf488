/**
 * That root may give a container the ids of the host that are declared for it: newuidmap and newgidmap, which LXC calls,
 * look into /etc/subuid and /etc/subgid (subuid(5), newuidmap(1)). Lines are added, and never taken away: who else counts
 * on one can't be told.
 */
import type { DeclaredIdMap, DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { containerId } from './container.ts'

const files = { uid: '/etc/subuid', gid: '/etc/subgid' } as const

/** As the package uidmap has them. */
const mode = 0o644

export class SubIds implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #type: DeclaredIdMap['type']
  readonly #maps: readonly DeclaredIdMap[]
  readonly #container: string

  constructor({ id, idMaps }: Pick<DeclaredLxc, 'id' | 'idMaps'>, type: DeclaredIdMap['type']) {
    this.id = `${containerId(id)}/sub-ids:${files[type]}`
    this.locks = [{ name: `file:${files[type]}`, mode: 'exclusive' }]
    this.#type = type
    this.#maps = idMaps.filter((one) => one.type === type)
    this.#container = id
  }

  async compare(look: Look): Promise<Comparison> {
    const text = (await look.reader.readFile(files[this.#type])) ?? null
    const missing = this.#maps.filter((map) => !linesOf(text ?? '').some((line) => allows(line, map)))
    const changes = missing.length === 0 ? [] : [this.#add(text, missing.map(lineFor))]
    return { changes, refusals: [], notes: [], live: { allowed: missing.length === 0 } }
  }

  #add(text: string | null, lines: readonly string[]): Change {
    const path = files[this.#type]
    const before = text === null || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `allow root ids of the host for container ${this.#container} in ${path}`,
      fields: lines.map((line) => ({ field: 'line', from: null, to: line })),
      steps: [{ kind: 'write', file: { path, content: `${before}${lines.join('\n')}\n`, mode }, replaces: text }],
      undo: { impossible: 'the journal has the former text' },
    }
  }
}

const linesOf = (text: string): string[] => text.split('\n').map((line) => line.trim())

const lineFor = ({ hostId, size }: DeclaredIdMap): string => `root:${hostId}:${size}`

function allows(line: string, { hostId, size }: DeclaredIdMap): boolean {
  const [, first, count] = /^(?:root|0):(\d+):(\d+)$/.exec(line) ?? []
  return first !== undefined && Number(first) <= hostId && hostId + size <= Number(first) + Number(count)
}
