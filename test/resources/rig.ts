/**
 * A host that answers from a case's facts, and nothing else: what a case doesn't foresee is an error. Facts are given in
 * short (disks, pools, datasets) and answered in the shapes that were recorded, or as an exact answer of a real tool.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { buildGraph } from '../../lib/engine/graph.ts'
import { newLook } from '../../lib/engine/look.ts'
import { compareTask, ForeseenSet, type PlannedTask } from '../../lib/engine/plan.ts'
import type { Step } from '../../lib/engine/resource.ts'
import type { Argv, CommandResult, Reader } from '../../lib/host/host.ts'
import { assertReadOnly } from '../../lib/host/readonly.ts'
import type { Stamp } from '../../lib/state/stamp.ts'
import { modules } from '../../tasks/index.ts'
import { poolStatus } from './pool-status.ts'

interface SignatureFact {
  readonly type: string
  readonly label?: string
  readonly uuid?: string
}

export interface DiskFact {
  readonly id: string
  readonly kname: string
  readonly size?: number
  readonly serial?: string | null
  readonly wwn?: string | null
  readonly ro?: boolean
  readonly type?: string
  readonly on?: readonly SignatureFact[]
  readonly mounted?: string
  readonly held?: { readonly type: string; readonly path: string }
  readonly parts?: readonly { readonly n: number; readonly on?: readonly SignatureFact[]; readonly mounted?: string }[]
}

export interface PoolFact {
  readonly guid?: string
  readonly state?: string
  /** `mirror virtio-A virtio-B`, `virtio-A`; a state other than ONLINE behind a colon: `virtio-A:REMOVED`. */
  readonly vdevs: readonly string[]
  readonly special?: readonly string[]
  readonly logs?: readonly string[]
  readonly cache?: readonly string[]
  readonly spares?: readonly string[]
  /** Values, or [value, source]. */
  readonly properties?: Readonly<Record<string, string>>
  readonly ashift?: number
}

export interface Facts {
  readonly disks?: readonly DiskFact[]
  readonly pools?: Readonly<Record<string, PoolFact>>
  /** Properties by dataset; a source other than `local` behind a bar: `lz4|inherited from tank`. */
  readonly datasets?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Lines of `zpool import`. */
  readonly importable?: readonly string[]
  readonly snapshots?: readonly string[]
  readonly files?: Readonly<Record<string, string | readonly string[]>>
  /** Names in folders. */
  readonly folders?: Readonly<Record<string, readonly string[]>>
  readonly missingTools?: readonly string[]
  /** What is inside guests that run, by target: `vm:8101`. */
  readonly inside?: Readonly<Record<string, Facts>>
  /** Exact answers by command line, before all else. */
  readonly answers?: Readonly<Record<string, Answer>>
}

export interface Answer {
  readonly rc?: number
  readonly stdout?: string
  readonly stderr?: string
  readonly timedOut?: boolean
  readonly notFound?: boolean
  /** File, scene and argv of a recorded call whose answer is given. */
  readonly recorded?: readonly [string, number, readonly string[]]
}

interface RecordedCall {
  readonly argv?: readonly string[]
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
}

const transcripts = join(import.meta.dirname, '..', 'transcripts')

/** The nth answer that a real tool gave to a command in a recorded scene. */
export function recorded(file: string, scene: number, argv: readonly string[], nth = 0): RecordedCall {
  for (const line of readFileSync(join(transcripts, file), 'utf8').split('\n')) {
    if (!line.startsWith(`{"n": ${scene},`)) continue
    const { calls } = JSON.parse(line) as { calls: RecordedCall[] }
    const call = calls.filter((one) => one.argv?.join(' ') === argv.join(' '))[nth]
    if (call) return call
  }
  throw new Error(`no recorded call ${argv.join(' ')} in scene ${scene} of ${file}`)
}

const size = 2147483648

