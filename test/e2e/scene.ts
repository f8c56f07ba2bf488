/** A folder with a config and a simulated host, and what is looked at in them. */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { ChangeShown, Standing, Summary, TaskPlan } from '../../lib/engine/events.ts'
import { simCall } from '../../lib/host/simulated/host.ts'
import type { Content, Disk, SimState } from '../../lib/host/simulated/model.ts'
import type { Call, Ended, Program } from './program.ts'

export const diskA = '/dev/disk/by-id/ata-LAB_SERIAL-A'
export const diskB = '/dev/disk/by-id/ata-LAB_SERIAL-B'
export const diskC = '/dev/disk/by-id/ata-LAB_SERIAL-C'
export const diskD = '/dev/disk/by-id/ata-LAB_SERIAL-D'

type Zfs = NonNullable<PhxConfig['zfs']>

/** Pool tank, a mirror of A and B, with a dataset for guests and one for files, each a storage. */
export const tank: PhxConfig = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'mirror', disks: [diskA, diskB] }],
    datasets: [
      {
        name: 'guests',
        pool: 'tank',
        properties: 'compression=lz4,quota=100G',
        storage_class: 'direct',
        proxmox_storage_type: 'zfspool',
        proxmox_content_type: 'images',
      },
      {
        name: 'files',
        pool: 'tank',
        properties: 'recordsize=1M',
        storage_class: 'direct',
        proxmox_storage_type: 'dir',
        proxmox_content_type: 'iso',
      },
    ],
  },
}

export const withZfs = (config: PhxConfig, more: Partial<Zfs>): PhxConfig => ({
  ...config,
  zfs: { ...config.zfs, ...more },
})

export const armed = (consent: boolean | readonly string[]): PhxConfig =>
  withZfs(tank, { settings: { allow_destructive_operations: typeof consent === 'boolean' ? consent : [...consent] } })

export interface Document {
  readonly tasks: readonly TaskPlan[]
  readonly warnings: readonly string[]
}

export class Scene {
  readonly folder: string
  readonly #program: Program

  constructor(program: Program, config: PhxConfig = tank) {
    this.#program = program
    this.folder = program.folder()
    mkdirSync(this.work)
    this.configure(config)
  }

  /** The folder that phx is called in: apart, so that what phx might leave there is seen. */
  get work(): string {
    return join(this.folder, 'work')
  }

  get host(): string {
    return join(this.folder, 'host')
  }

  get config(): string {
    return join(this.folder, 'config.json')
  }

  configure(config: PhxConfig): void {
    writeFileSync(this.config, `${JSON.stringify(config, null, 2)}\n`)
  }

  #arguments(args: readonly string[]): readonly string[] {
    const [verb = '', ...rest] = args
    const config = verb === 'runs' ? [] : ['-c', this.config]
    const host = verb === 'validate' ? [] : ['--host', `simulated:${this.host}`]
    return [verb, ...config, ...host, ...rest]
  }

  /** Calls phx with this config on this host. */
  phx(args: readonly string[], call: Partial<Call> = {}): Promise<Ended> {
    return this.#program.call(this.#arguments(args), { cwd: this.work, ...call })
  }

  start(args: readonly string[], call: Partial<Call> = {}) {
    return this.#program.start(this.#arguments(args), { cwd: this.work, ...call })
  }

  /** Calls phx with these words alone. */
  raw(args: readonly string[], call: Partial<Call> = {}): Promise<Ended> {
    return this.#program.call(args, { cwd: this.work, ...call })
  }

  /** A tool of the simulated host, by way of the library: what it answers is no matter of these tests. */
  async sim(line: string, stdin = ''): Promise<string> {
    const config = JSON.parse(readFileSync(this.config, 'utf8')) as PhxConfig
    const own = config.zfs?.pools?.flatMap((pool) => pool.disks ?? []) ?? []
    const given = await simCall(this.host, [...new Set([...own, diskA, diskB, diskC, diskD])], line.split(' '), stdin)
    assert.is(given.exitCode, 0, `${line}: ${given.stderr}`)
    return given.stdout
  }

  /** ext4 on a disk, with a file in it. */
  async ext4(path: string): Promise<void> {
    await this.sim(`mkfs.ext4 -L backup ${path}`)
    await this.sim('mkdir -p /mnt/backup')
    await this.sim(`mount ${path} /mnt/backup`)
    await this.sim('sim write /mnt/backup/photos', 'the only copy')
    await this.sim('umount /mnt/backup')
  }

  /** Pool tank on one disk instead of a mirror of two, with a dataset and a file in it. */
  async otherTank(): Promise<void> {
    await this.sim(`zpool create tank ${diskA}`)
    await this.sim('zfs create tank/old')
    await this.sim('sim write /tank/old/letters', 'the only copy')
  }

  get state(): SimState {
    return JSON.parse(readFileSync(join(this.host, 'host.json'), 'utf8')) as SimState
  }

  async plan(...args: readonly string[]): Promise<Document> {
    const { code, out, err } = await this.phx(['plan', '--json', ...args])
    assert.is(code, 0, err)
    return JSON.parse(out) as Document
  }

  async changes(...args: readonly string[]): Promise<readonly ChangeShown[]> {
    return (await this.plan(...args)).tasks.flatMap((task) => task.changes)
  }

  async standings(): Promise<Readonly<Record<string, Standing>>> {
    const { out } = await this.phx(['status', '--json'])
    const { tasks } = JSON.parse(out) as { tasks: readonly TaskPlan[] }
    return Object.fromEntries(tasks.map(({ task, reason }) => [task, reason.standing]))
  }
}

/** The summary at the end of a run's events. */
export function summaryOf(out: string): Summary {
  const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? 'null') as { type: string } & Summary
  assert.is(last.type, 'summary')
  return last
}

/** What is on the disks, byte for byte as far as the simulation has bytes; pools and files aside. */
export const disksOf = (state: SimState): readonly Disk[] => state.disks

/** What is written on the disk of that path. */
export function contentOf(state: SimState, path: string): Content | undefined {
  return state.disks.find((disk) => disk.ids.some((id) => path.endsWith(`/${id}`)))?.content
}

/** Every file and folder below `folder` with all that a change would change: content, times, mode, inode. */
export function snapshot(folder: string): readonly string[] {
  if (!existsSync(folder)) return ['not there']
  const names = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()]
  return names.map((name) => {
    const path = join(folder, name)
    const { mode, ino, mtimeMs, ctimeMs } = lstatSync(path)
    const kind = lstatSync(path)
    const text = kind.isFile() ? readFileSync(path) : kind.isSymbolicLink() ? readlinkSync(path) : ''
    return `${name} ${mode} ${ino} ${mtimeMs} ${ctimeMs} ${createHash('sha256').update(text).digest('hex')}`
  })
}

/** No error shows a stack trace. */
export function assertNoStack({ out, err }: Ended, what: string): void {
  assert.not.match(`${out}${err}`, /^\s+at .+:\d+:\d+\)?$/m, what)
  assert.not.match(`${out}${err}`, 'bug in phx', what)
}
