/** Properties of all imported pools in one process, and the real ashift of a pool's vdevs. */
import type { Probe } from '../../engine/resource.ts'
import { ask, type Properties, propertiesByName } from './ask.ts'

export const poolPropertiesProbe: Probe<ReadonlyMap<string, Properties>> = {
  id: 'zpool get all',
  async read({ reader }) {
    const argv = ['zpool', 'get', '-Hp', '-o', 'name,property,value,source', 'all']
    return propertiesByName((await ask(reader, argv, 'read the properties of the pools')).stdout)
  },
}

/**
 * The ashift of each vdev: the pool's own property is only the default for vdevs to come and can be set at any time
 * (seen: zfs.jsonl scene 41), so it proves nothing about those there are.
 */
export function vdevAshiftProbe(pool: string, vdevs: readonly string[]): Probe<ReadonlyMap<string, number>> {
  return {
    id: `zpool get ashift ${pool} ${vdevs.join(' ')}`,
    async read({ reader }) {
      const argv = ['zpool', 'get', '-Hp', '-o', 'name,property,value,source', 'ashift', pool, ...vdevs]
      const { stdout } = await ask(reader, argv, `read the ashift of the vdevs of pool ${pool}`)
      return new Map(
        [...propertiesByName(stdout)].map(([name, properties]) => [name, Number(properties.get('ashift')?.value)]),
      )
    },
  }
}
