/**
 * Raw `lxc.*` lines of a container's configuration: pct can't set them, so its file is written, each line whole. Only
 * the keys that are declared are phx's; lines of others stay.
 */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Comparison, Foreseen, Look, Resource } from '../../engine/resource.ts'
import { lineChanges } from '../file/owned-file.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { guestConfOf, parseGuestConf } from '../probes/guest-conf.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'
import { idMapLines } from './id-map.ts'

/** As pmxcfs has every file there: it refuses another mode (pmxcfs(8)). */
const mode = 0o640

export class RawLines implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/raw-lines`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const path = guestConfOf(this.#declared)
    const nothing = { changes: [], refusals: [], notes: [] }
    const text = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.reader.readFile(path)
    if (text === undefined) return { ...nothing, live: undefined }
    const wanted = this.#text(text)
    const live = { lines: parseGuestConf(text).raw.map(([key, value]) => `${key}: ${value}`) }
    if (wanted === text) return { ...nothing, live }
    const lock = parseGuestConf(text).values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `write lines of container ${id}'s configuration`,
          fields: lineChanges(text, wanted),
          steps: [{ kind: 'write', file: { path, content: wanted, mode, owner: 'root:www-data' }, replaces: text }],
          undo: { impossible: 'the journal has the former text' },
        },
      ],
      notes: isRunning
        ? [{ resource: this.id, level: 'warning', text: `lines of container ${id} take effect when it is restarted: pct reboot ${id}` }]
        : [],
      live,
    }
  }

  /** In the live part, where the first of theirs stands or at its end. */
  #text(text: string): string {
    const { rawLines, idMaps } = this.#declared
    const wanted = [
      ...rawLines.map(({ key, value }) => `${key}: ${value}`),
      ...idMapLines(idMaps).map((value) => `lxc.idmap: ${value}`),
    ]
    const keys = new Set(wanted.map((line) => line.slice(0, line.indexOf(':'))))
    const lines = text.split('\n')
    const end = lines.findIndex((line) => line.startsWith('['))
    const [live, rest] = end < 0 ? [lines, []] : [lines.slice(0, end), lines.slice(end)]
    const there = live.filter((line) => keys.has(keyOf(line) ?? ''))
    if (there.map(tidy).join('\n') === wanted.join('\n')) return text
    const kept = live.filter((line) => !keys.has(keyOf(line) ?? ''))
    while (kept.at(-1) === '') kept.pop()
    return [...kept, ...wanted, ...(rest.length > 0 ? ['', ...rest] : [''])].join('\n')
  }
}

const keyOf = (line: string): string | undefined => /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)/.exec(line)?.[1]

/** `lxc.a=b`, `lxc.a: b` and `lxc.a:b` are the same. */
const tidy = (line: string): string => line.replace(/^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/, '$1: $2')
