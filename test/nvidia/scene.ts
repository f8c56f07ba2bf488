/** A simulated host with GPUs, and phx called on it as a person does, in this process. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { NvidiaDriver } from '../../lib/config/generated/types.ts'
import type { RunEvent, Standing, Summary, TaskPlan } from '../../lib/engine/events.ts'
import { simCall } from '../../lib/host/simulated/host.ts'
import { nvidia } from '../../tasks/nvidia.ts'
import { callPhx } from '../cli/scene.ts'

export const gpu = '0000:01:00.0'
export const runfilePath = '/root/NVIDIA.run'
export const runfileOf = (version: string): string =>
  `#!/bin/sh\n# NVIDIA Accelerated Graphics Driver for Linux-x86_64 ${version}\n`
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The driver from a runfile that lies on the host. */
export const driver = (version: string, over: Partial<NvidiaDriver> = {}): NvidiaDriver => ({
  install: true,
  version,
  source: 'runfile',
  runfile_path: runfilePath,
  runfile_sha256: sha256(runfileOf(version)),
  ...over,
})

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'phx-nvidia-'))

  constructor(declared: NvidiaDriver | undefined) {
    this.declare(declared)
  }

  declare(declared: NvidiaDriver | undefined): void {
    const config = declared === undefined ? {} : { nvidia_driver: declared }
    writeFileSync(join(this.folder, 'config.json'), `${JSON.stringify(config)}\n`)
  }

  /** A call of one of the simulated host's tools, which has to succeed. */
  async sim(line: string, stdin = ''): Promise<string> {
    const given = await simCall(join(this.folder, 'host'), [], line.split(' '), stdin)
    assert.is(given.exitCode, 0, `${line}: ${given.stderr}`)
    return given.stdout
  }

  /** A GPU, and the runfile on the host. */
  async plug(version: string, boundTo = 'nouveau'): Promise<void> {
    await this.sim(`sim plug-gpu ${gpu} ${boundTo}`)
    await this.sim(`sim write ${runfilePath}`, runfileOf(version))
  }

  /** Kernel 6.17.4-1-pve comes as upgrades do, and boots next. */
  async upgradeKernel(): Promise<void> {
    await this.sim('sim publish proxmox-kernel-6.17 6.17.4-1')
    await this.sim('apt-get install -y proxmox-kernel-6.17')
  }

  async #phx(...args: readonly string[]) {
    const [verb = '', ...rest] = args
    const host = ['-c', join(this.folder, 'config.json'), '--host', `simulated:${join(this.folder, 'host')}`]
    return callPhx([verb, ...host, ...rest], { modules: [nvidia] })
  }

  /** Runs; returns the commands that were carried out, and the summary. */
  async run(exitCode: number, ...args: readonly string[]) {
    const { code, out, err } = await this.#phx('run', '--json', ...args)
    assert.is(code, exitCode, `${out}${err}`)
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent)
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { commands, summary: events.at(-1) as unknown as Summary, said: out }
  }

  async plan(): Promise<TaskPlan> {
    const { code, out, err } = await this.#phx('plan', '--json')
    assert.is(code, 0, err)
    const [task] = (JSON.parse(out) as { tasks: TaskPlan[] }).tasks
    if (task === undefined) return assert.unreachable('there is a plan') as never
    return task
  }

  async standing(): Promise<Standing | undefined> {
    const { out } = await this.#phx('status', '--json')
    return (JSON.parse(out) as { tasks: TaskPlan[] }).tasks[0]?.reason.standing
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
