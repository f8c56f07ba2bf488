/** A config with scripts beside it, a simulated host, and phx called on them as a person does, in this process. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig, Vm } from '../../lib/config/generated/types.ts'
import type { RunEvent, Summary, TaskPlan } from '../../lib/engine/events.ts'
import { openSimulated, simCall } from '../../lib/host/simulated/host.ts'
import type { SimFile, SimState } from '../../lib/host/simulated/model.ts'
import { vmFeatures } from '../../tasks/vm-features.ts'
import { zfs } from '../../tasks/zfs.ts'
import { callPhx } from '../cli/scene.ts'

export const disk = '/dev/disk/by-id/virtio-LAB-BLK-0'
export const carrier = '/tank/features'
export const folder = `${carrier}/vm-features/8101`

export const vm = (over: Partial<Vm> = {}): Vm => ({
  vmid: 8101,
  name: 'docker-host',
  features: ['docker'],
  network_config: { ip: '10.0.0.101/24' },
  ...over,
})

export const declared = (vms: Vm[] = [vm()], over: PhxConfig = {}): PhxConfig => ({
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
    datasets: [{ name: 'features', pool: 'tank' }],
  },
  network: { nfs_server: '10.0.0.13' },
  vm_features: { export: carrier },
  guests: { vms },
  ...over,
})

/** The same with a storage that takes snippets. */
export function withSnippets(vms: Vm[]): PhxConfig {
  const config = declared(vms)
  const datasets = [
    ...(config.zfs?.datasets ?? []),
    { name: 'files', pool: 'tank', proxmox_storage_type: 'dir' as const, proxmox_content_type: 'iso,snippets' },
  ]
  return { ...config, zfs: { ...config.zfs, datasets } }
}

export const script = (text: string): string => `#!/bin/bash\n${text}\n`

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'phx-vm-features-'))

  constructor(config: PhxConfig, scripts: Readonly<Record<string, string>> = { 'docker.sh': script('docker 1') }) {
    this.declare(config)
    for (const [name, text] of Object.entries(scripts)) this.write(`vm-features/${name}`, text)
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  declare(config: PhxConfig): void {
    this.write('config.json', `${JSON.stringify(config)}\n`)
  }

  /** A call of one of the simulated host's tools, which has to succeed. */
  async sim(line: string, stdin = ''): Promise<string> {
    const given = await simCall(join(this.folder, 'host'), [disk], line.split(' '), stdin)
    assert.is(given.exitCode, 0, `${line}: ${given.stderr}`)
    return given.stdout
  }

  /** Files and folders of the host below a path. */
  async below(path: string): Promise<string[]> {
    const names = (await this.sim(`ls -A ${path}`)).split('\n').filter((name) => name !== '')
    return names.sort()
  }

  fileOf(path: string): SimFile | undefined {
    return (JSON.parse(readFileSync(join(this.folder, 'host/host.json'), 'utf8')) as SimState).files[path]
  }

  async link(path: string, target: string): Promise<void> {
    const host = await openSimulated(join(this.folder, 'host'), [disk])
    await host.change((state) => {
      state.symlinks = { ...state.symlinks, [path]: target }
    })
    await host.close()
  }

  async phx(...args: readonly string[]) {
    const [verb = '', ...rest] = args
    const host = verb === 'validate' ? [] : ['--host', `simulated:${join(this.folder, 'host')}`]
    return callPhx([verb, '-c', join(this.folder, 'config.json'), ...host, ...rest], { modules: [zfs, vmFeatures] })
  }

  /** Runs; returns the commands and files of the features' tasks, and the summary. */
  async run(exitCode: number, ...args: readonly string[]) {
    const { code, out, err } = await this.phx('run', '--json', ...args)
    assert.is(code, exitCode, `${out}${err}`)
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent)
    const commands = events.flatMap((event) => {
      return event.type === 'command-start' && event.task.startsWith('vm-features') ? [event.argv.join(' ')] : []
    })
    return { commands, summary: events.at(-1) as unknown as Summary, said: out }
  }

  async plan(task = 'vm-features:8101'): Promise<TaskPlan> {
    const { code, out, err } = await this.phx('plan', '--json')
    assert.is(code, 0, err)
    const found = (JSON.parse(out) as { tasks: TaskPlan[] }).tasks.find((one) => one.task === task)
    if (found === undefined) return assert.unreachable(`there is a plan of ${task}`) as never
    return found
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
