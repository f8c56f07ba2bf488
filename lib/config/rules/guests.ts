/** Guests by themselves: ids, names, addresses, folders of the host. */
import { canonicalAddress } from '../firewall-address.ts'
import { type GuestSpot, guestSpots } from '../guests-view.ts'
import { hostPathFindings } from '../host-path.ts'
import type { Finding } from '../problem.ts'
import { atKey, beside, error, type Rule, type Spot } from '../spot.ts'

export const guestsAreSound: Rule = function* (config) {
  const guests = guestSpots(config)
  const ids = new Map<string, Spot>()
  const names = new Map<string, Spot>()
  for (const { id, idSpot, spot } of guests) {
    const sameId = ids.get(id)
    if (sameId === undefined) ids.set(id, idSpot)
    else yield beside(sameId, atKey(error(idSpot, `two guests have the id ${id}`, 'give one of them another id')))
    const name = spot.get('name')
    if (name.text === undefined) continue
    const sameName = names.get(name.text)
    if (sameName === undefined) names.set(name.text, name)
    else yield beside(sameName, error(name, `two guests are named ${name.text}`, 'give one of them another name'))
  }
  yield* sharedAddresses(guests)
  yield* sharedCards(guests)
}

interface Owner {
  readonly id: string
  readonly spot: Spot
}

/** Each could mount what is exported to the other alone. */
function* sharedAddresses(guests: readonly GuestSpot[]): Generator<Finding> {
  const owners = new Map<string, Owner>()
  for (const { id, spot } of guests) {
    for (const network of [spot.get('network_config'), spot.get('secondary_network_config')]) {
      const ip = network.get('ip')
      const address = canonicalAddress(ip.text?.replace(/\/.*/, '') ?? '')
      if (address === undefined) continue
      const owner = owners.get(address)
      if (owner === undefined) owners.set(address, { id, spot: ip })
      else {
        const message = `guest ${owner.id} has the address ${address} too`
        yield beside(owner.spot, error(ip, message, 'give one of them another address'))
      }
    }
  }
}

/** Two cards of one MAC address on a bridge: frames for the one reach the other, by turns. */
function* sharedCards(guests: readonly GuestSpot[]): Generator<Finding> {
  const owners = new Map<string, Owner>()
  for (const { id, spot } of guests) {
    const own = spot.get('mac_address')
    const again = spot.get('network_config', 'hwaddr')
    const isSaidTwice = own.text !== undefined && again.text !== undefined
    if (isSaidTwice && own.text?.toLowerCase() !== again.text?.toLowerCase()) {
      yield beside(own, error(again, 'mac_address names another address for this card', 'say it in one of the two'))
    }
    for (const mac of [own.text === undefined ? again : own, spot.get('secondary_network_config', 'hwaddr')]) {
      const address = mac.text?.toUpperCase()
      if (address === undefined) continue
      const owner = owners.get(address)
      if (owner === undefined) owners.set(address, { id, spot: mac })
      else {
        const message = `a card of guest ${owner.id} has the MAC address ${address} too`
        yield beside(owner.spot, error(mac, message, 'give one of them another, or leave it to Proxmox VE'))
      }
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
