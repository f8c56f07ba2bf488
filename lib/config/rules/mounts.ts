/** Where datasets would be mounted: never over what the system needs, and never two at one place. */
import { propertiesIn, propertySpot } from '../comma.ts'
import { climbs } from '../plain-path.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot } from '../spot.ts'
import { isOfSystem } from '../system-folders.ts'
import { datasetSpots, declaredMounts, poolSpots } from '../zfs-view.ts'

interface Mount {
  readonly fullName: string
  readonly at: string
  /** The mountpoint property of its own, where it has one. */
  readonly own: Spot | undefined
  readonly name: Spot
}

export const mountPointsAreSound: Rule = function* (config) {
  const taken = new Map<string, Mount>()
  const told: string[] = []
  for (const mount of mountsOf(config)) {
    // What is wrong with a mount point is told where it is written, not again for each dataset that inherits it.
    if (mount.own === undefined && told.some((name) => mount.fullName.startsWith(`${name}/`))) continue
    const finding = faultOf(mount, taken.get(mount.at))
    if (finding === undefined) taken.set(mount.at, mount)
    else {
      told.push(mount.fullName)
      yield finding
    }
  }
}

function faultOf(mount: Mount, earlier: Mount | undefined): Finding | undefined {
  const { fullName, at, own, name } = mount
  const spot = own ?? name
  const otherPlace = own === undefined ? 'choose another name, or give it a mountpoint' : 'choose another mountpoint'
  if (own !== undefined && climbs(at))
    return error(spot, `the mountpoint of ${fullName} goes through ..: ${at}`, 'write the path that is meant')
  if (isOfSystem(at)) {
    return error(
      spot,
      `${fullName} would be mounted at ${at} and hide what the system needs there`,
      `${otherPlace}, such as /srv/${fullName}`,
    )
  }
  // The same name twice is told of by itself.
  if (earlier === undefined || earlier.fullName === fullName) return undefined
  return error(
    spot,
    `${fullName} and ${earlier.fullName} would both be mounted at ${at}, and one hide the other`,
    otherPlace,
  )
}

/** File systems, parents before their children; those that ZFS never mounts (canmount=off) hide nothing. */
function mountsOf(config: Spot): Mount[] {
  const mounts = declaredMounts(config)
  const pools = poolSpots(config).map((spot) => ({
    fullName: spot.get('name').text ?? '',
    spot,
    properties: spot.get('filesystem_properties'),
  }))
  const datasets = datasetSpots(config).map(({ fullName, spot }) => ({
    fullName,
    spot,
    properties: spot.get('properties'),
  }))
  const depth = (name: string) => name.split('/').length
  const all = [...pools, ...datasets].sort((one, other) => depth(one.fullName) - depth(other.fullName))
  return all.flatMap(({ fullName, spot, properties }): Mount[] => {
    const at = mounts.get(fullName) ?? null
    const own = propertiesIn(properties.value)
    if (at === null || !at.startsWith('/')) return []
    if (own.some(({ name, value }) => name === 'canmount' && value === 'off')) return []
    const written = own.some(({ name }) => name === 'mountpoint') ? propertySpot(properties, 'mountpoint') : undefined
    return [{ fullName, at, own: written, name: spot.get('name') }]
  })
}
