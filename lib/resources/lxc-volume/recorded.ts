/** What a stamp remembers of volumes: the values as they were last proved, by resource. */
import type { Owned, Value } from '../../engine/resource.ts'
import type { Mount } from '../probes/containers.ts'

export interface Recorded {
  readonly volume: string
  readonly path: string
  /** Of the dataset; null for a volume that is none. */
  readonly guid: string | null
  readonly slot: string | null
  readonly size: number | null
}

const volumeField = 'volume'
const pathField = 'mount point'

export function liveOf({ source, path, slot, size, backup }: Mount, guid: string | null): { [field: string]: Value } {
  return { [volumeField]: source, [pathField]: path, slot, size, backup, guid }
}

/** Undefined when there is no stamp, or when the volume wasn't there. */
export function recorded(owned: Owned, resource: string): Recorded | undefined {
  const live = owned.live(resource)
  const [volume, path, guid, slot, size] = [volumeField, pathField, 'guid', 'slot', 'size'].map(
    (field) => live?.[field],
  )
  if (typeof volume !== 'string' || typeof path !== 'string') return undefined
  return {
    volume,
    path,
    guid: typeof guid === 'string' ? guid : null,
    slot: typeof slot === 'string' ? slot : null,
    size: typeof size === 'number' ? size : null,
  }
}
