/** `mount -t nfs`: of this host's own exports, or in a guest of those of the host that it runs on. No other server is there. */
import { BlockList } from 'node:net'
import { posix } from 'node:path'
import { withOptions } from '../disk-tools/mount.ts'
import { canCreate, exists, isFolder } from '../filesystem.ts'
import { addressesOf, placeOf } from '../guest/place.ts'
import { mountView } from '../guest/views.ts'
import type { SimState } from '../model.ts'
import { lengthOf } from '../system/interfaces.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import type { Entry } from './exports-file.ts'
import { isThisHost, threadsOf } from './server.ts'
import { liveTable } from './table.ts'

export interface NfsMount {
  readonly source: string
  readonly target: string
  /** As they stand behind `-o`, or in fstab. */
  readonly options: readonly string[]
}

/** Who serves, and as whom it sees the one that asks; a server sees itself as whatever it likes. */
interface Wire {
  readonly server: SimState
  readonly clients: readonly string[] | 'itself'
}

function wireTo(state: SimState, name: string): Wire | 'unreachable' | 'refused' {
  const place = placeOf(state)
  if (!place) return isThisHost(state, name) ? { server: state, clients: 'itself' } : 'refused'
  const clients = addressesOf(state)
  if (clients.length === 0) return 'unreachable'
  const isItself = /^127\.|^::1$|^localhost$/.test(name) || clients.includes(name)
  return !isItself && isThisHost(place.host, name) ? { server: place.host, clients } : 'refused'
}

export function mountNfs(state: SimState, { source, target, options }: NfsMount): ToolAnswer {
  const refused = (why: string): ToolAnswer => answer(32, '', `mount.nfs: ${why}\n`)
  if (!isFolder(state, target)) return refused(`mount point ${target} does not exist`)
  if (state.mounts.some((mount) => mount.target === target && mount.source === source))
    return refused(`${target} is busy or already mounted or sharecache fail`)
  const [, name = '', path = ''] = /^\[?(.*?)\]?:(\/.*)$/.exec(source) ?? []
  const wire = wireTo(state, name)
  if (wire === 'unreachable') return refused(`Network is unreachable for ${source} on ${target}`)
  if (wire === 'refused' || threadsOf(wire.server) === 0)
    return refused(`Connection refused for ${source} on ${target}`)
  // Version 4 sees nothing of what it may not have; mount.nfs tries version 3 then, whose mountd tells why.
  if (!exists(wire.server, path))
    return refused(`mounting ${source} failed, reason given by server: No such file or directory`)
  const entry = exportFor(wire, path)
  if (!entry) return refused(`access denied by server while mounting ${source}`)
  const mount = { source, target, fstype: 'nfs4', options: shownOptions(options, wire, name) }
  const isWritable = entry.options.rw && canCreate(wire.server, `${path}/x`) === null
  const behind = {
    path,
    ...(isWritable ? {} : { readOnly: true as const }),
    ...(isClosed(wire.server, path, entry) ? { isClosed: true as const } : {}),
  }
  mountView(state, wire.clients === 'itself' ? mount : { ...mount, behind })
  return answer(0)
}

/** Whether who is taken for another one (exports(5), "User ID Mapping") may make nothing there. */
function isClosed({ files }: SimState, path: string, { options }: Entry): boolean {
  if (!options.rootSquash && !options.allSquash) return false
  const { uid = 0, gid = 0, mode = 0o755 } = files[path] ?? {}
  const bits = String(uid) === options.anonuid ? 0o200 : String(gid) === options.anongid ? 0o020 : 0o002
  return (mode & bits) === 0
}

/** A server that is down lets whoever goes to its files wait for ever: `hard` is the default of nfs(5). */
export function isCutOff(state: SimState, argv: readonly string[]): boolean {
  const host = placeOf(state)?.host
  if (!host || threadsOf(host) > 0 || argv[0] === 'findmnt' || argv.some((word) => word === '-l' || word === '-f'))
    return false
  const targets = state.mounts.filter(({ fstype, behind }) => fstype === 'nfs4' && behind).map(({ target }) => target)
  return argv.some((word) => targets.some((target) => `${word}/`.replace(/^\w+=/, '').startsWith(`${target}/`)))
}

/** Of the innermost exported folder, the first line that lets one of the addresses in. */
function exportFor({ server, clients }: Wire, path: string): Entry | undefined {
  const holding = liveTable(server).filter((entry) => !posix.relative(entry.path, path).startsWith('..'))
  const innermost = Math.max(0, ...holding.map((entry) => entry.path.length))
  return holding
    .filter((entry) => entry.path.length === innermost)
    .find(({ client }) => clients === 'itself' || clients.some((address) => isAdmitted(server, client, address)))
}

/** As exports(5) names clients: everybody, an address, a network, or a name of /etc/hosts. */
function isAdmitted(server: SimState, client: string, address: string): boolean {
  if (client === '*' || client === '' || client === address) return true
  const [base = '', length] = client.split('/')
  const kind = address.includes(':') ? 'ipv6' : 'ipv4'
  if (length !== undefined) {
    const network = new BlockList()
    if (base.includes(':') !== (kind === 'ipv6')) return false
    network.addSubnet(base, lengthOf(length), kind)
    return network.check(address, kind)
  }
  const lines = (server.files['/etc/hosts']?.content ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  return lines.some(([of, ...names]) => of === address && names.includes(client))
}

/** What only mount(8) and systemd read, and what is said by nothing. */
const isForOthers = (word: string): boolean =>
  /^(x-.*|comment=.*|_netdev|nofail|noauto|auto|defaults|user|users|bg|fg|retry=.*)$/.test(word)

/** What the kernel settles with the server when nothing else is asked for (nfs(5)). */
const usual = 'rw,relatime,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,timeo=600,retrans=2,sec=sys'

function shownOptions(asked: readonly string[], { clients }: Wire, server: string): string {
  const words = asked.filter((word) => !isForOthers(word)).map((word) => word.replace(/^nfsvers=/, 'vers='))
  const named = new Set(words.filter((word) => word.includes('=')).map((word) => word.replace(/=.*/, '')))
  const rest = usual.split(',').filter((word) => {
    const isReplaced = named.has(word.replace(/=.*/, '')) || (word === 'hard' && words.includes('soft'))
    return !isReplaced
  })
  const own = clients === 'itself' ? server : clients[0]
  return `${withOptions(rest.join(','), words)},clientaddr=${own},local_lock=none,addr=${server}`
}
