/** A file that is phx's alone, written whole from the config, or gone. */
import { createHash } from 'node:crypto'
import type { Change, Comparison, Lock, Look, Resource, Risk, Step } from '../../engine/resource.ts'
import type { FileCheck } from '../../host/host.ts'

export const fileId = (path: string): string => `file:${path}`

export interface DeclaredFile {
  readonly path: string
  /** Its lines; null when there is to be no such file. */
  readonly lines: readonly string[] | null
  /** The config section that it is written from. */
  readonly section: string
  readonly mode: number
  /** How a comment begins; `#` unless told. */
  readonly comment?: string
  /** A line that has to be the file's first, above phx's own, such as `#cloud-config`. */
  readonly first?: string
  readonly check?: FileCheck
  /** What makes the new text take effect. */
  readonly after?: readonly Step[]
  /** A comment that stands in the file until `after` is done: a run that is cut off in between is found by it. */
  readonly pending?: string
  /** Of changing it; `safe` unless told. */
  readonly risk?: Risk
}

const mark = "phx's file"

/** What stands on top: whose it is, and where it is declared. */
export function header(section: string, comment = '#'): string {
  return `${comment} ${mark}: written from "${section}" of phx's config and replaced whole. Declare it there.`
}

const isOurs = (text: string): boolean => text.split('\n', 2).some((line) => line.includes(` ${mark}: `))

/** A stamp tells a changed file by it; the text itself stands in the journal. */
const fingerprint = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

export class OwnedFile implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredFile

  constructor(declared: DeclaredFile) {
    this.id = fileId(declared.path)
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { path, mode, lines } = this.#declared
    const [text, stat] = await Promise.all([look.reader.readFile(path), look.reader.stat(path)])
    if (text === undefined) {
      return { changes: lines === null ? [] : [await this.#write(look, null)], refusals: [], notes: [], live: null }
    }
    const live = {
      content: fingerprint(text),
      mode: octal(stat?.mode ?? 0),
      owner: `${stat?.uid ?? 0}:${stat?.gid ?? 0}`,
    }
    if (!isOurs(text)) {
      if (lines === null) return { changes: [], refusals: [], notes: [], live }
      const why = `${path} is there and was not written by phx: it stays as it is`
      const mend = [`look what it is for, and move it away: mv ${path} /root/`]
      return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live }
    }
    if (lines === null) return { changes: [this.#remove(text)], refusals: [], notes: [], live }
    const isSo = text === textOf(this.#declared) && stat?.mode === mode && stat.uid === 0 && stat.gid === 0
    return { changes: isSo ? [] : [await this.#write(look, text, stat?.mode)], refusals: [], notes: [], live }
  }

  async #write(look: Look, before: string | null, mode?: number): Promise<Change> {
    const { path, risk = 'safe' } = this.#declared
    const content = textOf(this.#declared)
    const folder = parentOf(path)
    const makesFolder = (await look.reader.stat(folder)) === undefined
    return {
      resource: this.id,
      action: before === null ? 'create' : 'update',
      risk,
      summary: before === null ? `write ${path}` : `bring ${path} up to date`,
      fields: [
        ...(before === content ? [] : lineChanges(before ?? '', content)),
        ...(mode === undefined || mode === this.#declared.mode
          ? []
          : [{ field: 'mode', from: octal(mode), to: octal(this.#declared.mode) }]),
      ],
      steps: [
        ...(makesFolder ? [{ kind: 'command' as const, argv: ['mkdir', '-p', folder] }] : []),
        ...settledSteps({ ...this.#declared, before, content }),
      ],
      undo: before === null ? { commands: [['rm', path]] } : { impossible: 'the journal has its former text' },
    }
  }

  #remove(before: string): Change {
    const { path, risk = 'safe' } = this.#declared
    return {
      resource: this.id,
      action: 'remove',
      risk,
      summary: `remove ${path}, of which nothing is declared any more`,
      fields: lineChanges(before, ''),
      steps: settledSteps({ ...this.#declared, before, content: null }),
      undo: { impossible: 'the journal has its former text' },
    }
  }
}

interface Settled extends Pick<DeclaredFile, 'path' | 'mode' | 'check' | 'after' | 'pending'> {
  /** What the file says now; null when there is none. */
  readonly before: string | null
  /** null when it goes. */
  readonly content: string | null
}

/** The file, what makes it take effect, and the word that this is done. */
export function settledSteps({ path, mode, check, after = [], pending, before, content }: Settled): Step[] {
  const write = (text: string, replaces: string | null): Step => ({
    kind: 'write',
    file: { path, content: text, mode, ...(check ? { check } : {}) },
    replaces,
  })
  const last = (replaces: string | null): Step =>
    content === null ? { kind: 'remove', path } : write(content, replaces)
  if (pending === undefined || after.length === 0) return [last(before), ...after]
  const [top = ''] = (content ?? before ?? '').split('\n')
  const rest = content?.slice(top.length + 1) ?? ''
  const unfinished = `${top}\n${pending}\n${rest}`
  return [write(unfinished, before), ...after, last(unfinished)]
}

function textOf({ section, lines, comment, first }: DeclaredFile): string {
  const top = first === undefined ? [] : [first]
  return `${[...top, header(section, comment), ...(lines ?? [])].join('\n')}\n`
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

/** Lines that go and lines that come, as fields: what a person wants to see of a file's change. */
export function lineChanges(before: string, after: string) {
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !isOurs(line))
  const [from, to] = [linesOf(before), linesOf(after)]
  return [
    ...from.filter((line) => !to.includes(line)).map((line) => ({ field: 'line', from: line, to: null })),
    ...to.filter((line) => !from.includes(line)).map((line) => ({ field: 'line', from: null, to: line })),
  ]
}
