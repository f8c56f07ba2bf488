/** Random hosts, configs and faults for the safety properties; and what on a host is precious. */
import fc from 'fast-check'
import { parseConfig } from '../../lib/config/load.ts'
import { declaredZfs } from '../../lib/config/zfs.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import { buildGraph, select } from '../../lib/engine/graph.ts'
import { plan, status } from '../../lib/engine/plan.ts'
import { run } from '../../lib/engine/run.ts'
import { noSecrets } from '../../lib/engine/secret.ts'
import { type ConsentPolicy, type PlanDocument, type Running, StopSignal } from '../../lib/engine/session.ts'
import { readerOf } from '../../lib/host/host.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import type { StateFolder } from '../../lib/state/folder.ts'
import { modules } from '../../tasks/index.ts'

export const disks = [
  'virtio-P0',
  'virtio-P1',
  'scsi-35000c500000000a2',
  'scsi-35000c500000000a3',
  'nvme-FAST_4TB_N4',
  'ata-SLOW_S5',
].map((name) => `/dev/disk/by-id/${name}`)

const disk = fc.constantFrom(...disks)
const poolName = fc.constantFrom('quickOS', 'fastData', 'other')
const datasetName = fc.constantFrom('a', 'b', 'a/c', 'shared')

/** Calls that set a scene; one that the tools refuse simply changes nothing, as it would for a person. */
const sceneCall: fc.Arbitrary<readonly (readonly string[])[]> = fc.oneof(
  disk.map((path) => [['mkfs.ext4', '-q', '-F', path]]),
  disk.map((path) => [['sgdisk', '-n', '1:0:+500M', path]]),
  disk.map((path) => [
    ['sgdisk', '-n', '1:0:+500M', path],
    ['udevadm', 'settle'],
    ['mkfs.ext4', '-q', '-F', `${path}-part1`],
  ]),
  disk.map((path) => [
    ['mkswap', path],
    ['swapon', path],
  ]),
  disk.map((path) => [
    ['mkfs.ext4', '-q', '-F', path],
    ['mkdir', '-p', '/mnt/x'],
    ['mount', path, '/mnt/x'],
  ]),
  fc.tuple(poolName, disk).map(([pool, path]) => [['zpool', 'create', pool, path]]),
  fc
    .tuple(poolName, fc.shuffledSubarray(disks, { minLength: 2, maxLength: 3 }))
    .map(([pool, paths]) => [['zpool', 'create', pool, 'mirror', ...paths]]),
  fc.tuple(poolName, datasetName).map(([pool, name]) => [['zfs', 'create', '-p', `${pool}/${name}`]]),
  fc
    .tuple(poolName, datasetName, fc.constantFrom('compression=off', 'recordsize=16K', 'quota=1G'))
    .map(([pool, name, property]) => [['zfs', 'set', property, `${pool}/${name}`]]),
  fc.tuple(poolName, datasetName).map(([pool, name]) => [['zfs', 'snapshot', `${pool}/${name}@before`]]),
  poolName.map((pool) => [['zfs', 'create', '-V', '1G', `${pool}/v`]]),
  poolName.map((pool) => [['zpool', 'export', pool]]),
  poolName.map((pool) => [['zpool', 'destroy', pool]]),
  fc
    .tuple(poolName, datasetName)
    .map(([pool, name]) => [
      ['pvesm', 'add', 'zfspool', `${pool}-${name.replace('/', '-')}`, '--pool', `${pool}/${name}`],
    ]),
  fc
    .tuple(poolName, datasetName)
    .map(([pool, name]) => [['pvesm', 'add', 'dir', `old-${pool}`, '--path', `/${pool}/${name}`]]),
  disk.map((path) => [['sim', 'unplug', path]]),
  fc.constant([['sim', 'reboot']]),
)

export const scene = fc.array(sceneCall, { maxLength: 8 }).map((calls) => calls.flat())

const level = fc.constantFrom('single', 'mirror', 'raidz1', 'raid10')
const least: Readonly<Record<string, number>> = { single: 1, mirror: 2, raidz1: 3, raid10: 4 }

const properties = fc.record(
  { compression: fc.constantFrom('lz4', 'zstd', 'off'), recordsize: fc.constantFrom('128K', '1M', '16K') },
  { requiredKeys: [] },
)

const datasets = (pool: string) =>
  fc.uniqueArray(
    fc.record(
      {
        name: fc.constantFrom('a', 'b', 'a/c', 'shared'),
        pool: fc.constant(pool),
        properties,
        storage_class: fc.constantFrom('direct', 'shared'),
        proxmox_storage_type: fc.constantFrom('zfspool', 'dir'),
      },
      { requiredKeys: ['name', 'pool', 'properties'] },
    ),
    { maxLength: 3, selector: ({ name }) => name },
  )

const pool = (name: string, from: readonly string[]) =>
  fc
    .tuple(level, fc.shuffledSubarray([...from]), fc.boolean(), fc.boolean())
    .filter(([raid, paths]) => paths.length >= (least[raid] ?? 1))
    .map(([raid_level, paths, ashift, importIt]) => ({
      name,
      raid_level,
      disks: paths.slice(0, least[raid_level]),
      ...(ashift ? { properties: { ashift: '12' } } : {}),
      ...(importIt ? { import: true } : {}),
    }))

