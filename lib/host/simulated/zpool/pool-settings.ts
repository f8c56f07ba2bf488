/** Properties given on a command line, and where the model keeps each. */
import type { Pool } from '../model.ts'
import { isFeature } from './features.ts'
import { findRow } from './pool-properties.ts'

/** Names only; values are looked at when everything else is known (add_prop_list). */
export function addProperty(properties: Map<string, string>, given: string, value: string): string | null {
  const row = findRow(given)
  if (row === undefined && !given.startsWith('feature@'))
    return `property '${given}' is not a valid pool or vdev property\n`
  const name = row?.name ?? given
  if (properties.has(name) && name !== 'cachefile') return `property '${given}' specified multiple times\n`
  properties.set(name, value)
  return null
}

/** Where each property is kept. */
export function applyProperty(pool: Pool, name: string, value: string): void {
  const feature = name.startsWith('feature@') ? name.slice('feature@'.length) : null
  if (feature !== null && isFeature(feature)) {
    pool.disabledFeatures = pool.disabledFeatures.filter((each) => each !== feature)
    if (value === 'disabled') pool.disabledFeatures.push(feature)
  } else if (name === 'altroot') pool.altroot = value
  else if (name === 'readonly') pool.readOnly = value === 'on'
  else if (name === 'cachefile' && (value === 'none' || value === '')) {
    pool.cachefile = value === ''
    delete pool.properties[name]
  } else {
    if (name === 'cachefile') pool.cachefile = true
    pool.properties[name] = value
  }
}
