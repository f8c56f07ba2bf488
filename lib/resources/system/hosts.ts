/**
 * /etc/hosts: the node's name on an address that others reach, or pve-cluster does not start (facts, host-tools 4.12).
 * Debian's `127.0.1.1 NAME` comes first in the file and would win, so the name is taken out of loopback lines. Outside a cluster the
 * name follows the node's address, also out of the installer's line; every other line is someone else's.
 */
import type { Change, Comparison, Lock, Look, Note, Refusal, Resource } from '../../engine/resource.ts'
import { blockIn, withBlock } from '../file/marked-block.ts'
import { lineChanges } from '../file/owned-file.ts'
import { nodeProbe } from '../probes/storage-config.ts'
import { isIpv4, isLoopback, type Row, rowOf, sorted } from './hosts-lines.ts'
import { interfaceFilesProbe } from './interfaces.ts'
import { plainOf } from './reachable.ts'

export interface DeclaredHosts {
  /** The node's name; undefined: what the host is called now. */
  readonly name: string | undefined
  readonly domain: string | undefined
  /** Without the length of its network; undefined: whichever it has. */
  readonly address: string | undefined
}

const path = '/etc/hosts'
const block = 'initial-setup'

export class HostsEntry implements Resource {
  readonly id = `file:${path}`
  readonly locks: readonly Lock[] = [{ name: `file:${path}`, mode: 'exclusive' }]
  readonly #declared: DeclaredHosts

  constructor(declared: DeclaredHosts) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, domain, address } = this.#declared
    const running = await look.at(nodeProbe)
    const node = name ?? running ?? 'localhost'
    const before = await look.reader.readFile(path)
    const text = before ?? ''
    const found = blockIn(text, block)
    if (!found.ok) return refusedWith(this.id, found.why, 'put the two lines right, or remove both')
    const former = name === undefined ? [] : await formerNames(look, node, running)
    const rows = withBlock(text, block, null)
      .split('\n')
      .flatMap((line) => rowOf(line) ?? [])
    const own = rowOf(found.lines?.[0] ?? '')
    const theirs = rowNaming(rows, [node])
    const old = rowNaming(rows, former)
    const live = { address: theirs?.address ?? own?.address ?? null }
    const now = theirs?.address ?? own?.address ?? old?.address
    const moves = address !== undefined && now !== undefined && now !== address
    if (moves && (await look.reader.stat('/etc/pve/corosync.conf')) !== undefined)
      return { changes: [], refusals: [this.#other(node, now, address)], notes: [], live }
    const waits = address !== undefined && now !== address && !(await hasAddress(look, address))
    const wanted = waits ? now : (address ?? now)
    const notes = waits ? [this.#later(node, address)] : []
    if (wanted === undefined)
      return waits ? { changes: [], refusals: [], notes, live } : { ...this.#nowhere(node), live }
    const { left, own: line } = sorted(rows, own, { node, former, domain, address: wanted, moves: moves && !waits })
    const content = withBlock(text.split('\n').flatMap(left).join('\n'), block, line === null ? null : [line])
    const mode = (await look.reader.stat(path))?.mode ?? 0o644
    return {
      changes: content === text ? [] : [this.#write(before ?? null, content, mode, `${node} at ${wanted}`)],
      refusals: [],
      notes,
      live,
    }
  }

  #later(node: string, address: string): Note {
    const text = `${node} is named at ${address} once an interface has that address, and was reached with it`
    return { resource: this.id, level: 'info', text }
  }

  #write(before: string | null, content: string, mode: number, what: string): Change {
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `name ${what} in ${path}`,
      fields: lineChanges(before ?? '', content),
      steps: [{ kind: 'write', file: { path, content, mode }, replaces: before }],
      undo: { impossible: 'the journal has its former text' },
    }
  }

  #other(node: string, from: string, to: string): Refusal {
    const why = `${path} has ${node} at ${from}, the config at ${to}, and the node is in a cluster, which goes by that line`
    const mend = [`change the line in ${path} by hand, or declare the address ${from} in network.interfaces`]
    return { resource: this.id, why, fields: [{ field: 'address', from, to }], mend }
  }

  #nowhere(node: string): Omit<Comparison, 'live'> {
    const why = `${path} has ${node} at no address that others reach, and the config declares none`
    const mend = ['declare the host in network.interfaces: {"name": "vmbr0", "address": "10.0.0.13/24"}']
    return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [] }
  }
}

/** The first line by which others reach it; the one with an address of IPv4 before one of IPv6. */
function rowNaming(rows: readonly Row[], names: readonly string[]): Row | undefined {
  const found = rows.filter((row) => !isLoopback(row) && row.names.some((name) => names.includes(name)))
  return found.find(isIpv4) ?? found[0]
}

/** What the node was called until now: Proxmox VE has its folder under that name until it starts anew (pmxcfs(8)). */
async function formerNames({ reader }: Look, node: string, running: string | undefined): Promise<string[]> {
  const [folder, ...more] = (await reader.listDir('/etc/pve/nodes')) ?? []
  const names = [...new Set([running, more.length === 0 ? folder : undefined])]
  return names.flatMap((name) => (name === undefined || name === node || name === 'localhost' ? [] : [name]))
}

/** Whether an interface has the address by what stands in the files; true where those say nothing of addresses. */
async function hasAddress(look: Look, address: string): Promise<boolean> {
  const { configured } = await look.at(interfaceFilesProbe)
  const known = [...configured.values()].flatMap(({ address: one }) => (one === null ? [] : [plainOf(one)]))
  return address.includes(':') || known.length === 0 || known.includes(address)
}

function refusedWith(resource: string, why: string, mend: string): Comparison {
  return {
    changes: [],
    refusals: [{ resource, why: `${path}: ${why}`, fields: [], mend: [mend] }],
    notes: [],
    live: {},
  }
}