const consent = fc.constantFrom(undefined, false, true, ['zpool:quickOS'])

export const config = fc
  .record({
    pools: fc.oneof(
      pool('quickOS', disks).map((one) => [one]),
      fc.tuple(pool('quickOS', disks.slice(0, 4)), pool('fastData', disks.slice(4))).map((both) => both),
    ),
    datasets: fc.tuple(datasets('quickOS'), datasets('fastData')).map((both) => both.flat()),
    allow: consent,
  })
  .map(({ pools, datasets: all, allow }) => ({
    zfs: {
      ...(allow === undefined ? {} : { settings: { allow_destructive_operations: allow } }),
      pools,
      datasets: all.filter((one) => pools.some(({ name }) => name === one.pool)),
    },
  }))

export const policy = fc.record({
  mode: fc.constantFrom('safe' as const, 'interactive' as const, 'force-destructive' as const),
  allow: fc.subarray(['zpool:quickOS', 'zpool:fastData']),
})

/** What goes wrong in the n-th command that changes something. */
export const fault = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('fail' as const, 'apply then fail' as const, 'hang' as const),
      nth: fc.integer({ min: 1, max: 3 }),
    }),
  },
)
export type Fault = { readonly kind: 'fail' | 'apply then fail' | 'hang'; readonly nth: number } | null

export function hostAfter(calls: readonly (readonly string[])[]): SimulatedHost {
  const state = blankHost(disks.map((path) => ({ path, size: 8 * 2 ** 30 })))
  for (const argv of calls) callTool(state, argv)
  callTool(state, ['udevadm', 'settle'])
  return new SimulatedHost(state, null)
}

export interface Attempt {
  readonly summary: Summary
  /** Commands that were run, in order. */
  readonly commands: readonly string[]
}

export class World {
  readonly host: SimulatedHost
  readonly #text: string
  readonly #state: StateFolder

  constructor(host: SimulatedHost, document: unknown, state: StateFolder) {
    this.host = host
    this.#text = JSON.stringify(document)
    this.#state = state
  }

  /** Whether the config is one at all; a random one may break a rule. */
  get isValid(): boolean {
    return parseConfig(this.#text, 'random.json').ok
  }

  #running(policy: Omit<ConsentPolicy, 'config'>, events: RunEvent[]): Running {
    const loaded = parseConfig(this.#text, 'random.json')
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    const graph = buildGraph(modules.flatMap((module) => module.expand(loaded.config, [])))
    return {
      reader: readerOf(this.host),
      secrets: noSecrets,
      reboot: false,
      host: this.host,
      graph,
      selected: select(graph, ['setup'], true),
      state: this.#state,
      now: () => new Date(),
      config: 'random.json',
      targets: ['setup'],
      policy: { ...policy, config: declaredZfs(loaded.config).consent },
      command: 'phx run',
      verb: 'run',
      jobs: 2,
      failFast: false,
      emit: (event) => events.push(event),
      ask: async () => 'y',
      stop: new StopSignal(),
    }
  }

  plan(policy: Omit<ConsentPolicy, 'config'>): Promise<PlanDocument> {
    return plan(this.#running(policy, []))
  }

  status(policy: Omit<ConsentPolicy, 'config'>) {
    return status(this.#running(policy, []))
  }

  async run(policy: Omit<ConsentPolicy, 'config'>): Promise<Attempt> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(policy, events))
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { summary, commands }
  }
}

/**
 * Everything on the host that somebody could miss: superblocks, labels, partitions, files, pools, datasets, snapshots,
 * volumes; one line each, by the disk it is on.
 */
export function precious(state: SimState): ReadonlyMap<string, readonly string[]> {
  const byDisk = new Map<string, string[]>()
  for (const { serial, content, table } of state.disks) {
    const lines: string[] = []
    const inside = (place: string, { signatures, label, files }: typeof content): void => {
      for (const { type, offset, uuid } of signatures) lines.push(`${place} ${type} at ${offset} ${uuid}`)
      if (label) lines.push(`${place} label of pool ${label.poolGuid} ${label.vdevGuid} ${label.intact}`)
      for (const [path, text] of Object.entries(files)) lines.push(`${place} file ${path} ${text.length}`)
    }
    inside('disk', content)
    for (const partition of table?.partitions ?? []) {
      lines.push(`partition ${partition.number} at ${partition.start} of ${partition.size}`)
      inside(`partition ${partition.number}`, partition.content)
    }
    byDisk.set(serial, lines)
  }
  return byDisk
}

/** Live pools (imported or exported) by GUID, with the names of all that is in them. */
export function poolsOf(
  state: SimState,
): ReadonlyMap<string, { readonly name: string; readonly content: readonly string[] }> {
  return new Map(
    state.pools
      .filter(({ presence }) => presence !== 'destroyed')
      .map(({ guid, name, datasets: all }) => [
        guid,
        { name, content: all.map((one) => `${one.type} ${one.name} ${one.guid}`) },
      ]),
  )
}
