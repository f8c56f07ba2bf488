/** What scenarios are made of: their shape, and the questions they ask of phx and of ZFS. */
import assert from 'node:assert/strict'
import type { Dataset, Pool } from '../../lib/config/generated/types.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import type { PlanDocument } from '../../lib/engine/session.ts'
import { byId, type Disk, disks } from './disks.ts'
import type { CommandResult } from './shell.ts'
import type { PhxResult, RunOptions, Vm } from './vm.ts'

export interface Scenario {
  /** What it shows, in one line for a person. */
  readonly shows: string
  /** Part of the subset that CI runs. */
  readonly core?: true
  run(vm: Vm): Promise<void>
}

export interface Declared {
  readonly pools: Pool[]
  readonly datasets?: Dataset[]
}

export const pool = (name: string, raidLevel: string, members: readonly Disk[], more: Partial<Pool> = {}): Pool => ({
  name,
  raid_level: raidLevel,
  disks: members.map(byId),
  ...more,
})

/** One mirror and nothing else, for scenarios about disks. */
export const oneMirror: Declared = { pools: [pool('quickOS', 'mirror', [disks.scsi2, disks.scsi3])] }

/** A small host with everything that a large one has: a mirror, a single disk, datasets of each class, storages. */
export const usualHost: Declared = {
  pools: [
    pool('quickOS', 'mirror', [disks.scsi2, disks.scsi3], {
      properties: { ashift: '12', autotrim: 'on' },
      filesystem_properties: 'compression=lz4,atime=off',
    }),
    pool('fastData', 'single', [disks.blk0]),
  ],
  datasets: [
    {
      ...{ name: 'vm-disks', pool: 'quickOS', properties: 'recordsize=128K,compression=lz4,quota=500M' },
      ...{ storage_class: 'direct', proxmox_storage_type: 'zfspool', proxmox_content_type: 'images,rootdir' },
    },
    { name: 'shared-prod-data', pool: 'quickOS', properties: 'recordsize=16K,sync=always', storage_class: 'shared' },
    {
      ...{ name: 'shared-backups', pool: 'fastData', properties: { compression: 'zstd', recordsize: '1M' } },
      ...{ storage_class: 'shared', proxmox_storage_type: 'dir', proxmox_content_type: 'backup' },
    },
  ],
}

export const configFile = '/root/phoenix.config.json'

export async function declare(vm: Vm, declared: Declared): Promise<void> {
  await vm.write(configFile, `${JSON.stringify({ zfs: declared }, null, 2)}\n`)
}

export interface Run extends PhxResult {
  readonly events: readonly RunEvent[]
  readonly summary: Summary
}

/** `phx run setup` with the declared config; it has to end with this exit code. */
export const run = (vm: Vm, exitCode: number, args: readonly string[] = [], options: RunOptions = {}): Promise<Run> =>
  carryOut(vm, exitCode, ['run', 'setup', ...args], options)

