/**
 * A system as what differs from the image that it was made from: fifty guests don't carry fifty copies of one Debian
 * through every change of their host's state. A difference is never changed, only replaced by another one, and therefore
 * shared by all copies of that state.
 */
import type { SimState } from '../model.ts'

/** Kept entry by entry, each a flat value; all else of a state is kept whole. */
const tables = ['files', 'packages', 'symlinks', 'units'] as const
type Table = (typeof tables)[number]
type Entries = Readonly<Record<string, unknown>>

/** Null: it is gone. */
export interface Difference {
  readonly entries: Readonly<Partial<Record<Table, Entries>>>
  readonly values: Entries
}

const isTable = (key: string): key is Table => (tables as readonly string[]).includes(key)

/** The clock is the host's. */
const isKept = (key: string): boolean => key !== 'now' && !isTable(key)

function changed(before: Entries, after: Entries): Record<string, unknown> {
  const own: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(after))
    if (JSON.stringify(before[key]) !== JSON.stringify(value)) own[key] = value
  for (const key of Object.keys(before)) if (after[key] === undefined) own[key] = null
  return own
}

const wholeOf = (state: SimState): Entries => Object.fromEntries(Object.entries(state).filter(([key]) => isKept(key)))

export function differenceOf(image: SimState, system: SimState): Difference {
  const entries: Partial<Record<Table, Entries>> = {}
  for (const table of tables) {
    const own = changed(image[table] ?? {}, system[table] ?? {})
    if (Object.keys(own).length > 0) entries[table] = own
  }
  return frozen({ entries, values: changed(wholeOf(image), wholeOf(system)) })
}

/** Whoever changes it all the same is told so at once (an error: modules are strict). */
function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner)
  return Object.freeze(value)
}

const copied = (entry: unknown): unknown => (typeof entry === 'object' ? { ...entry } : entry)

/** The whole system, to be worked with. */
export function systemFrom(image: SimState, { entries, values }: Difference): SimState {
  const whole: Record<string, unknown> = structuredClone({ ...wholeOf(image), ...values })
  for (const [key, value] of Object.entries(values)) if (value === null) delete whole[key]
  for (const table of tables) {
    const all: Record<string, unknown> = {}
    for (const [key, entry] of Object.entries(image[table] ?? {})) all[key] = copied(entry)
    for (const [key, entry] of Object.entries(entries[table] ?? {})) {
      if (entry === null) delete all[key]
      else all[key] = copied(entry)
    }
    whole[table] = all
  }
  return { ...whole, now: 0 } as unknown as SimState
}
