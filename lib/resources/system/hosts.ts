/**
 * /etc/hosts: the node's name on an address that others reach, or pve-cluster does not start (facts, host-tools 4.12).
 * Debian's `127.0.1.1 NAME` comes first in the file and would win, so the name is taken out of loopback lines; every other
 * line is someone else's.
 */
import type { Change, Comparison, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import { blockIn, withBlock } from '../file/marked-block.ts'
import { lineChanges } from '../file/owned-file.ts'
import { nodeProbe } from '../probes/storage-config.ts'

export interface DeclaredHosts {
  /** The node's name; undefined: what the host is called now. */
  readonly name: string | undefined
  readonly domain: string | undefined
  /** Without the length of its network; undefined: whichever it has. */
  readonly address: string | undefined
}

const path = '/etc/hosts'
const block = 'initial-setup'

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'

interface Row {
  readonly address: string
  readonly names: readonly string[]
}

function rowOf(line: string): Row | undefined {
  const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
  return address === undefined || address === '' ? undefined : { address, names }
}

const isNodes = (name: string, node: string): boolean => name === node || name.startsWith(`${node}.`)

/** The name, and its longer forms, out of a loopback line; a line that says nothing more then goes. */
function withoutName(line: string, node: string): string[] {
  const row = rowOf(line)
  if (!row || !isLoopback(row.address) || !row.names.some((name) => isNodes(name, node))) return [line]
  const left = row.names.filter((name) => !isNodes(name, node))
  return left.length === 0 ? [] : [`${row.address} ${left.join(' ')}`]
}

export class HostsEntry implements Resource {
  readonly id = `file:${path}`
  readonly locks: readonly Lock[] = [{ name: `file:${path}`, mode: 'exclusive' }]
  readonly #declared: DeclaredHosts

  constructor(declared: DeclaredHosts) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const node = this.#declared.name ?? (await look.at(nodeProbe)) ?? 'localhost'
    const before = await look.reader.readFile(path)
    const text = before ?? ''
    const found = blockIn(text, block)
    if (!found.ok) return refusedWith(this.id, found.why, 'put the two lines right, or remove both')
    const rows = withBlock(text, block, null)
      .split('\n')
      .flatMap((line) => rowOf(line) ?? [])
    const others = rows.filter((row) => !isLoopback(row.address) && row.names.includes(node))
    const isIpv4 = (address: string): boolean => address.includes('.')
    const theirs = others.find((row) => isIpv4(row.address)) ?? others[0]
    const { address } = this.#declared
    const live = { address: theirs?.address ?? rowOf(found.lines?.[0] ?? '')?.address ?? null }
    if (theirs && address !== undefined && theirs.address !== address)
      return { changes: [], refusals: [this.#other(node, theirs.address, address)], notes: [], live }
    const wanted = theirs?.address ?? address ?? live.address
    if (wanted === null || wanted === undefined) return { ...this.#nowhere(node), live }
    const line = `${wanted} ${[...this.#longName(node), node].join(' ')}`
    const cleaned = text
      .split('\n')
      .flatMap((one) => withoutName(one, node))
      .join('\n')
    const content = withBlock(cleaned, block, theirs ? null : [line])
    const mode = (await look.reader.stat(path))?.mode ?? 0o644
    return {
      changes: content === text ? [] : [this.#write(before ?? null, content, mode, `${node} at ${wanted}`)],
      refusals: [],
      notes: [],
      live,
    }
  }

  #longName(node: string): string[] {
    return this.#declared.domain === undefined ? [] : [`${node}.${this.#declared.domain}`]
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
    const why = `${path} has ${node} at ${from}, the config at ${to}: Proxmox VE and its cluster go by that line`
    const mend = [`change the line in ${path} by hand, or declare the address ${from} in network.interfaces`]
    return { resource: this.id, why, fields: [{ field: 'address', from, to }], mend }
  }

  #nowhere(node: string): Omit<Comparison, 'live'> {
    const why = `${path} has ${node} at no address that others reach, and the config declares none`
    const mend = ['declare the host in network.interfaces: {"name": "vmbr0", "address": "10.0.0.13/24"}']
    return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [] }
  }
}

function refusedWith(resource: string, why: string, mend: string): Comparison {
  return {
    changes: [],
    refusals: [{ resource, why: `${path}: ${why}`, fields: [], mend: [mend] }],
    notes: [],
    live: {},
  }
}
