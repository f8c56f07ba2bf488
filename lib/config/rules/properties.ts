/** Names and values of ZFS properties, wherever they are declared. */
import { propertiesIn, propertySpot, strayParts } from '../comma.ts'
import { nearest } from '../nearest.ts'
import type { Finding } from '../problem.ts'
import { atKey, error, type Rule, type Spot } from '../spot.ts'
import {
  DATASET_PROPERTIES,
  isFreeProperty,
  isReadOnlyProperty,
  POOL_PROPERTIES,
  type PropertyFacts,
  valueFault,
} from '../zfs-properties.ts'
import { datasetSpots, poolSpots } from '../zfs-view.ts'

type Subject = 'pool' | 'filesystem' | 'volume'

export const propertiesAreSound: Rule = function* (config) {
  for (const pool of poolSpots(config)) {
    yield* propertyFindings(pool.get('properties'), 'pool')
    yield* propertyFindings(pool.get('filesystem_properties'), 'filesystem')
  }
  for (const { spot, type } of datasetSpots(config)) yield* propertyFindings(spot.get('properties'), type)
}

function* propertyFindings(properties: Spot, subject: Subject): Generator<Finding> {
  for (const part of strayParts(properties.value)) {
    yield error(
      properties,
      `"${part}" is no property=value`,
      'put = between the two; a value with a comma needs the form {"property": "value"}',
    )
  }
  const seen = new Set<string>()
  for (const { name, value } of propertiesIn(properties.value)) {
    const spot = propertySpot(properties, name)
    if (seen.has(name)) yield error(properties, `"${name}" is there twice`, 'keep one of the two')
    seen.add(name)
    const facts = (subject === 'pool' ? POOL_PROPERTIES : DATASET_PROPERTIES).get(name)
    if (facts === undefined) {
      const finding = unknownProperty(spot, name, subject)
      if (finding !== undefined) yield finding
    } else if (subject === 'pool' && name === 'bootfs') {
      // It names a dataset of the pool, and zpool create sets properties before there is one.
      yield error(
        spot,
        'bootfs can only be set on a pool that has datasets',
        'remove it; when the dataset is there: zpool set bootfs=POOL/DATASET POOL',
      )
    } else if (facts.only !== undefined && facts.only !== subject) {
      yield error(spot, `"${name}" does not apply to a ${subject}`, 'remove it')
    } else yield* valueFindings(spot, name, value, facts)
  }
}

function unknownProperty(spot: Spot, name: string, subject: Subject): Finding | undefined {
  if (isFreeProperty(name)) return undefined
  if (name === 'volsize')
    return error(spot, 'the size of a volume is no property here', 'write it as "size" beside "type": "volume"', 'size')
  if (isReadOnlyProperty(name)) return error(spot, `"${name}" can be read and never set`, 'remove it')
  const other = subject === 'pool' ? DATASET_PROPERTIES : POOL_PROPERTIES
  if (other.has(name)) {
    const [kind, place] = subject === 'pool' ? ['dataset', 'filesystem_properties'] : ['pool', 'properties of the pool']
    return error(spot, `"${name}" is a property of a ${kind}`, `move it to ${place}`)
  }
  const known = [...(subject === 'pool' ? POOL_PROPERTIES : DATASET_PROPERTIES).keys()]
  const meant = nearest(name, known)
  const mend =
    meant === undefined ? `see ${subject === 'pool' ? 'zpoolprops(7)' : 'zfsprops(7)'}` : `did you mean ${meant}?`
  const finding = error(spot, `ZFS has no ${subject === 'pool' ? 'pool ' : ''}property "${name}"`, mend, meant)
  // In an object the field's name is at fault; a comma string is one value.
  return spot.path.at(-1) === name ? atKey(finding) : finding
}

function* valueFindings(spot: Spot, name: string, value: string, facts: PropertyFacts): Generator<Finding> {
  const fault = valueFault(facts, value)
  if (fault === undefined) return
  const mend = fault.meant === undefined ? `write ${fault.wanted}` : `did you mean ${name}=${fault.meant}?`
  yield error(spot, `${name}=${value}: the value must be ${fault.wanted}`, mend, fault.meant)
}
