/** NFS exports, as far as exports(5) can be judged without the host. */
import { networkFault } from '../addresses.ts'
import { propertiesIn, wordsIn } from '../comma.ts'
import { withoutSlash } from '../dataset-mounts.ts'
import { canonicalClient, letsIn } from '../export-clients.ts'
import { hostPathFindings } from '../host-path.ts'
import { nearest } from '../nearest.ts'
import type { Finding } from '../problem.ts'
import { error, type Rule, type Spot, warning } from '../spot.ts'
import { CONTENT_TYPES } from '../storage-id.ts'
import { datasetSpots, declaredMounts } from '../zfs-view.ts'

/** Options in groups of which the last one wins without a word (seen: facts on services.jsonl, `rw,ro,sync,async`). */
const RIVALS: readonly (readonly string[])[] = [
  ['ro', 'rw'],
  ['sync', 'async'],
  ['secure', 'insecure'],
  ['wdelay', 'no_wdelay'],
  ['hide', 'nohide'],
  ['subtree_check', 'no_subtree_check'],
  ['secure_locks', 'insecure_locks'],
  ['auth_nlm', 'no_auth_nlm'],
  ['acl', 'no_acl'],
  ['root_squash', 'no_root_squash'],
  ['all_squash', 'no_all_squash'],
  ['pnfs', 'no_pnfs'],
]
const PLAIN = new Set([...RIVALS.flat(), 'crossmnt', 'mp', 'mountpoint', 'security_label', 'nordirplus'])
const VALUED = new Set(['anonuid', 'anongid', 'fsid', 'mp', 'mountpoint', 'refer', 'replicas', 'sec', 'xprtsec', 'ttl'])
/** What belongs into a client's fstab and is taken for an export option. */
const OF_CLIENTS = new Set([
  'noatime',
  'nofail',
  'defaults',
  'soft',
  'hard',
  '_netdev',
  'auto',
  'vers',
  'nfsvers',
  'timeo',
  'retrans',
  'rsize',
  'wsize',
])

export const exportsAreSound: Rule = function* (config) {
  const seen = new Map<string, string>()
  for (const entry of config.get('nfs', 'exports').items()) {
    const path = entry.get('path')
    if (path.text?.startsWith('/')) {
      yield* hostPathFindings(config, path, path.text)
      yield* shareNfsFindings(config, path, path.text)
    }
    yield* optionFindings(entry.get('options'))
    for (const client of entry.get('clients').items()) {
      if (client.text === undefined) continue
      yield* clientFindings(client, client.text)
      const key = `${withoutSlash(path.text ?? '')} ${canonicalClient(client.text)}`
      if (path.text !== undefined && seen.has(key)) {
        yield error(
          client,
          `${path.text} is exported to ${client.text} twice; exportfs keeps the first`,
          'keep one of the two',
        )
      }
      seen.set(key, client.text)
    }
    yield* storageFindings(config, entry)
  }
  yield* ownerFindings(config.get('nfs', 'exports').items())
}

/** What hurt before: every volume was listed twice, as that of a dir storage and as that of the nfs storage on top. */
function* sameTreeFindings(config: Spot, path: string, storage: Spot): Generator<Finding> {
  const mounts = declaredMounts(config)
  for (const { spot, fullName } of datasetSpots(config)) {
    if (!spot.get('proxmox_storage_type').isPresent || mounts.get(fullName) !== withoutSlash(path)) continue
    yield warning(
      storage,
      `${fullName} is a storage already; with ${storage.text} Proxmox VE lists what is on it twice`,
      'leave proxmox_storage out: on this host the storage of the dataset is the better way',
    )
  }
}

/** A folder has one owner and one mode, however many exports name it. */
function* ownerFindings(exports: readonly Spot[]): Generator<Finding> {
  const said = new Map<string, string>()
  for (const entry of exports) {
    const path = withoutSlash(entry.get('path').text ?? '')
    for (const field of ['owner', 'group', 'mode']) {
      const spot = entry.get(field)
      const before = said.get(`${field} ${path}`)
      if (spot.text === undefined) continue
      if (before !== undefined && before !== spot.text)
        yield error(spot, `another export of ${path} says ${field} ${before}`, 'say it once')
      said.set(`${field} ${path}`, spot.text)
    }
  }
}

/**
 * The storage is mounted by this host itself: with a client list that leaves it out, every `pvesm add` fails (seen by
 * its user: an export for one VM only, and setup that died at its storage).
 */
