/** One file of a config: the config itself, or a file of guests that it names. */
import type { LocatedDocument } from './locate.ts'
import { type Finding, jsonPath, type Path, type Problem, printable } from './problem.ts'

export interface Part {
  readonly file: string
  readonly document: LocatedDocument
  /** Where the file's root stands in the whole config. */
  readonly root: Path
}

/** A place in a part; the path is that of the whole config, but for the places of a list, which count in the file. */
export interface PartPlace {
  readonly part: Part
  readonly path: Path
}

export interface PartFinding extends PartPlace {
  readonly finding: Finding
  readonly other?: PartPlace
}

/** What the schema and the rules are to see of it: the value at its place in the whole config. */
export function valueIn({ document, root }: Part): unknown {
  return root.reduceRight<unknown>((inner, step) => ({ [step]: inner }), document.value)
}

export const keyOf = ({ part, path }: PartPlace): string => `${part.file} ${jsonPath(path)}`

/** What is wrong with its syntax. */
export function faultsOf({ file, document }: Part): Problem[] {
  return document.faults.map(({ line, column, path, message, mend }) => {
    const place = { file, line, column, path: jsonPath(path) }
    return { severity: 'error', ...place, message: printable(message), mend: printable(mend) }
  })
}

export function problemOf({ part, path, finding, other }: PartFinding): Problem {
  const { severity, at, meant } = finding
  const own = ownPath({ part, path })
  const place = at === 'key' ? part.document.keyAt(own) : part.document.valueAt(own)
  const elsewhere = other === undefined ? '' : `; the other is at ${placeOf(other, part)}`
  const message = printable(`${finding.message}${elsewhere}`)
  const mend = printable(finding.mend)
  const about = { path: jsonPath(own), message, mend, ...(meant === undefined ? {} : { meant }) }
  return { severity, file: part.file, ...place, ...about }
}

/** In the same file its path is enough. */
function placeOf(place: PartPlace, from: Part): string {
  const own = ownPath(place)
  const { file, document } = place.part
  return place.part === from ? jsonPath(own) : `${file}:${document.keyAt(own).line}`
}

const ownPath = ({ part, path }: PartPlace): Path => path.slice(part.root.length)
