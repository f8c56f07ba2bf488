/** The kernel's NFS server, the port mapper beside it, and the tools that ask both (services.jsonl scenes 1, 16 to 18). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { makeFolders, namesIn, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { exportfs } from './exportfs.ts'
import { liveTable } from './table.ts'

/** What Debian's nfs.conf asks for (nfs-utils 2.8). */
const usualThreads = 16
const clients = '/proc/fs/nfsd/clients'

export const threadsOf = (state: SimState): number => state.nfs?.threads ?? 0

export function setThreads(state: SimState, threads: number): void {
  state.nfs = { threads }
  if (threads > 0) makeFolders(state, clients)
  else for (const id of namesIn(state, clients)) forget(state, id)
}

function forget(state: SimState, id: string): void {
  delete state.files[`${clients}/${id}/info`]
  delete state.files[`${clients}/${id}`]
}

/** Its unit: the table is made of the files, whatever is wrong with them, and then the threads are started. */
export function startServer(state: SimState): string | undefined {
  exportfs(state, { args: ['-r'], stdin: '' })
  for (const unit of ['rpcbind.socket', 'rpcbind.service']) {
    const record = state.units?.[unit]
    if (record && record.masked !== true) record.active = true
  }
  if (state.samba?.strangers.includes(2049)) return 'the control process exited with error code'
  setThreads(state, usualThreads)
  return undefined
}

/** ExecStopPost of the unit: `exportfs -au`, so that the table is empty while it is down. */
export function stopServer(state: SimState): void {
  setThreads(state, 0)
  exportfs(state, { args: ['-u', '-a'], stdin: '' })
}

/** `sim nfs-mount ADDRESS [PATH]`: a client of version 4, or with a path one of version 3. */
export function mountFrom(state: SimState, [address, path]: readonly string[]): string | null {
  if (address === undefined) return 'nfs-mount ADDRESS [PATH]'
  if (threadsOf(state) === 0) return 'the NFS server is down'
  if (path !== undefined) {
    const before = state.files['/var/lib/nfs/rmtab']?.content ?? ''
    const fault = writeText(state, '/var/lib/nfs/rmtab', `${before}${address}:${path}:0x00000001\n`)
    return fault
  }
  const id = String(namesIn(state, clients).length + 1)
  const made = makeFolders(state, `${clients}/${id}`)
  const shown = address.includes(':') ? `[${address}]` : address
  return (
    made ?? writeText(state, `${clients}/${id}/info`, `clientid: 0x${id}\naddress: "${shown}:923"\nstatus: confirmed\n`)
  )
}

const isActive = (state: SimState, unit: string): boolean => state.units?.[unit]?.active === true
const hasPortMapper = (state: SimState): boolean =>
  isActive(state, 'rpcbind.service') || isActive(state, 'rpcbind.socket')

/** Addresses and names of this host: those of its interfaces and of its own lines in /etc/hosts. */
export function isThisHost(state: SimState, server: string): boolean {
  if (/^127\.|^::1$|^localhost$/.test(server) || server === state.hostname) return true
  const addresses = [...(state.files['/etc/network/interfaces']?.content ?? '').matchAll(/^\s*address\s+([^\s/]+)/gm)]
  if (addresses.some(([, address]) => address === server)) return true
  const lines = (state.files['/etc/hosts']?.content ?? '').split('\n').map((line) => line.trim().split(/\s+/))
  return lines.some((words) => words.includes(server) && words.includes(state.hostname))
}

const ready = (version: number): string => `program 100003 version ${version} ready and waiting\n`

export const rpcinfo: Tool = (state, { args }) => {
  const options = readOptions('rpcinfo', args, ['-T=', '-n=', '-t', '-p'])
  const [server = '', program, version] = options.operands
  if (has(options, '-p') || (!has(options, '-T') && !has(options, '-t'))) throw new NotSimulated('rpcinfo -p')
  if (program !== 'nfs') throw new NotSimulated(`rpcinfo of ${program}`)
  if (!['tcp', 'tcp6', undefined].includes(optionValue(options, '-T'))) throw new NotSimulated('rpcinfo over udp')
  if (!isThisHost(state, server)) return answer(1, '', 'rpcinfo: RPC: Remote system error - No route to host\n')
  if (!hasPortMapper(state)) return answer(1, '', 'rpcinfo: RPC: Remote system error - Connection refused\n')
  if (threadsOf(state) === 0) return answer(1, '', 'rpcinfo: RPC: Program not registered\n')
  if (version === undefined) return answer(0, ready(3) + ready(4))
  if (version !== '3' && version !== '4') throw new NotSimulated(`rpcinfo of version ${version}`)
  return answer(0, ready(Number(version)))
}

/** Clients of a path in the reverse of their order (scene 10), paths as they are in the table. */
export const showmount: Tool = (state, { args }) => {
  const options = readOptions('showmount', args, ['-e --exports', '--no-headers'])
  const [server = state.hostname] = options.operands
  if (!has(options, '-e')) throw new NotSimulated('showmount without -e')
  const failed = (why: string): ToolAnswer => answer(1, '', `clnt_create: RPC: ${why}\n`)
  if (!isThisHost(state, server) || !hasPortMapper(state)) return failed('Unable to receive')
  if (threadsOf(state) === 0) return failed('Program not registered')
  const byPath = new Map<string, string[]>()
  for (const { path, client } of liveTable(state)) byPath.set(path, [client || '*', ...(byPath.get(path) ?? [])])
  const width = Math.max(0, ...[...byPath.keys()].map((path) => path.length))
  const lines = [...byPath].map(([path, names]) => `${path.padEnd(width)} ${names.join(',')}\n`)
  return answer(0, (has(options, '--no-headers') ? '' : `Export list for ${server}:\n`) + lines.join(''))
}

export const rpcNfsd: Tool = (state, { args }) => {
  const [count] = readOptions('rpc.nfsd', args, []).operands
  if (count === undefined || !/^\d+$/.test(count)) throw new NotSimulated(`rpc.nfsd ${args.join(' ')}`)
  setThreads(state, Number(count))
  return answer(0)
}

/** Who listens there in the server's stead. */
export const ss: Tool = (state, { args }) => {
  if (args.join(' ') !== '-Hltnp sport = :2049') throw new NotSimulated(`ss ${args.join(' ')}`)
  const isTaken = state.samba?.strangers.includes(2049) === true
  const row = (users: string): string => `LISTEN 0      64           0.0.0.0:2049      0.0.0.0:*    ${users}\n`
  return answer(0, isTaken ? row('users:(("ganesha.nfsd",pid=4711,fd=7))') : threadsOf(state) > 0 ? row('') : '')
}
