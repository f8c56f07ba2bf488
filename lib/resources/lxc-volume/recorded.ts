/** What a stamp remembers of volumes: the values as they were last proved, by resource. */
import type { Owned, Value } from '../../engine/resource.ts'
import type { Mount } from '../probes/containers.ts'

export interface Recorded {
  readonly volume: string
  readonly path: string
}

const volumeField = 'volume'
const pathField = 'mount point'

export function liveOf({ source, path, slot, size, backup }: Mount): { [field: string]: Value } {
  return { [volumeField]: source, [pathField]: path, slot, size, backup }
}

/** Undefined when there is no stamp, or when the volume wasn't there. */
export function recorded(owned: Owned, resource: string): Recorded | undefined {
  const live = owned.live(resource)
  const [volume, path] = [live?.[volumeField], live?.[pathField]]
  return typeof volume === 'string' && typeof path === 'string' ? { volume, path } : undefined
}
