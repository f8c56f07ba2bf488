/** `list`, `status`, `config`, `pending`, `listsnapshot`, `cloudinit dump` and `pending`: what qm tells of machines. */
import { encodeText } from '../encoded-text.ts'
import { parameterErrors } from '../options.ts'
import { snapshotTree } from '../snapshot-tree.ts'
import { Refusal } from '../surroundings.ts'
import { formatOf, metaData, network, userData } from './cloudinit.ts'
import { regenerate } from './cloudinit-drive.ts'
import { cloudInitRows } from './cloudinit-pending.ts'
import { loadMachine, type Part, requireUnlocked, type VirtualMachine, writeMachine } from './config.ts'
import { deletions, withPending } from './pending.ts'
import { snapshotName } from './schema.ts'
import { allFigures, figuresOf } from './status.ts'
import type { QmCall, QmVerb } from './verb.ts'

const flag = { kind: 'boolean' } as const
const gibibyte = 2 ** 30

/** Nothing at all, not even a header, when there are no machines (n=1). */
function showList({ machine, voice }: QmCall): void {
  const line = ([vmid = '', name = '', status = '', memory = '', disk = '', pid = '']: readonly string[]): string =>
    `${vmid.padStart(10)} ${name.padEnd(20)} ${status.padEnd(10)} ${memory.padEnd(10)} ${disk.padStart(12)} ${pid.padEnd(10)}\n`
  const all = allFigures(machine, voice)
  if (all.length > 0) voice.out(line(['VMID', 'NAME', 'STATUS', 'MEM(MB)', 'BOOTDISK(GB)', 'PID']))
  for (const { vmid, name, status, maxmem, maxdisk, pid = 0 } of all) {
    const cells = [vmid, name, status, Number(maxmem) / 2 ** 20, (Number(maxdisk) / gibibyte).toFixed(2), pid]
    voice.out(line(cells.map(String)))
  }
}

function showStatus({ machine, voice, vmid, given }: QmCall): void {
  const figures = figuresOf(machine, voice, vmid)
  if (given.get('verbose') !== '1') {
    voice.out(`status: ${figures.status}\n`)
    return
  }
  const rows = Object.entries({ ...figures, qmpstatus: figures.status }).filter(([key]) => key !== 'cpu')
  for (const [key, value] of rows.sort(([one], [other]) => (one < other ? -1 : 1))) voice.out(`${key}: ${value}\n`)
}

/** With what is pending in place of what is live, unless `--current`. The password is stars. */
export function configOf(call: QmCall): Part {
  const { machine, voice, vmid, given, verb } = call
  const vm = loadMachine(machine, voice, vmid)
  const snapshot = given.get('snapshot')
  if (snapshot !== undefined && given.get('current') === '1') {
    const why = "cannot use 'snapshot' parameter with 'current'"
    throw parameterErrors(
      verb,
      new Map([
        ['snapshot', why],
        ['current', why],
      ]),
    )
  }
  const live = given.get('current') === '1' ? vm.values : withPending(vm)
  const wanted = new Map(snapshot === undefined ? live : snapshotOf(vm, snapshot))
  if (wanted.has('cipassword')) wanted.set('cipassword', '**********')
  return wanted
}

function snapshotOf({ snapshots }: VirtualMachine, name: string): Part {
  const part = snapshots.get(name)
  if (part === undefined) throw new Refusal(`snapshot '${name}' does not exist\n`)
  return part
}

const sorted = (part: ReadonlyMap<string, string>): [string, string][] =>
  [...part].sort(([one], [other]) => (one < other ? -1 : 1))

function showConfig(call: QmCall): void {
  for (const [key, value] of sorted(configOf(call)))
    call.voice.out(`${key}: ${key === 'description' ? encodeText(value) : value}\n`)
}

export interface PendingRow {
  readonly key: string
  readonly value?: string
  readonly pending?: string
  /** 2: with its volume. */
  readonly delete?: 1 | 2
}

export function pendingRows({ values, pending }: VirtualMachine): PendingRow[] {
  const going = deletions(pending)
  const shown = (part: Part, key: string): string | undefined =>
    key === 'cipassword' && part.has(key) ? '**********' : part.get(key)
  const keys = new Set([...values.keys(), ...pending.keys(), ...going.keys()])
  return [...keys]
    .filter((key) => key !== 'delete')
    .sort()
    .map((key) => {
      const [value, next, force] = [shown(values, key), shown(pending, key), going.get(key)]
      return {
        key,
        ...(value === undefined ? {} : { value }),
        ...(next === undefined ? {} : { pending: next }),
        ...(force === undefined ? {} : { delete: force ? (2 as const) : (1 as const) }),
      }
    })
}

function printRows(call: QmCall, rows: readonly PendingRow[]): void {
  for (const row of rows) {
    const text = (value: string): string => (row.key === 'description' ? encodeText(value) : value)
    if (row.value !== undefined)
      call.voice.out(`${row.delete === undefined ? 'cur' : 'del'} ${row.key}: ${text(row.value)}\n`)
    if (row.pending !== undefined && row.delete === undefined) call.voice.out(`new ${row.key}: ${text(row.pending)}\n`)
  }
}

function showSnapshots({ machine, voice, vmid }: QmCall): void {
  const vm = loadMachine(machine, voice, vmid)
  const snapshots = [...vm.snapshots].map(([name, values]) => ({
    name,
    description: values.get('description') ?? '',
    values,
  }))
  voice.out(snapshotTree(snapshots, vm.values.get('parent')))
}

/** What would be told without `cicustom`. */
function dump({ machine, voice, vmid, given }: QmCall): void {
  const { values } = loadMachine(machine, voice, vmid)
  const user = userData(values, vmid)
  const net = network(machine, values)
  const texts: Readonly<Record<string, string>> = { user, network: net, meta: metaData(formatOf(values), user, net) }
  voice.out(`${texts[given.get('type') ?? ''] ?? ''}\n`)
}

function updateDrive({ machine, voice, vmid }: QmCall): void {
  const vm = loadMachine(machine, voice, vmid)
  requireUnlocked(vm)
  if (regenerate({ machine, voice, vmid }, vm)) writeMachine(machine, vmid, vm)
}

const rowsOf =
  (rows: (vm: VirtualMachine) => readonly PendingRow[]) =>
  (call: QmCall): void =>
    printRows(call, rows(loadMachine(call.machine, call.voice, call.vmid)))

export const showVerbs: Readonly<Record<string, QmVerb>> = {
  list: { isGeneral: true, parameters: { full: flag }, work: showList },
  status: { parameters: { verbose: flag }, work: showStatus },
  config: { parameters: { current: flag, snapshot: snapshotName }, work: showConfig },
  pending: { parameters: {}, work: rowsOf(pendingRows) },
  listsnapshot: { parameters: {}, work: showSnapshots },
  'cloudinit dump': {
    parameters: { type: { kind: 'string', values: ['user', 'network', 'meta'] } },
    work: dump,
  },
  'cloudinit pending': { parameters: {}, work: rowsOf(cloudInitRows) },
  'cloudinit update': { parameters: {}, work: updateDrive },
}
