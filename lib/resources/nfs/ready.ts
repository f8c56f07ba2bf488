/** Whether the NFS server answers, and why not. A started unit proves nothing: nfs-server stays active with no thread at all. */
import type { DeclaredEntry } from '../../config/nfs.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { tableNow } from '../probes/exports.ts'
import { parseListeners } from '../probes/listeners.ts'
import { unitIn, unitsProbe } from '../probes/units.ts'
import { unitNow } from '../unit/unit.ts'
import { type KnownNames, missingFrom } from './table.ts'

export const serverUnit = 'nfs-server.service'
export const nfsPort = 2049

const threadsFile = '/proc/fs/nfsd/threads'

/** Threads of the kernel's server; null when it was never loaded. */
export async function threadsOf(reader: Reader): Promise<number | null> {
  const text = await reader.readFile(threadsFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES') throw error
    throw new CannotLook(`${threadsFile} may only be read by root`, ['run phx as root: sudo phx …'])
  })
  return text === undefined || text.trim() === '' ? null : Number(text)
}

/**
 * Why version 4 is not served, or undefined. rpcinfo asks the port mapper first, and fails without one although the
 * server runs (seen: services.jsonl scene 17); a host that has masked it serves version 4 on its fixed port.
 */
async function silence(reader: Reader, hasPortMapper: boolean): Promise<string | undefined> {
  if (!hasPortMapper) {
    const texts = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => reader.readFile(path)))
    const isOpen = texts.some((text) => parseListeners(text ?? '').includes(nfsPort))
    return isOpen ? undefined : `nothing listens on port ${nfsPort}`
  }
  const { exitCode, stdout, stderr } = await reader.query(['rpcinfo', '-T', 'tcp', '127.0.0.1', 'nfs', '4'])
  return exitCode === 0 ? undefined : (stderr.trim() || stdout.trim() || 'rpcinfo gave no answer').replace(/\s+/g, ' ')
}

/** The same in a look; undefined as well where nothing runs that could answer. */
export const silenceProbe: Probe<string | undefined> = {
  id: 'rpcinfo',
  async read(look) {
    const [units, threads] = await Promise.all([look.at(unitsProbe), threadsOf(look.reader)])
    if (unitIn(units, serverUnit).active !== 'active' || !threads) return undefined
    return silence(look.reader, !unitIn(units, 'rpcbind.service').masked)
  },
}

async function whyNot(reader: Reader, entries: readonly DeclaredEntry[], known: KnownNames) {
  const [unit, threads] = await Promise.all([unitNow(reader, serverUnit), threadsOf(reader)])
  if (unit?.active !== 'active') return `${serverUnit} is ${unit?.active ?? 'unknown to systemd'}`
  if (threads === null || threads === 0) return `${serverUnit} is active, yet the kernel's server has no threads`
  const portMapper = await unitNow(reader, 'rpcbind.service')
  const silent = await silence(reader, portMapper?.masked !== true)
  if (silent !== undefined) return `NFS version 4 does not answer on 127.0.0.1: ${silent}`
  const missing = missingFrom(await tableNow(reader), entries, known)
  return missing.length > 0 ? `exportfs -s does not list ${missing.join(', ')}` : undefined
}

/** A step that waits until version 4 answers and every one of these entries is in the table. */
export function isReady(entries: readonly DeclaredEntry[], known: KnownNames): Step {
  return {
    kind: 'verify',
    what: entries.length === 0 ? 'the NFS server answers' : 'the NFS server answers and has every declared export',
    withinMs: 60_000,
    mend: [
      `systemctl status ${serverUnit} rpcbind.service`,
      `journalctl -u ${serverUnit} -n 50`,
      'cat /proc/fs/nfsd/threads; rpcinfo -T tcp 127.0.0.1 nfs 4; exportfs -s',
      'once it runs again, run the same phx command: it goes on from what it finds',
    ],
    check: (reader) => whyNot(reader, entries, known),
  }
}
