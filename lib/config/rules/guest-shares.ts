/** Shares of virtual machines: exported to them, as writable as they want them, and out of each other's way. */
import { wordsIn } from '../comma.ts'
import { liesIn } from '../dataset-mounts.ts'
import { canonicalClient } from '../export-clients.ts'
import { effectiveOptions } from '../export-options.ts'
import { optionsSay, servingEntry, staticAddress } from '../guests/shares.ts'
import { hostPathFindings } from '../host-path.ts'
import { oncePer } from '../once.ts'
import { climbs, plainPath } from '../plain-path.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot } from '../spot.ts'
import { isOfSystem } from '../system-folders.ts'
import { declaredMounts } from '../zfs-view.ts'

export const sharesReachTheirGuests: Rule = function* (config) {
  for (const vm of config.get('guests', 'vms').items()) {
    const address = staticAddress(vm.get('network_config', 'ip').text)
    for (const share of vm.get('nfs_shares').items()) {
      const path = share.get('host_path')
      if (server(config) === undefined && path.isPresent) {
        const mend = 'declare network.interfaces, or network.nfs_server'
        yield error(path, 'no address of this host is declared: the guest could not find its NFS server', mend)
      }
      if (path.text?.startsWith('/')) yield* exportFindings(config, path, address, share.get('options'))
    }
    for (const volume of vm.get('volumes').items()) {
      const path = volume.get('path')
      const isOfThisHost = ownAddresses(config).includes(volume.get('server').text ?? '')
      if (isOfThisHost && path.text?.startsWith('/')) yield* exportFindings(config, path, address)
    }
    yield* placeFindings(vm)
  }
}

const ownAddresses = oncePer((config: Spot): string[] => {
  const network = config.get('network')
  const interfaces = network.get('interfaces').itemsOrSelf()
  const addresses = interfaces.map((one) => one.get('address').text?.split('/')[0])
  return [network.get('nfs_server').text, ...addresses].flatMap((one) => one ?? [])
})

const server = (config: Spot): string | undefined => ownAddresses(config)[0]

interface ExportSpot {
  readonly path: string
  /** Canonical. */
  readonly client: string
  readonly options: readonly string[]
}

const exportSpots = oncePer((config: Spot): ExportSpot[] =>
  config
    .get('nfs', 'exports')
    .items()
    .flatMap((entry) => {
      const path = entry.get('path').text
      const options = effectiveOptions(wordsIn(entry.get('options').value))
      const clients = entry
        .get('clients')
        .items()
        .flatMap(({ text }) => (text === undefined ? [] : [canonicalClient(text)]))
      return path === undefined ? [] : clients.map((client) => ({ path: plainPath(path), client, options }))
    }),
)

function* exportFindings(config: Spot, path: Spot, address: string | null, options?: Spot): Generator<Finding> {
  const folder = plainPath(path.text ?? '')
  // On the root disk or through `..`: then it is the path that is wrong, not the export.
  const faults = [...hostPathFindings(config, path, folder)].filter(({ severity }) => severity === 'error')
  if (faults.length > 0) return yield* faults
  const around = exportSpots(config).filter((entry) => liesIn(folder, entry.path))
  const entry = servingEntry(around, folder, address)
  if (entry === undefined) return yield notExported(config, path, folder, around, address)
  const [own, its] = [datasetOf(config, folder), datasetOf(config, entry.path)]
  if (own !== its && !entry.options.includes('crossmnt')) {
    const message = `${folder} is on the dataset ${own}, and the export ${entry.path} ends at its own, ${its}: the guest would see an empty folder`
    yield error(path, message, `export ${folder} itself, or add crossmnt to the options of ${entry.path}`)
  }
  if (options !== undefined && optionsSay(options.text ?? '', 'rw') && !entry.options.includes('rw')) {
    const message = `the guest wants to write, and ${entry.path} is exported read-only to ${entry.client}`
    yield error(options, message, `add rw to the options of ${entry.path}, or mount it with ro`)
  }
}

function notExported(
  config: Spot,
  path: Spot,
  folder: string,
  around: readonly ExportSpot[],
  address: string | null,
): Finding {
  const guest = address ?? 'an address by DHCP'
  if (around.length > 0) {
    const clients = [...new Set(around.map(({ client }) => client))].join(', ')
    const mend =
      address === null
        ? 'add the network of the guest to its clients, or give the guest an address'
        : `add "${address}" to its clients`
    const message = `the export ${around[0]?.path} is for ${clients}, and lets ${guest} not in`
    return error(path, message, mend)
  }
  const exported = [...new Set(exportSpots(config).map((entry) => entry.path))]
  const there = exported.length === 0 ? 'there are no exports' : `there are ${exported.join(', ')}`
  const mend = `add {"path": "${folder}", "clients": ["${address ?? 'NETWORK/24'}"], "options": ["rw"]} to nfs.exports`
  return error(path, `${folder} is under no export: ${there}`, mend)
}

/** The dataset mounted nearest above, as far as it is declared. */
function datasetOf(config: Spot, folder: string): string {
  const around = [...declaredMounts(config)].filter(([, at]) => at !== null && liesIn(folder, at))
  return around.sort(([, one], [, other]) => (other?.length ?? 0) - (one?.length ?? 0))[0]?.[0] ?? ''
}

/** Where the guest mounts them: nothing that it needs is hidden, and none hides another. */
function* placeFindings(vm: Spot): Generator<Finding> {
  const taken: string[] = []
  const spots = [
    ...vm
      .get('volumes')
      .items()
      .map((volume) => volume.get('mount_point')),
    ...vm
      .get('nfs_shares')
      .items()
      .map((share) => share.get('guest_path')),
  ]
  for (const spot of spots) {
    if (!spot.text?.startsWith('/')) continue
    const path = plainPath(spot.text)
    const around = taken.find((other) => liesIn(path, other) || liesIn(other, path))
    if (climbs(path)) yield error(spot, `${path} goes through ..`, 'write the path that is meant')
    else if (isOfSystem(path) || path === '/home') {
      const mend = 'choose another folder, such as /mnt/NAME or /srv/NAME'
      yield error(spot, `a share on ${path} would hide what the guest needs there`, mend)
    } else if (around === path)
      yield error(spot, `two shares are mounted on ${path}`, 'give one of them another folder')
    else if (around !== undefined) {
      yield error(spot, `${path} and the share on ${around} lie inside each other`, 'mount them beside each other')
    }
    taken.push(path)
  }
}
