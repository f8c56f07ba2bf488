/**
 * Lines of phx's in a file that others write too: what stands between its two marks is phx's, and every byte outside
 * stays as it is.
 */

const begin = (name: string): string => `# phx begin ${name}`
const end = (name: string): string => `# phx end ${name}`

export type Block =
  /** Null when there is none. */
  { readonly ok: true; readonly lines: readonly string[] | null } | { readonly ok: false; readonly why: string }

/** Finds the block; one whose marks don't pair is an error, since nobody knows then what is phx's. */
export function blockIn(text: string, name: string): Block {
  const lines = text.split('\n')
  const at = (mark: string): number[] => lines.flatMap((line, index) => (line.trimEnd() === mark ? [index] : []))
  const [starts, ends] = [at(begin(name)), at(end(name))]
  const [start, stop] = [starts[0], ends[0]]
  if (start === undefined && stop === undefined) return { ok: true, lines: null }
  if (starts.length === 1 && ends.length === 1 && start !== undefined && stop !== undefined && start < stop) {
    return { ok: true, lines: lines.slice(start + 1, stop) }
  }
  const why = `the lines "${begin(name)}" and "${end(name)}" do not pair: phx can't tell which lines are its own`
  return { ok: false, why }
}

/** The text with these lines as its block, in its place or at the end; with null without one. The block has to be well-formed. */
export function withBlock(text: string, name: string, wanted: readonly string[] | null): string {
  const block = wanted === null ? [] : [begin(name), ...wanted, end(name)]
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trimEnd() === begin(name))
  const stop = lines.findIndex((line) => line.trimEnd() === end(name))
  if (start >= 0 && stop > start) return [...lines.slice(0, start), ...block, ...lines.slice(stop + 1)].join('\n')
  if (wanted === null) return text
  const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
  return `${whole}${block.join('\n')}\n`
}
