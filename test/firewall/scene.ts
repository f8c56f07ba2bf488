/** A simulated host with its firewalls, and phx called on it as a person does, in this process. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { RunEvent, Standing, Summary, TaskPlan } from '../../lib/engine/events.ts'
import { openSimulated, simCall } from '../../lib/host/simulated/host.ts'
import { firewall } from '../../tasks/firewall.ts'
import { callPhx } from '../cli/scene.ts'

/** A host at home: NFS and SMB for the clients there, and one rule more. */
export const home: PhxConfig = {
  network: { default_subnet: '10.0.0.0/24' },
  nfs: { exports: [{ path: '/tank/a', clients: ['10.0.0.0/24', '10.0.1.7'] }] },
  samba: { shares: [{ name: 'a', path: '/tank/a' }] },
  firewall: {
    backend: 'ufw',
    enabled: true,
    global_firewall_rules: [
      { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '443,80', source: '10.0.0.0/24', comment: 'web from home' },
    ],
  },
}

export class Scene {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'phx-firewall-'))

  constructor(config: PhxConfig = home) {
    this.declare(config)
  }

  declare(config: PhxConfig): void {
    // What the rules are made from is not converged here, so that it need not be sound.
    writeFileSync(
      join(this.folder, 'config.json'),
      `${JSON.stringify({ zfs: { pools: [pool], datasets: [{ name: 'a', pool: 'tank' }] }, ...config })}\n`,
    )
  }

  get #host(): string {
    return join(this.folder, 'host')
  }

  /** A call of one of the simulated host's tools, which has to succeed. */
  async sim(argv: string | readonly string[], stdin = ''): Promise<string> {
    const words = typeof argv === 'string' ? argv.split(' ') : argv
    const given = await simCall(this.#host, [], words, stdin)
    assert.is(given.exitCode, 0, `${words.join(' ')}: ${given.stderr}`)
    return given.stdout
  }

  async file(path: string): Promise<string | undefined> {
    const host = await openSimulated(this.#host, [])
    return host.readFile(path)
  }

  write(path: string, text: string): Promise<string> {
    return this.sim(['sim', 'write', path], text)
  }

  phx(...args: readonly string[]) {
    const [verb = '', ...rest] = args
    const host = ['-c', join(this.folder, 'config.json'), '--host', `simulated:${this.#host}`]
    return callPhx([verb, ...host, ...rest], { modules: [firewall] })
  }

  /** Runs; returns the commands and files that were carried out, and the summary. */
  async run(exitCode: number, ...args: readonly string[]) {
    const { code, out, err } = await this.phx('run', '--json', ...args)
    assert.is(code, exitCode, `${out}${err}`)
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent)
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { commands, summary: events.at(-1) as unknown as Summary, said: out }
  }

  /** A second run has to have nothing to do. */
  async nothingToDo(): Promise<void> {
    const { commands, summary } = await this.run(0)
    assert.equal(commands, [])
    assert.is(summary.mutations, 0)
  }

  async plan(): Promise<TaskPlan> {
    const { code, out, err } = await this.phx('plan', '--json')
    assert.is(code, 0, err)
    const [task] = (JSON.parse(out) as { tasks: TaskPlan[] }).tasks
    if (task === undefined) return assert.unreachable('there is a plan') as never
    return task
  }

  async standing(): Promise<Standing | undefined> {
    const { out } = await this.phx('status', '--json')
    return (JSON.parse(out) as { tasks: TaskPlan[] }).tasks[0]?.reason.standing
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const pool = { name: 'tank', raid_level: 'single' as const, disks: ['/dev/disk/by-id/ata-DISK_SERIAL1'] }

const scenes: Scene[] = []

/** Cleaned away by `cleanScenes`. */
export function scene(config?: PhxConfig): Scene {
  const made = new Scene(config)
  scenes.push(made)
  return made
}

export function cleanScenes(): void {
  for (const one of scenes) one.clean()
}

/** Someone is connected to the host. */
export const connect = (host: Scene, program: string, local: string, peer: string): Promise<string> =>
  host.sim(['sim', 'connect', program, local, peer])