/** A verb that does something, and its targets: `run vm:8101`, `destroy vm:8101`. */
export async function carryOut(
  vm: Vm,
  exitCode: number,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Run> {
  const result = await vm.phx([...words, '-c', configFile, '--json'], options)
  const said = `phx ${words.join(' ')}: exit code ${result.exitCode} instead of ${exitCode}`
  assert.equal(result.exitCode, exitCode, said)
  const events = result.json as RunEvent[]
  const summary = events.at(-1)
  assert.equal(summary?.type, 'summary', `the last line of phx ${words[0]} --json is the summary`)
  assert.equal(summary.exitCode, exitCode, 'the summary and the process agree about the exit code')
  return { ...result, events, summary }
}

export const plan = (vm: Vm, exitCode: number, args: readonly string[] = []): Promise<PlanDocument> =>
  planOf(vm, 'setup', exitCode, args)

export async function planOf(
  vm: Vm,
  target: string,
  exitCode: number,
  args: readonly string[] = [],
): Promise<PlanDocument> {
  const result = await vm.phx(['plan', target, '-c', configFile, '--json', '--detailed-exitcode', ...args])
  assert.equal(result.exitCode, exitCode, `phx plan ${target}: exit code ${result.exitCode} instead of ${exitCode}`)
  return result.json[0] as PlanDocument
}

/**
 * The commands that wrote to pools, by ZFS's own record. Commands only, for zed reopens a vdev on its own whenever udev
 * says that its disk changed (`ioctl reopen`).
 */
export const poolCommands = `zpool history 2>&1 | grep -E '^(History|no pools|[^ ]+ (zpool|zfs) )'`

/** What no run may change when there is nothing to do. */
const traces = `${poolCommands}; cat /etc/pve/storage.cfg; ls -lR /etc/pve`

/** Works, then shows that the host has the traces that it had before. */
async function leavingNoTrace(vm: Vm, work: () => Promise<Run>): Promise<Run> {
  await vm.run(`{ ${traces}; } >/run/traces`)
  const result = await work()
  assert.equal(result.summary.mutations, 0, 'no command that changes the host, by the count of phx')
  const diff = await vm.attempt(`{ ${traces}; } | diff /run/traces -`)
  assert.equal(diff.exitCode, 0, `pool history or storages are not as they were:\n${diff.stdout}`)
  return result
}

/** Runs once more: nothing is changed. */
export const nothingToDo = (vm: Vm): Promise<Run> =>
  leavingNoTrace(vm, async () => {
    const again = await run(vm, 0)
    assert.equal(again.summary.changed, 0, 'a run with nothing to do changes no task')
    return again
  })

/** Runs once more: no command that changes the host, and what this script shows of it is as it was. */
export async function untouched(
  vm: Vm,
  script: string,
  again: (vm: Vm) => Promise<{ readonly summary: Summary }> = nothingToDo,
): Promise<void> {
  const before = await vm.run(script)
  const { summary } = await again(vm)
  assert.equal(summary.mutations, 0, 'the second run changes nothing')
  assert.equal(await vm.run(script), before)
}

/** A run that has to be refused, with nothing touched; returns it so that its words can be looked at. */
export const refused = (vm: Vm, args: readonly string[] = [], options: RunOptions = {}): Promise<Run> =>
  leavingNoTrace(vm, () => run(vm, 3, args, options))

/** A command in the namespace `client`. Not `ip netns exec`, which makes a mount namespace too: a mount would be gone with it. */
export const asClient = (vm: Vm, command: string): Promise<CommandResult> =>
  vm.attempt(['nsenter', '--net=/run/netns/client', 'sh', '-c', command])

/** Every text in what phx printed. */
function texts(result: PhxResult): string[] {
  const collect = (value: unknown): string[] => {
    if (typeof value === 'string') return [value]
    return value !== null && typeof value === 'object' ? Object.values(value).flatMap(collect) : []
  }
  return [...collect(result.json), result.stderr]
}

/** A person is told all of these. */
export function says(result: PhxResult, ...wanted: string[]): void {
  const all = texts(result)
  for (const want of wanted)
    assert.ok(
      all.some((text) => text.includes(want)),
      `phx should have said: ${want}`,
    )
}

export const checksum = async (vm: Vm, disk: Disk): Promise<string> =>
  (await vm.run(['sha256sum', byId(disk)], { timeoutSeconds: 300 })).split(' ')[0] ?? ''

export async function pools(vm: Vm): Promise<readonly string[]> {
  const text = await vm.run('zpool list -H -o name')
  return text === '' ? [] : text.split('\n').sort()
}

/** A command that phx wrote out for a person to run, found by its beginning. */
export function commandSaid(result: PhxResult, beginning: string): string {
  const text = texts(result).find((candidate) => candidate.includes(beginning))
  if (text === undefined) return assert.fail(`phx should have written out a command that begins with: ${beginning}`)
  return /^[^\n;,()`]*/.exec(text.slice(text.indexOf(beginning)))?.[0].trim() ?? ''
}
