/** Folders of the host that containers see, and the trap in them: datasets were never mounted under /mnt/pve. */
import { liesIn, withoutSlash } from '../config/dataset-mounts.ts'
import type { Old } from './old.ts'
import type { OldReader } from './read.ts'
import type { World } from './world.ts'

/** The path as it is to be written; undefined when it is on the root disk although it names a pool. */
export function readHostPath(reader: OldReader, holder: Old, world: World): string | undefined {
  const old = holder.get('host_path')
  const path = old.text
  if (path === undefined) {
    return reader.report.leavesOut(holder, 'no folder of the host is named', 'add "host_path"')
  }
  const base = withoutSlash(world.mountPointBase)
  const pool = world.pools.find((name) => liesIn(withoutSlash(path), `${base}/${name}`))
  if (pool === undefined) return path
  const meant = withoutSlash(path).slice(base.length)
  const message = `${path} is a folder of the root disk: the dataset is mounted at ${meant.split('/').slice(0, 3).join('/')}`
  const copy = `rsync -aHAX --numeric-ids ${withoutSlash(path)}/ ${meant}/`
  return reader.report.leavesOut(
    holder,
    message,
    `stop who uses it, ${copy}, look at the copy, then write "host_path": "${meant}"`,
  )
}
