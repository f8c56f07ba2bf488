/** What `zpool status` tells beside the states: which vdevs are ill, who uses a spare, which files are damaged. */
import type { Pool, SimState, Vdev } from '../model.ts'
import { filesOf } from '../zfs/mount-files.ts'
import { mountOf } from '../zfs/mounts.ts'
import { isLeaf } from './tree.ts'

const healthyStates = ['ONLINE', 'AVAIL', 'INUSE']
/** What -e shows: what is not well or has counted errors. */
export const isSick = (vdev: Vdev): boolean =>
  isLeaf(vdev)
    ? !healthyStates.includes(vdev.state) || vdev.readErrors + vdev.writeErrors + vdev.checksumErrors > 0
    : vdev.children.some(isSick)

export function spareUser(state: SimState, pool: Pool, spare: Vdev): string {
  const user = state.pools.find((other) => other.presence === 'imported' && works(other.data, spare.guid))
  return user === undefined || user === pool ? 'currently in use' : `in use by pool '${user.name}'`
}

const works = (vdevs: readonly Vdev[], guid: string): boolean =>
  vdevs.some((vdev) => vdev.guid === guid || works(vdev.children, guid))

/** The model keeps no block's place: the list names the files of the file systems that data was written to. */
export const damagedFiles = (state: SimState, pool: Pool): string[] =>
  pool.datasets
    .filter((dataset) => dataset.used > 0 && dataset.type === 'filesystem')
    .flatMap((dataset) => {
      const target = mountOf(state, dataset.name)?.target
      const files = Object.entries(filesOf(state, dataset)).filter(([, file]) => file.type === 'file')
      return files.map(([path]) => (target === undefined ? `${dataset.name}:/${path}` : `${target}/${path}`))
    })
