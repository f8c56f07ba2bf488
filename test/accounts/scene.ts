/** A simulated host, and phx run on it in this process with the one module `admin-user`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig, User } from '../../lib/config/generated/types.ts'
import { parseConfig } from '../../lib/config/load.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
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
import { adminUser } from '../../tasks/admin-user.ts'

export const hash = '$6$marker$firsthash'
export const otherHash = '$6$marker$secondhash'
export const hashFile = '/etc/phx/secrets/ada.hash'

const body = (letter: string): string => `AAAAC3NzaC1lZDI1NTE5AAAAI${letter.repeat(43)}`
export const key = (letter: string, comment = `${letter}@desk`): string => `ssh-ed25519 ${body(letter)} ${comment}`

/** Everything that a user can have. */
export const ada: User = {
  username: 'ada',
  sudo_access: true,
  groups: ['adm'],
  password_hash: { file: hashFile },
  ssh_public_key: key('A'),
  proxmox_role: 'Administrator',
}

export type Users = PhxConfig['users']

export interface Ran {
  readonly summary: Summary
  readonly commands: readonly string[]
  readonly events: readonly RunEvent[]
}

export class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'phx-accounts-'))
  readonly host: SimulatedHost
  users: Users

  constructor(users: Users = [ada]) {
    this.users = users
    const state = blankHost([])
    state.files['/etc/phx'] = { type: 'dir', content: '', mode: 0o755 }
    state.files['/etc/phx/secrets'] = { type: 'dir', content: '', mode: 0o700 }
    state.files[hashFile] = { type: 'file', content: `${hash}\n`, mode: 0o600 }
    this.host = new SimulatedHost(state, null)
  }

  /** A call of one of the host's tools, which has to succeed. */
  async sim(line: string, stdin = ''): Promise<string> {
    return this.host.change((state) => {
      const { exitCode, stdout, stderr } = callTool(state, line.split(' '), stdin)
      assert.is(exitCode, 0, `${line}: ${stderr}`)
      return stdout
    })
  }

  text(path: string): string | undefined {
    return this.host.state.files[path]?.content
  }

  async write(path: string, content: string, mode = 0o644): Promise<void> {
    await this.host.change((state) => {
      state.files[path] = { ...state.files[path], type: 'file', content, mode: state.files[path]?.mode ?? mode }
    })
  }

  #running(host: Host, events: RunEvent[]): Running {
    const loaded = parseConfig(JSON.stringify({ users: this.users }), 'test.json')
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
    const state = new StateFolder(join(this.folder, 'state'))
    const graph = buildGraph(adminUser.expand(loaded.config, stampedTasks(state)))
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

  /** Refusals of a run that touches nothing, each with what to do about it. */
  async refused(): Promise<string> {
    const before = JSON.stringify(this.host.state)
    await this.run(3)
    assert.is(JSON.stringify(this.host.state), before, 'a refused run touches nothing')
    const { tasks } = await this.plan()
    const refusals = tasks.flatMap((task) => task.refusals)
    assert.ok(refusals.length > 0)
    assert.ok(refusals.every(({ mend }) => mend.length > 0))
    return refusals.map(({ why, mend }) => [why, ...mend].join('\n')).join('\n')
  }

  async run(exitCode = 0, host: Host = this.host): Promise<Ran> {
    const events: RunEvent[] = []
    const summary = await run(this.#running(host, events))
    assert.is(summary.exitCode, exitCode, JSON.stringify(summary.tasks))
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
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    const files = names.filter((entry) => entry.isFile())
    return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n')
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Dies at its n-th change, before or after it took effect, and answers nothing from then on: as with kill -9. */
export function dyingAt(host: Host, nth: number, after: boolean): { host: Host; hasDied: () => boolean } {
  let count = 0
  const dead = (): boolean => count > nth || (count === nth && !after)
  const guard = async <T>(change: () => Promise<T>): Promise<T> => {
    count += 1
    if (dead()) throw new Error('killed')
    const done = await change()
    if (count >= nth) throw new Error('killed')
    return done
  }
  const dying: Host = {
    ...readerOf(host),
    mutate: (argv, options) => guard(() => host.mutate(argv, options)),
    writeFile: (file) => guard(() => host.writeFile(file)),
    removeFile: (path) => guard(() => host.removeFile(path)),
    close: () => host.close(),
  }
  return { host: dying, hasDied: () => count >= nth }
}
