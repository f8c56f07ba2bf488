/** A simulated host as Proxmox VE's installer leaves it, and the task initial-setup run on it by the engine, in this process. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import type { RunEvent, Summary, TaskPlan } from '../../lib/engine/events.ts'
import { buildGraph } from '../../lib/engine/graph.ts'
import { plan } from '../../lib/engine/plan.ts'
import { run } from '../../lib/engine/run.ts'
import { type Running, StopSignal } from '../../lib/engine/session.ts'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { SecretStore } from '../../lib/secrets/store.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { stampedTasks } from '../../lib/state/stamp.ts'
import { initialSetup } from '../../tasks/initial-setup.ts'

/** Everything that the step converges, one of each. */
export const everything: PhxConfig = {
  domain_name: 'example.internal',
  timezone: 'Europe/Berlin',
  network: { hostname: 'pve', interfaces: { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' } },
  zfs: { arc_max_gb: 8 },
  host: {
    repositories: { proxmox: 'no-subscription', ceph: 'no-subscription' },
    packages: ['htop', 'jq'],
    upgrade: 'full',
    force_ipv4: true,
    locale: 'de_DE.UTF-8',
    dns: { nameservers: ['10.0.0.1', '9.9.9.9'], search: ['example.internal'] },
    sysctl: { 'vm.swappiness': 10, 'net.ipv4.tcp_rmem': '4096 87380 33554432' },
    ntp_servers: ['ntp.example.internal'],
  },
}

const folders: string[] = []

export function cleanScenes(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

export class Scene {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'phx-system-'))
  readonly host: SimulatedHost = new SimulatedHost(blankHost([]), null)
  config: PhxConfig

  constructor(config: PhxConfig = everything) {
    this.config = config
    folders.push(this.folder)
  }

  /** A call of one of the host's tools, which has to succeed. */
  async sim(line: string, stdin = ''): Promise<string> {
    return this.host.change((state) => {
      const { exitCode, stdout, stderr } = callTool(state, line.split(' '), stdin)
      assert.is(exitCode, 0, `${line}: ${stderr}`)
      return stdout
    })
  }

  change(work: (state: SimState) => void): Promise<void> {
    return this.host.change(work)
  }

  text(path: string): string | undefined {
    return this.host.state.files[path]?.content
  }

  async write(path: string, content: string, mode = 0o644): Promise<void> {
    await this.change((state) => {
      state.files[path] = { type: 'file', content, mode }
    })
  }

  #running(host: Host, events: RunEvent[]): Running {
    const loaded = parseConfig(JSON.stringify(this.config), 'test.json')
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    const state = new StateFolder(join(this.folder, 'state'))
    const graph = buildGraph([...initialSetup.expand(loaded.config, stampedTasks(state))])
    const reader = readerOf(host)
    return {
      reader,
      secrets: new SecretStore(reader, {}),
      reboot: false,
      host,
      graph,
      selected: graph.tasks,
      state,
      now: () => new Date(),
      config: 'test.json',
      targets: ['setup'],
      policy: { mode: 'safe', allow: [], config: null },
      command: 'phx run',
      jobs: 2,
      failFast: false,
      emit: (event) => events.push(event),
      ask: async () => null,
      stop: new StopSignal(),
    }
  }

  async plan(): Promise<TaskPlan> {
    const [task] = (await plan(this.#running(this.host, []))).tasks
    if (task === undefined) throw new Error('there is no task')
    assert.is(task.unreadable, null)
    return task
  }

  async summaries(): Promise<string[]> {
    return (await this.plan()).changes.map(({ summary }) => summary)
  }

  async refusals(): Promise<string> {
    const { refusals } = await this.plan()
    for (const { mend } of refusals) assert.ok(mend.length > 0)
    return refusals.map(({ why }) => why).join('\n')
  }

  async notes(): Promise<string> {
    return (await this.plan()).notes.map(({ text }) => text).join('\n')
  }

  async run(
    exitCode = 0,
    host: Host = this.host,
  ): Promise<{ summary: Summary; commands: string[]; events: RunEvent[] }> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events))
    assert.is(summary.exitCode, exitCode, JSON.stringify(summary.tasks, null, 1))
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { summary, commands, events }
  }

  /** Runs, and once more, which must find nothing to do. */
  async converge(): Promise<string[]> {
    const { commands } = await this.run()
    await this.nothingToDo()
    return commands
  }

  async nothingToDo(): Promise<void> {
    const before = JSON.stringify(this.host.state)
    const { summary } = await this.run()
    assert.is(summary.mutations, 0)
    assert.is(JSON.stringify(this.host.state), before)
  }
}
