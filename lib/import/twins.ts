/** Two entries for one dataset: what they agree on stays, what they differ in is for a person to settle. */

import { isObject } from './old.ts'
import type { Fields, OldReader } from './read.ts'

export function mergedDatasets(reader: OldReader, datasets: readonly unknown[]): unknown[] {
  const merged = new Map<string, Fields>()
  for (const dataset of datasets as readonly Fields[]) {
    const fullName = `${String(dataset.pool)}/${String(dataset.name)}`
    const earlier = merged.get(fullName)
    merged.set(fullName, earlier === undefined ? dataset : agreed(reader, fullName, earlier, dataset))
  }
  return [...merged.values()]
}

function agreed(reader: OldReader, fullName: string, earlier: Fields, later: Fields): Fields {
  const origin = reader.originOf(later)
  const differences = differencesOf(earlier, later)
  if (origin !== undefined && differences.length === 0) {
    reader.report.normalised(origin, `${fullName}, a second time`, 'one entry', 'both said the same')
  } else if (origin !== undefined) {
    const message = `${fullName} is there twice, and the two differ in ${differences.join(', ')}`
    reader.report.asks(origin, message, 'those are left out of the config: write the values that are meant')
  }
  const made = { ...common(earlier, later), name: earlier.name, pool: earlier.pool }
  const first = reader.originOf(earlier)
  return first === undefined ? made : reader.from(first, made)
}

function differencesOf(one: Fields, other: Fields): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((name) => {
    const [here, there] = [one[name], other[name]]
    if (isObject(here) && isObject(there)) return differencesOf(here, there).map((inner) => `${name}.${inner}`)
    return JSON.stringify(here) === JSON.stringify(there) ? [] : [name]
  })
}

/** A class or a content is nothing without its type. */
function common(one: Fields, other: Fields): Fields {
  const made = Object.fromEntries(
    Object.entries(one).flatMap(([name, here]): [string, unknown][] => {
      const there = other[name]
      if (isObject(here) && isObject(there)) {
        const both = common(here, there)
        return Object.keys(both).length === 0 ? [] : [[name, both]]
      }
      return JSON.stringify(here) === JSON.stringify(there) ? [[name, here]] : []
    }),
  )
  if ('name' in one && (made.proxmox_storage_type === undefined || made.proxmox_content_type === undefined)) {
    for (const name of Object.keys(made)) if (name.startsWith('proxmox_') || name === 'storage_class') delete made[name]
  }
  return made
}
