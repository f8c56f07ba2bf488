/**
 * Raw `lxc.*` lines of a container's configuration: pct can't set them, so its file is written, each line whole. Only
 * keys that are declared, or were when phx last wrote them, are phx's; lines of others stay.
 */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Foreseen, Look, Note, Owned, Resource, Step } from '../../engine/resource.ts'
import { lineChanges } from '../file/owned-file.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { guestConfOf, parseGuestConf } from '../probes/guest-conf.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'
import { idMapLines } from './id-map.ts'
import { rebooted } from './power.ts'

/** As pmxcfs has every file there: it refuses another mode (pmxcfs(8)). */
const mode = 0o640

export class RawLines implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc
  readonly #lines: readonly string[]

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/raw-lines`
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#lines = [
      ...declared.rawLines.map(({ key, value }) => `${key}: ${value}`),
      ...idMapLines(declared.idMaps).map((value) => `lxc.idmap: ${value}`),
    ]
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const path = guestConfOf(this.#declared)
    const text = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.reader.readFile(path)
    if (text === undefined) return { ...nothing, notes: this.#later(), live: undefined }
    const keys = new Set(this.#lines.map(keyOf))
    const wanted = this.#text(text, new Set([...keys, ...keysIn(owned.live(this.id)?.lines)]))
    const { raw, values } = parseGuestConf(text)
    const live = { lines: raw.filter(([key]) => keys.has(key)).map(([key, value]) => `${key}: ${value}`) }
    if (wanted === text) return { ...nothing, live }
    const lock = values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    return { ...nothing, changes: [this.#write(text, wanted, isRunning)], notes: this.#waiting(isRunning), live }
  }

  #write(text: string, wanted: string, isRunning: boolean): Change {
    const { id, mayRestart } = this.#declared
    const file = { path: guestConfOf(this.#declared), content: wanted, mode, owner: 'root:www-data' }
    const restart: Step[] = isRunning && mayRestart ? rebooted(this.#declared) : []
    return {
      resource: this.id,
      action: 'update',
      risk: restart.length > 0 ? 'disruptive' : 'safe',
      summary: `write lines of container ${id}'s configuration${restart.length > 0 ? ', and restart it' : ''}`,
      fields: lineChanges(text, wanted),
      steps: [{ kind: 'write', file, replaces: text }, ...restart],
      undo: { impossible: 'the journal has the former text' },
    }
  }

  #later(): Note[] {
    if (this.#lines.length === 0) return []
    const text = `written into its configuration once it is there: ${this.#lines.join(', ')}`
    return [{ resource: this.id, level: 'info', text }]
  }

  #waiting(isRunning: boolean): Note[] {
    const { id, mayRestart } = this.#declared
    if (!isRunning || mayRestart) return []
    const text = `lines of container ${id} take effect when it is restarted: pct reboot ${id}, or "restart": "allowed"`
    return [{ resource: this.id, level: 'warning', text }]
  }

  /** In the live part, at its end. */
  #text(text: string, keys: ReadonlySet<string | undefined>): string {
    const lines = text.split('\n')
    const end = lines.findIndex((line) => line.startsWith('['))
    const [live, rest] = end < 0 ? [lines, []] : [lines.slice(0, end), lines.slice(end)]
    const isOurs = (line: string): boolean => /^lxc\./.test(line) && keys.has(keyOf(line))
    if (live.filter(isOurs).map(tidy).join('\n') === this.#lines.map(tidy).join('\n')) return text
    const kept = live.filter((line) => !isOurs(line))
    while (kept.at(-1) === '') kept.pop()
    return [...kept, ...this.#lines, '', ...rest].join('\n')
  }
}

const keyOf = (line: string): string | undefined => /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)/.exec(line)?.[1]

/** `lxc.a=b`, `lxc.a: b` and `lxc.a:b` are the same. */
const tidy = (line: string): string => line.replace(/^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/, '$1: $2')

/** Of the lines that a stamp has. */
const keysIn = (lines: unknown): (string | undefined)[] =>
  Array.isArray(lines) ? lines.map((line) => keyOf(String(line))) : []