/** Partitions of a disk that ZFS was given whole: part1 with the label four times, part9 empty. */
function lsblk(disks: readonly DiskFact[]): string {
  const node = (kname: string, type: string, over: object) => ({
    name: kname,
    kname,
    path: `/dev/${kname}`,
    type,
    size,
    fstype: null,
    label: null,
    uuid: null,
    serial: null,
    wwn: null,
    model: null,
    pkname: null,
    pttype: null,
    parttype: null,
    mountpoints: [],
    ro: false,
    ...over,
  })
  const blockdevices = disks.map((disk) => {
    const infix = /\d$/.test(disk.kname) ? 'p' : ''
    const parts = (disk.parts ?? []).map((part) =>
      node(`${disk.kname}${infix}${part.n}`, 'part', { mountpoints: part.mounted ? [part.mounted] : [] }),
    )
    const held = disk.held ? [node(disk.held.path.replace('/dev/', ''), disk.held.type, { path: disk.held.path })] : []
    return node(disk.kname, disk.type ?? 'disk', {
      size: disk.size ?? size,
      serial: disk.serial ?? null,
      wwn: disk.wwn ?? null,
      ro: disk.ro ?? false,
      mountpoints: disk.mounted ? [disk.mounted] : [],
      children: [...parts, ...held],
    })
  })
  return JSON.stringify({ blockdevices })
}

function wipefs(disks: readonly DiskFact[], paths: readonly string[]): string {
  const on = new Map<string, readonly SignatureFact[]>()
  for (const disk of disks) {
    on.set(disk.kname, disk.on ?? [])
    for (const part of disk.parts ?? [])
      on.set(`${disk.kname}${/\d$/.test(disk.kname) ? 'p' : ''}${part.n}`, part.on ?? [])
  }
  const signatures = paths.flatMap((path) => {
    const device = path.replace('/dev/', '')
    return (on.get(device) ?? []).map(({ type, label, uuid }, index) => ({
      device,
      offset: `0x${index}`,
      type,
      uuid: uuid ?? null,
      label: label ?? null,
    }))
  })
  return JSON.stringify({ signatures })
}

function zfsGet(datasets: NonNullable<Facts['datasets']>, argv: Argv): string {
  const at = argv.indexOf('-o') + 2
  const defaults: Readonly<Record<string, string>> = { type: 'filesystem|-', used: '98304|-', referenced: '98304|-' }
  const filesystem: Readonly<Record<string, string>> = { mounted: 'yes|-', canmount: 'on|default' }
  const rows = Object.entries(datasets).flatMap(([name, given]) =>
    (argv[at] ?? '').split(',').map((property) => {
      const isVolume = given.type?.startsWith('volume') ?? false
      const fallback =
        property === 'mountpoint' && !isVolume ? `/${name}|default` : isVolume ? undefined : filesystem[property]
      const [value, source] = (given[property] ?? defaults[property] ?? fallback ?? '-|-').split('|')
      return [name, property, value, source ?? 'local'].join('\t')
    }),
  )
  return rows.map((row) => `${row}\n`).join('')
}

/** File systems are mounted where they say, unless the facts say otherwise. */
const mountsOf = (datasets: NonNullable<Facts['datasets']>): string[] =>
  Object.entries(datasets)
    .filter(([, given]) => !given.type?.startsWith('volume') && !given.mounted?.startsWith('no'))
    .map(([name, given]) => ({ name, place: given.mountpoint?.split('|')[0] ?? `/${name}` }))
    .filter(({ place }) => place.startsWith('/'))
    .map(({ name, place }) => `${name} ${place} zfs rw 0 0`)

function zpoolGet(pools: NonNullable<Facts['pools']>, argv: Argv): string {
  if (argv.at(-1) === 'all') {
    const rows = Object.entries(pools).flatMap(([name, pool]) =>
      Object.entries({ size: '2013265920|-', autotrim: 'off|default', comment: '-|default', ...pool.properties }).map(
        ([property, value]) => [name, property, ...value.split('|')].join('\t'),
      ),
    )
    return rows.map((row) => `${row}${row.split('\t').length < 4 ? '\tlocal' : ''}\n`).join('')
  }
  const at = argv.indexOf('ashift')
  const ashift = pools[argv[at + 1] ?? '']?.ashift ?? 12
  return argv
    .slice(at + 2)
    .map((vdev) => `${vdev}\tashift\t${ashift}\t-\n`)
    .join('')
}

