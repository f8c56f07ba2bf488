/** Guests, as far as they can be judged before their own steps exist: ids, names, dependencies, folders of the host. */
import { canonicalAddress } from '../firewall-address.ts'
import { hostPathFindings } from '../host-path.ts'
import type { Finding } from '../problem.ts'
import { atKey, error, type Rule, type Spot } from '../spot.ts'

interface GuestSpot {
  readonly id: string
  readonly idSpot: Spot
  readonly spot: Spot
}

export const guestsAreSound: Rule = function* (config) {
  const guests = guestSpots(config)
  const ids = new Set<string>()
  const names = new Set<string>()
  for (const { id, idSpot, spot } of guests) {
    if (ids.has(id)) yield atKey(error(idSpot, `two guests have the id ${id}`, 'give one of them another id'))
    ids.add(id)
    const name = spot.get('name')
    if (name.text !== undefined && names.has(name.text))
      yield error(name, `two guests are named ${name.text}`, 'give one of them another name')
    if (name.text !== undefined) names.add(name.text)
  }
  yield* sharedAddresses(guests)
  for (const { id, spot } of guests) {
    for (const dependency of spot.get('dependencies').items()) {
      const needed = String(dependency.value).replace(/^(vm|lxc):/, '')
      if (!/^[0-9]+$/.test(needed)) continue
      if (needed === id) yield error(dependency, 'a guest cannot depend on itself', 'remove it')
      else if (!ids.has(needed))
        yield error(dependency, `no guest ${needed} is declared`, 'declare it, or remove the dependency')
    }
  }
}

/** Each could mount what is exported to the other alone. */
function* sharedAddresses(guests: readonly GuestSpot[]): Generator<Finding> {
  const owners = new Map<string, string>()
  for (const { id, spot } of guests) {
    for (const network of [spot.get('network_config'), spot.get('secondary_network_config')]) {
      const ip = network.get('ip')
      const address = canonicalAddress(ip.text?.replace(/\/.*/, '') ?? '')
      if (address === undefined) continue
      const owner = owners.get(address)
      if (owner !== undefined)
        yield error(ip, `guest ${owner} has the address ${address} too`, 'give one of them another address')
      owners.set(address, id)
    }
  }
}

export const guestFoldersLieOnDatasets: Rule = function* (config) {
  const volumes = config
    .get('shared_volumes')
    .fields()
    .filter(([name]) => name !== 'firewall')
  const mounts = config
    .get('guests', 'lxc_configs')
    .fields()
    .flatMap(([, lxc]) => lxc.get('mount_points').items())
  for (const spot of [...volumes.map(([, volume]) => volume), ...mounts]) {
    const path = spot.get('host_path')
    if (path.text?.startsWith('/')) yield* hostPathFindings(config, path, path.text)
  }
}

function guestSpots(config: Spot): GuestSpot[] {
  const vms = config
    .get('guests', 'vms')
    .items()
    .flatMap((spot): GuestSpot[] => {
      const idSpot = spot.get('vmid')
      return typeof idSpot.value === 'number' ? [{ id: String(idSpot.value), idSpot, spot }] : []
    })
  const containers = config
    .get('guests', 'lxc_configs')
    .fields()
    .map(([id, spot]) => ({ id, idSpot: spot, spot }))
  return [...vms, ...containers]
}
