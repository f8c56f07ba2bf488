/** A simulated host with a pool, and phx run on it in this process with every module. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig, Samba } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import type { ChangeShown, RunEvent, Summary } from '../../lib/engine/events.ts'
import { buildGraph } from '../../lib/engine/graph.ts'
import { plan } from '../../lib/engine/plan.ts'
import { run } from '../../lib/engine/run.ts'
import { type PlanDocument, type Running, StopSignal } from '../../lib/engine/session.ts'
import { type Host, readerOf } from '../../lib/host/host.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { SecretStore } from '../../lib/secrets/store.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { stampedTasks } from '../../lib/state/stamp.ts'
import { modules } from '../../tasks/index.ts'

export const password = 'Marker-Geheim-7'
export const otherPassword = 'Marker-Anders-8'
export const passwordFile = '/etc/phx/secrets/samba'
export const smbConf = '/etc/samba/smb.conf'
export const phxConf = '/etc/samba/phx.conf'

const disk = '/dev/disk/by-id/virtio-A'

export const zfs: NonNullable<PhxConfig['zfs']> = {
  pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }],
  datasets: [
    { name: 'data', pool: 'tank' },
    { name: 'media', pool: 'tank' },
  ],
}

/** What is served, as anybody sees it. */
export const anonymous = 'smbclient -gNL localhost'
/** Into a share and out again. */
export const connect = (user: string, secret: string, share = 'prod-data'): string =>
  `smbclient //localhost/${share} -U ${user}%${secret} -c exit`

/** The user's own form: a path without a slash, options as a text. */
export const usual: Samba = {
  user: 'heads',
  password: { file: passwordFile },
  shares: [
    { name: 'prod-data', path: 'tank/data', options: 'browseable=yes writable=yes', valid_users: ['heads'] },
    { name: 'Media', path: '/tank/media', read_only: true },
  ],
}

export interface Ran {
  readonly summary: Summary
  readonly commands: readonly string[]
  readonly events: readonly RunEvent[]
}

export class Scene {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'phx-samba-'))
  readonly host: SimulatedHost
  config: PhxConfig

  constructor(samba: Samba = usual, more: PhxConfig = {}) {
    this.config = { zfs, samba, ...more }
    const state = blankHost([{ path: disk }])
    state.files['/etc/phx'] = { type: 'dir', content: '', mode: 0o755 }
    state.files['/etc/phx/secrets'] = { type: 'dir', content: '', mode: 0o700 }
    state.files[passwordFile] = { type: 'file', content: `${password}\n`, mode: 0o600 }
    this.host = new SimulatedHost(state, null)
  }

  set samba(samba: Samba | undefined) {
    const { samba: _, ...rest } = this.config
    this.config = samba === undefined ? rest : { ...rest, samba }
  }

  /** A call of one of the host's tools, whatever comes of it. */
  async call(line: string, stdin = ''): Promise<{ exitCode: number; text: string }> {
    return this.host.change((state) => {
      const { exitCode, stdout, stderr } = callTool(state, line.split(' '), stdin)
      return { exitCode, text: stdout + stderr }
    })
  }

  /** One that has to succeed. */
  async sim(line: string, stdin = ''): Promise<string> {
    const { exitCode, text } = await this.call(line, stdin)
    assert.is(exitCode, 0, `${line}: ${text}`)
    return text
  }

  text(path: string): string | undefined {
    return this.host.state.files[path]?.content
  }

  async write(path: string, content: string): Promise<void> {
    await this.host.change((state) => {
      state.files[path] = { mode: 0o644, ...state.files[path], type: 'file', content }
    })
  }

  #running(host: Host, events: RunEvent[]): Running {
    const loaded = parseConfig(JSON.stringify(this.config), 'test.json')
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    const state = new StateFolder(join(this.folder, 'state'))
    const stamped = stampedTasks(state)
    const graph = buildGraph(modules.flatMap((module) => [...module.expand(loaded.config, stamped)]))
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

  plan(): Promise<PlanDocument> {
    return plan(this.#running(this.host, []))
  }

  /** Changes of the one task. */
  async changes(): Promise<readonly ChangeShown[]> {
    const { tasks } = await this.plan()
    assert.equal(
      tasks.flatMap((task) => task.unreadable ?? []),
      [],
    )
    return tasks.filter((task) => task.task === 'samba').flatMap((task) => task.changes)
  }

  async summaries(): Promise<readonly string[]> {
    return (await this.changes()).map(({ summary }) => summary)
  }

  /** Refusals of a run that touches nothing, each with what to do about it. */
  async refused(): Promise<string> {
    const before = JSON.stringify(this.host.state)
    await this.run(3)
    assert.is(JSON.stringify(this.host.state), before, 'a refused run touches nothing')
    const refusals = (await this.plan()).tasks.flatMap((task) => task.refusals)
    assert.ok(refusals.length > 0)
    assert.ok(refusals.every(({ mend }) => mend.length > 0))
    return refusals.map(({ why, mend }) => [why, ...mend].join('\n')).join('\n')
  }

  async notes(): Promise<string> {
    const { tasks } = await this.plan()
    return tasks.flatMap((task) => task.notes.map(({ text }) => text)).join('\n')
  }

  async run(exitCode = 0, host: Host = this.host): Promise<Ran> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events))
    assert.is(summary.exitCode, exitCode, JSON.stringify(summary.tasks, null, 1))
    const commands = events.flatMap((event) => (event.type === 'command-start' ? [event.argv.join(' ')] : []))
    return { summary, commands, events }
  }

  /** Runs until there is nothing to do, which is the second time. */
  async converge(): Promise<Ran> {
    const first = await this.run()
    const second = await this.run()
    assert.is(second.summary.mutations, 0, second.commands.join('\n'))
    return first
  }

  /** All that phx wrote beside the host: stamps, journal, lock. */
  stateTexts(): string {
    const folder = join(this.folder, 'state')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    return files
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n')
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
