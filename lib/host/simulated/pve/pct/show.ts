/** `list`, `status`, `config`, `pending`, `listsnapshot`: what pct tells of containers. */
import { encodeText } from '../encoded-text.ts'
import { type GuestMachine, guestsIn } from '../guest-machine.ts'
import { parseSize } from '../sizes.ts'
import { snapshotTree } from '../snapshot-tree.ts'
import { Refusal } from '../surroundings.ts'
import { type Container, loadContainer } from './config.ts'
import { parseMount } from './mountpoints.ts'
import { lineComplaint } from './schema.ts'
import type { PctCall } from './verb.ts'

const flag = { kind: 'boolean' } as const

/** Nothing at all, not even a header, when there are no containers (pct.jsonl n=1). */
function showList({ machine, voice }: PctCall): void {
  const ids = guestsIn(machine, 'lxc')
  const line = (cells: readonly string[]): string => {
    const [vmid = '', status = '', lock = '', name = ''] = cells
    return `${vmid.padEnd(10)} ${status.padEnd(10)} ${lock.padEnd(12)} ${name.padEnd(20)}\n`
  }
  if (ids.length > 0) voice.out(line(['VMID', 'Status', 'Lock', 'Name']))
  for (const vmid of ids) {
    const { values } = loadContainer(machine, voice, vmid)
    voice.out(line([vmid, statusOf(machine, vmid), values.get('lock') ?? '', values.get('hostname') ?? `CT${vmid}`]))
  }
}

const statusOf = (machine: GuestMachine, vmid: string): string => (machine.isRunning(vmid) ? 'running' : 'stopped')

function showStatus({ machine, voice, vmid, given }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  const status = statusOf(machine, vmid)
  if (given.get('verbose') !== '1') voice.out(`status: ${status}\n`)
  else for (const [key, value] of figures(vmid, status, container)) voice.out(`${key}: ${value}\n`)
}

/** Of a stopped one, as recorded (pct.jsonl n=36); a host of the recordings had two CPUs. */
function figures(vmid: string, status: string, { values }: Container): [string, string][] {
  const mebibytes = (key: string): string => String(Number(values.get(key) ?? 512) * 2 ** 20)
  const root = values.get('rootfs')
  const size = root === undefined ? null : parseSize(parseMount('rootfs', root).get('size') ?? '')
  const rows: Record<string, string | undefined> = {
    cpus: values.get('cpulimit') ?? values.get('cores') ?? '2',
    disk: '0',
    diskread: '0',
    diskwrite: '0',
    lock: values.get('lock'),
    maxdisk: String(size || 4 * 2 ** 30),
    maxmem: mebibytes('memory'),
    maxswap: mebibytes('swap'),
    mem: '0',
    name: values.get('hostname') ?? `CT${vmid}`,
    netin: '0',
    netout: '0',
    status,
    swap: '0',
    tags: values.get('tags'),
    template: values.get('template'),
    type: 'lxc',
    uptime: '0',
    vmid,
  }
  return Object.entries(rows).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]]))
}

/** With what is pending in place of what is live, unless `--current`. */
function showConfig({ machine, voice, vmid, given, verb }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  const snapshot = given.get('snapshot')
  const wanted = snapshot === undefined ? container : container.snapshots.get(snapshot)
  if (wanted === undefined) throw new Refusal(`snapshot '${snapshot}' does not exist\n`)
  const values = new Map(wanted.values)
  if (snapshot === undefined && given.get('current') !== '1') {
    for (const [key, value] of container.pending.values) if (key !== 'delete') values.set(key, value)
    for (const key of deletions(container)) values.delete(key)
  }
  const wrong = [...values].flatMap(([key, value]): [string, string][] => {
    const complaint = lineComplaint(key, value)
    return complaint?.startsWith('type check') ? [[key, complaint.trimEnd()]] : []
  })
  if (wrong.length > 0) throw badResult(verb.usage, wrong)
  if (wanted.description !== '') values.set('description', encodeText(wanted.description))
  for (const [key, value] of sorted(values)) voice.out(`${key}: ${value}\n`)
  for (const [key, value] of wanted.raw) voice.out(`${key}: ${value}\n`)
}

/** A value in the file of which pct has warned fails the check of its own answer (pct.jsonl n=126). */
function badResult(usage: string, wrong: readonly [string, string][]): Refusal {
  return new Refusal(
    `400 Result verification failed\n${wrong.map(([key, what]) => `${key}: ${what}\n`).join('')}${usage}\n`,
  )
}

const sorted = (values: ReadonlyMap<string, string>): [string, string][] =>
  [...values].sort(([one], [other]) => (one < other ? -1 : 1))

const deletions = ({ pending }: Container): string[] =>
  (pending.values.get('delete') ?? '').split(',').filter((key) => key !== '')

function showPending({ machine, voice, vmid }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  const values = new Map(container.values)
  if (container.description !== '') values.set('description', encodeText(container.description))
  const going = new Set(deletions(container))
  for (const key of [...new Set([...values.keys(), ...container.pending.values.keys()])].sort()) {
    if (key === 'delete') continue
    const [live, next] = [values.get(key), container.pending.values.get(key)]
    if (live !== undefined) voice.out(`${going.has(key) ? 'del' : 'cur'} ${key}: ${live}\n`)
    if (next !== undefined) voice.out(`new ${key}: ${next}\n`)
  }
}

function showSnapshots({ machine, voice, vmid }: PctCall): void {
  const container = loadContainer(machine, voice, vmid)
  const snapshots = [...container.snapshots].map(([name, { description, values }]) => ({ name, description, values }))
  voice.out(snapshotTree(snapshots, container.values.get('parent')))
}

export const showVerbs = {
  list: { parameters: {}, work: showList },
  status: { parameters: { verbose: flag }, work: showStatus },
  config: { parameters: { current: flag, snapshot: { kind: 'string' } }, work: showConfig },
  pending: { parameters: {}, work: showPending },
  listsnapshot: { parameters: {}, work: showSnapshots },
} as const
