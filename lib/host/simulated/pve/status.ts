/** `pvesm status`: every storage that is enabled here is activated, then asked how full it is. */
import { NotSimulated } from '../tool.ts'
import { activate, disabledHere, sectionNamed, usageOf } from './activate.ts'
import { readConfig, type Section, wordsOf } from './config.ts'
import { splitList } from './formats.ts'
import { type Parameters, parameterErrors, type Verb } from './options.ts'
import { Refusal, type Surroundings, type Usage, type Voice } from './surroundings.ts'

interface Row {
  readonly section: Section
  readonly enabled: boolean
  /** Null when it couldn't be activated. */
  readonly usage: Usage | null
}

export function showStatus(machine: Surroundings, voice: Voice, verb: Verb, given: Parameters): void {
  const config = readConfig(machine, voice)
  const wanted = given.get('content') === undefined ? null : splitList(given.get('content') ?? '')
  const rows: Row[] = []
  // All of them, even when one is named: only the table is filtered.
  for (const { id } of config.sections.values()) {
    const section = sectionNamed(config, id)
    const enabled = disabledHere(machine, section) === null
    if (wanted !== null && !(enabled && wanted.some((word) => wordsOf(section, 'content')?.includes(word)))) continue
    rows.push({ section, enabled, usage: enabled ? look(machine, voice, section) : null })
  }
  const only = given.get('storage')
  if (only !== undefined && !rows.some(({ section }) => section.id === only)) {
    throw parameterErrors(verb, new Map([['storage', 'No such storage.']]))
  }
  const shown = rows.filter(
    ({ section, enabled }) => (only === undefined || section.id === only) && (enabled || given.get('enabled') !== '1'),
  )
  voice.out(table(shown))
}

function look(machine: Surroundings, voice: Voice, section: Section): Usage | null {
  try {
    activate(machine, voice, section)
    return usageOf(machine, voice, section)
  } catch (error) {
    // Of a backend that isn't simulated none is there: no volume group, no backup server, no target answers.
    if (!(error instanceof Refusal || error instanceof NotSimulated)) throw error
    voice.warn(error instanceof Refusal ? error.message : `storage '${section.id}' is not online\n`)
    return null
  }
}

/** Sorted by byte, so upper case comes first; widths grow with the names. */
function table(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(({ section }) => section.id.length)) + 1
  const line = (cells: readonly string[]): string => {
    const [name = '', type = '', status = '', total = '', used = '', available = '', percent = ''] = cells
    const sizes = [total, used, available].map((size) => size.padStart(15)).join(' ')
    return `${name.padEnd(width)} ${type.padStart(10)} ${status.padStart(10)} ${sizes} ${percent.padStart(8)}\n`
  }
  const header = line(['Name', 'Type', 'Status', 'Total (KiB)', 'Used (KiB)', 'Available (KiB)', '%'])
  const sorted = rows.toSorted((one, other) => (one.section.id < other.section.id ? -1 : 1))
  return header + sorted.map((row) => line(cellsOf(row))).join('')
}

function cellsOf({ section, enabled, usage }: Row): string[] {
  const { total, used, available } = usage ?? { total: 0, used: 0, available: 0 }
  const sizes = [total, used, available].map((bytes) => String(Math.trunc(bytes / 1024)))
  const state = enabled ? (usage === null ? 'inactive' : 'active') : 'disabled'
  const percent = enabled ? `${(total > 0 ? (used * 100) / total : 0).toFixed(2)}%` : 'N/A'
  return [section.id, section.type.name, state, ...sizes, percent]
}
