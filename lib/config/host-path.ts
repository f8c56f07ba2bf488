/** A path of the host that somebody reaches from outside: does it lie on a declared dataset, or on the root disk? */
import { liesIn, withoutSlash } from './dataset-mounts.ts'
import { nearest } from './nearest.ts'
import type { Finding } from './problem.ts'
import { error, type Spot, warning } from './spot.ts'
import { declaredMounts, poolNames } from './zfs-view.ts'

export function* hostPathFindings(config: Spot, spot: Spot, written: string): Generator<Finding> {
  const path = withoutSlash(written)
  const mounts = declaredMounts(config)
  if (path.split('/').some((part) => part === '..' || part === '.')) {
    yield error(spot, `${written} goes through . or ..`, 'write the path that is meant')
    return
  }
  const base = withoutSlash(config.get('mount_point_base').text ?? '/mnt/pve')
  const beside = poolNames(config).find((pool) => liesIn(path, `${base}/${pool}`))
  if (beside !== undefined) {
    // What hurt before: containers wrote below /mnt/pve/<pool>, and so onto the root disk.
    const meant = path.slice(base.length)
    yield error(
      spot,
      `datasets are not mounted under ${base}: ${written} would be on the root disk`,
      `did you mean ${meant}?`,
      meant,
    )
    return
  }
  const unmounted = [...mounts].find(([name, at]) => at === null && liesIn(path, `/${name}`))
  if (unmounted !== undefined) {
    yield error(
      spot,
      `${unmounted[0]} is not mounted, so ${written} would be on what lies below`,
      'see its mountpoint and type',
    )
    return
  }
  const around = [...mounts].flatMap(([name, at]) => (at !== null && liesIn(path, at) ? [{ name, at }] : []))
  const deepest = around.sort((one, other) => other.at.length - one.at.length)[0]
  const isFolderOfPool = deepest !== undefined && !deepest.name.includes('/') && path !== deepest.at
  if (deepest !== undefined && !isFolderOfPool) return
  const places = [...mounts.values()].filter((at) => at !== null)
  const meant = nearest(path, places)
  const mend = meant === undefined ? 'declare a dataset for it in zfs.datasets' : `did you mean ${meant}?`
  const where = isFolderOfPool
    ? `no declared dataset is mounted at ${path}: it would be a folder of ${deepest.name} itself`
    : `${path} lies on no declared dataset`
  yield warning(spot, where, mend, meant)
}