/** A reader over the facts. `asked` collects the commands it was asked. */
export function readerOf(facts: Facts, asked: string[] = []): Reader {
  const disks = facts.disks ?? []
  const links = new Map<string, string>()
  for (const { id, kname, parts } of disks) {
    links.set(id, `/dev/${kname}`)
    links.set(`/dev/${kname}`, `/dev/${kname}`)
    for (const { n } of parts ?? []) {
      const part = `/dev/${kname}${/\d$/.test(kname) ? 'p' : ''}${n}`
      links.set(`${id}-part${n}`, part)
      links.set(part, part)
    }
  }
  const files: Facts['files'] = { '/proc/mounts': mountsOf(facts.datasets ?? {}), ...facts.files }
  const builtIn = (argv: Argv): Answer => {
    const line = argv.join(' ')
    if (line === 'zpool status -j') return { stdout: poolStatus(facts.pools ?? {}) }
    if (line.startsWith('zpool get ')) return { stdout: zpoolGet(facts.pools ?? {}, argv) }
    if (line.startsWith('zfs get ')) return { stdout: zfsGet(facts.datasets ?? {}, argv) }
    if (line.startsWith('zfs list -Hp -t snapshot'))
      return { stdout: (facts.snapshots ?? []).map((row) => `${row}\n`).join('') }
    if (line.startsWith('lsblk ')) return { stdout: lsblk(disks) }
    if (line.startsWith('wipefs ')) return { stdout: wipefs(disks, argv.slice(3)) }
    if (line === 'zpool import') {
      const text = (facts.importable ?? []).map((row) => `${row}\n`).join('')
      return { stdout: text, stderr: text === '' ? 'no pools available to import\n' : '' }
    }
    if (line.startsWith('zdb -l ')) return { rc: 2, stdout: 'failed to unpack label 0\n' }
    if (line.startsWith('dumpe2fs ')) return { stdout: 'Last mounted on:          /srv/old\n' }
    throw new Error(`the case has no answer for: ${line}`)
  }
  return {
    name: 'case',
    async query(argv): Promise<CommandResult> {
      assertReadOnly(argv)
      asked.push(argv.join(' '))
      const given = facts.answers?.[argv.join(' ')] ?? builtIn(argv)
      const said = given.recorded ? recorded(...given.recorded) : undefined
      return {
        argv,
        exitCode: given.notFound ? 127 : given.timedOut ? null : (said?.rc ?? given.rc ?? 0),
        signal: null,
        stdout: said?.stdout ?? given.stdout ?? '',
        stderr: said?.stderr ?? given.stderr ?? '',
        durationMs: given.timedOut ? 30_000 : 1,
        timedOut: given.timedOut ?? false,
        notFound: given.notFound ?? false,
      }
    },
    readFile: async (path) => {
      const text = files[path]
      return text === undefined || typeof text === 'string' ? text : text.map((line) => `${line}\n`).join('')
    },
    stat: async (path) => {
      const text = files[path]
      if (text !== undefined) return { type: 'file', mode: 0o644, uid: 0, gid: 0, size: String(text).length }
      return facts.folders?.[path] === undefined ? undefined : { type: 'dir', mode: 0o755, uid: 0, gid: 0, size: 4096 }
    },
    listDir: async (path) => facts.folders?.[path],
    realpath: async (path) => links.get(path),
    hasTool: async (tool) => !facts.missingTools?.includes(tool),
    inside: ({ kind, id }) => {
      const inner = facts.inside?.[`${kind}:${id}`]
      if (inner === undefined) throw new Error(`the facts say nothing about the inside of ${kind} ${id}`)
      return readerOf(inner, asked)
    },
  }
}

const stampOf = (task: string, created: readonly string[]): Stamp => ({
  format: 1,
  task,
  version: 1,
  state: 'converged',
  run: 'r1',
  at: '2026-11-21T00:00:00Z',
  durationMs: 1,
  inputs: {},
  outputs: {},
  created,
  begun: null,
})

/** Plans all tasks of a config on a host of these facts, as the engine does. `created` is by task. */
export async function planOn(
  config: PhxConfig,
  facts: Facts,
  created: Readonly<Record<string, readonly string[]>> = {},
  asked: string[] = [],
): Promise<PlannedTask[]> {
  const look = newLook(readerOf(facts, asked))
  const foreseen = new ForeseenSet()
  const planned: PlannedTask[] = []
  const tasks = modules.flatMap((module) => module.expand(config, Object.keys(created)))
  for (const task of buildGraph(tasks).tasks) {
    const own = created[task.id]
    planned.push(await compareTask(task, own && stampOf(task.id, own), look, foreseen))
  }
  return planned
}

/** A step as one line: the command, or what is verified. */
export const stepText = (step: Step): string =>
  step.kind === 'command'
    ? step.argv.join(' ')
    : step.kind === 'verify'
      ? `verify: ${step.what}`
      : step.kind === 'remove'
        ? `remove ${step.path}`
        : `write ${step.file.path}`
