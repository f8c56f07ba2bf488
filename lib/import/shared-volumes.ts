/** Shared volumes: folders of the host for several containers. Nothing read them since 23 September. */
import { readHostPath } from './host-folders.ts'
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'
import type { World } from './world.ts'

export function readSharedVolumes(reader: OldReader, old: Old, world: World): Fields | undefined {
  if (!old.isObject) return reader.report.leavesOut(old, 'this is no object', 'write it as {"name": {"host_path": …}}')
  const made = reader.map(old, (volume, name) =>
    name === 'firewall' ? undefined : readVolume(reader, volume, name, world),
  )
  return Object.keys(made).length === 0 ? undefined : made
}

function readVolume(reader: OldReader, volume: Old, name: string, world: World): Fields | undefined {
  if (!volume.isObject) {
    return reader.report.leavesOut(volume, `${name} is no volume`, 'a volume is {"host_path": …, "mounts": …}')
  }
  if (readHostPath(reader, volume, world) === undefined) return undefined
  return reader.fields(volume, 'shared_volumes.*', {
    mounts: (mounts) =>
      reader.map(mounts, (path, ctid) => {
        if (world.hasContainers && !isContainer(world, ctid)) {
          reader.report.dropped(path, `there is no container ${ctid}`)
          return undefined
        }
        return reader.value(path, 'shared_volumes.*.mounts.*')
      }),
  })
}

function isContainer(world: World, ctid: string): boolean {
  return world.guests.get(ctid) === 'lxc' || world.guests.get(ctid) === 'both'
}