function* storageFindings(config: Spot, entry: Spot): Generator<Finding> {
  const storage = entry.get('proxmox_storage')
  const content = entry.get('proxmox_content_type')
  const known = CONTENT_TYPES.get('dir') ?? []
  for (const word of wordsIn(content.value)) {
    if (!known.includes(word))
      yield error(content, `"${word}" is nothing that an nfs storage can hold`, `write some of ${known.join(', ')}`)
  }
  if (storage.text === undefined) {
    if (content.isPresent)
      yield warning(content, '"proxmox_content_type" has no effect without proxmox_storage', 'add it, or remove this')
    return
  }
  yield* sameTreeFindings(config, entry.get('path').text ?? '', storage)
  const network = config.get('network')
  const [first] = network.get('interfaces').itemsOrSelf()
  const server = network.get('nfs_server').text ?? first?.get('address').text?.split('/')[0] ?? '127.0.0.1'
  const clients = entry.get('clients').items()
  const isKept = clients.every(({ text }) => text !== undefined && letsIn(canonicalClient(text), server) === false)
  if (!isKept || clients.length === 0) return
  yield error(
    storage,
    `this host mounts the storage ${storage.text} itself, from ${server}, and that address is not among the clients`,
    `add "${server}" to the clients, or use a dir storage on the dataset and leave proxmox_storage out`,
  )
}

function* clientFindings(spot: Spot, client: string): Generator<Finding> {
  if (client === '*' || client === '<world>') {
    yield warning(spot, 'this exports to everyone who reaches the host', 'name the network: 10.0.0.0/24')
  } else if (/[\s(),"']/.test(client)) {
    // A blank before (rw) exports read-write to the world, rc 0 (seen: services.jsonl scene 6).
    yield error(spot, `"${client}" is not one client`, 'name clients one by one; options stand in "options"')
  } else if (/^[0-9./]+$/.test(client) || client.includes(':')) {
    const fault = networkFault(client, 'network')
    if (fault !== undefined) {
      const mend =
        fault.meant === undefined
          ? 'write an address such as 10.0.0.13, or a network such as 10.0.0.0/24'
          : `write ${fault.meant}, or the address without /…`
      yield { ...error(spot, fault.message, mend, fault.meant), severity: fault.severity }
    }
  } else if (!/^@?[A-Za-z0-9*?[\]]([A-Za-z0-9._*?[\]-]*)$/.test(client)) {
    yield error(spot, `"${client}" is no client`, 'write an address, a network, a host name or @netgroup')
  }
}

function* optionFindings(options: Spot): Generator<Finding> {
  const listed = options.items()
  const words = (options.text?.split(',') ?? listed.map((one) => one.text ?? '')).map((word) => word.trim())
  for (const [index, word] of words.entries()) {
    const at = listed[index] ?? options
    const [name = '', value] = word.split('=', 2)
    if (word === '') continue
    if ((value === undefined ? PLAIN : VALUED).has(name)) {
      const before = words.slice(0, index)
      const rivals = RIVALS.find((group) => group.includes(word)) ?? []
      const rival = rivals.find((other) => other !== word && before.includes(other))
      if (before.includes(word)) yield warning(at, `"${word}" is there twice`, 'keep one')
      else if (rival !== undefined) {
        yield error(at, `${rival} and ${word} exclude each other; the last would win`, 'keep one of the two')
      }
      continue
    }
    if (OF_CLIENTS.has(name)) {
      yield error(
        at,
        `"${word}" is an option of the client's mount, not of an export`,
        "remove it here; it goes into the client's fstab",
      )
      continue
    }
    if (VALUED.has(name) || PLAIN.has(name)) {
      yield error(
        at,
        value === undefined ? `"${name}" needs a value` : `"${name}" takes no value`,
        value === undefined ? `write ${name}=…` : `write ${name}`,
      )
      continue
    }
    const meant = nearest(name, [...PLAIN, ...VALUED])
    yield error(
      at,
      `exports(5) has no option "${name}"`,
      meant === undefined ? 'remove it' : `did you mean ${meant}?`,
      meant,
    )
  }
}

/** Two writers for one export: /etc/exports.d/zfs.exports by sharenfs, and phx's own file. */
function* shareNfsFindings(config: Spot, path: Spot, written: string): Generator<Finding> {
  const mounts = declaredMounts(config)
  for (const { spot, fullName } of datasetSpots(config)) {
    const shared = propertiesIn(spot.get('properties').value).find(({ name }) => name === 'sharenfs')?.value
    if (shared === undefined || shared === 'off' || mounts.get(fullName) !== withoutSlash(written)) continue
    yield error(path, `${fullName} is exported by its own property sharenfs=${shared} too`, 'remove one of the two')
  }
}
