/**
 * A JSON document and where in its text everything stands. `JSON.parse` knows no places and swallows a key that
 * comes twice, so this reads by itself (RFC 8259), and goes on after mistakes whose meaning is plain, such as a comma
 * too many, so that a person sees them all at once.
 */
import type { Path } from './problem.ts'
import { JsonReader, type Marks, type SyntaxFault } from './read-json.ts'

export interface Place {
  readonly line: number
  readonly column: number
}

export interface LocatedDocument {
  /** What the text says. Undefined when it broke off: then there is nothing to validate. */
  readonly value: unknown
  readonly faults: readonly (SyntaxFault & Place)[]
  /** Place of a value; of the nearest thing around it when the path leads nowhere. */
  valueAt(path: Path): Place
  /** Place of the name of a field; of its value when it has none, as in a list. */
  keyAt(path: Path): Place
}

export function locateJson(text: string): LocatedDocument {
  const reader = new JsonReader(text)
  const value = reader.document()
  return {
    value,
    faults: reader.faults.map((fault) => ({ ...fault, ...placeIn(text, fault.offset) })),
    valueAt: (path) => placeIn(text, offsetOf(value, reader.marks, path, 'value')),
    keyAt: (path) => placeIn(text, offsetOf(value, reader.marks, path, 'key')),
  }
}

function offsetOf(root: unknown, marks: Marks, path: Path, part: 'key' | 'value'): number {
  let offset = marks.root
  let around: unknown = root
  for (const [index, step] of path.entries()) {
    const mark = typeof around === 'object' && around !== null ? marks.of(around, step) : undefined
    if (mark === undefined) return offset
    offset = part === 'key' && index === path.length - 1 ? mark.key : mark.value
    around = (around as Record<string | number, unknown>)[step]
  }
  return offset
}

function placeIn(text: string, offset: number): Place {
  let line = 1
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', start)) {
    line++
    start = next + 1
  }
  return { line, column: offset - start + 1 }
}
