/** NFS exports: absolute paths, one client an entry, options that are of exports and not of mounts. */
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'
import type { World } from './world.ts'

/** mount(8) and nfs(5): without effect in an export, and exportfs refuses the line. */
const OF_MOUNTS =
  /^(noatime|relatime|nodiratime|nofail|defaults|soft|hard|_netdev|auto|noauto|(vers|nfsvers|timeo|retrans|rsize|wsize)=.*)$/

export function readNfs(reader: OldReader, nfs: Old, world: World): Fields | undefined {
  const made = reader.fields(nfs, 'nfs', {
    exports: (old) => reader.list(old, (entry) => readExport(reader, entry, world)),
    shares: () => undefined,
  })
  if (made === undefined) return undefined
  const shares = nfs.get('shares')
  if (shares.isPresent) {
    const fromShares = reader.list(shares, (entry) => readExport(reader, entry, world))
    made.exports = [...((made.exports as unknown[] | undefined) ?? []), ...fromShares]
    reader.report.normalised(shares, 'nfs.shares', 'nfs.exports', 'the name in the first JSON form')
  }
  const exported = made.exports as readonly Fields[] | undefined
  if (exported?.some((one) => one.proxmox_storage === undefined)) {
    const message = 'the scripts also mounted each export on this host itself, as the storage nfs-<name>; phx does not'
    const mend = 'if you want that, add "proxmox_storage": "nfs-<name>" to the export, with this host among its clients'
    reader.report.asks(nfs.get(shares.isPresent ? 'shares' : 'exports'), message, mend)
  }
  return made
}

function readExport(reader: OldReader, entry: Old, world: World): Fields | undefined {
  const { report } = reader
  const clients = entry.get('clients')
  const hasClients = clients.itemsOrSelf().length > 0
  if (entry.isObject && !hasClients && world.defaultSubnet === undefined) {
    return report.leavesOut(
      entry,
      'it names no clients, which would export to the world',
      'add "clients": ["10.0.0.0/24"]',
    )
  }
  const made = reader.fields(entry, 'nfs.exports[]', {
    path: (old) => absolutePath(reader, old),
    clients: (old) => (hasClients ? reader.words(old) : undefined),
    options: (old) => exportOptions(reader, old),
  })
  if (made !== undefined && !hasClients) {
    made.clients = [world.defaultSubnet]
    report.normalised(entry, 'no clients', made.clients, 'network.default_subnet')
  }
  return made
}

function exportOptions(reader: OldReader, old: Old): unknown {
  const words = (old.text?.split(',') ?? old.items().map(({ value }) => String(value))).map((word) => word.trim())
  const made = reader.from(
    old,
    words.filter((word) => word !== '' && !OF_MOUNTS.test(word)),
  )
  for (const word of words.filter((one) => OF_MOUNTS.test(one))) {
    const mend = "it belongs into the client's fstab; for the dataset itself there is the property atime=off"
    reader.report.leavesOut(at(old, word), `"${word}" is an option of a mount, and none of an export`, mend)
  }
  reader.became(old, made)
  return made.length === 0 ? undefined : made
}

/** One word of a list, so that what was told of the others stays. */
function at(options: Old, word: string): Old {
  return options.items().find(({ value }) => value === word) ?? options
}

/** Shares were written as POOL/DATASET, and the scripts put the slash in front. */
export function absolutePath(reader: OldReader, old: Old): unknown {
  if (old.text === undefined || old.text.startsWith('/') || old.text === '')
    return reader.value(old, 'nfs.exports[].path')
  const made = `/${old.text}`
  reader.became(old, made)
  return made
}
