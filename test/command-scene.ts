/** A scene whose host and config are files, and which calls phx with a command line, as a person does. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { RunEvent, Standing } from '../lib/engine/events.ts'
import type { PlanDocument } from '../lib/engine/session.ts'
import { simCall } from '../lib/host/simulated/host.ts'
import type { SimState } from '../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../lib/host/simulated/tool.ts'
import { callPhx } from './cli/scene.ts'
import { type Ran, Scene } from './scene.ts'

export abstract class CommandScene extends Scene {
  protected readonly disks: readonly string[] = []

  get hostFolder(): string {
    return join(this.folder, 'host')
  }

  get state(): SimState {
    return JSON.parse(readFileSync(join(this.hostFolder, 'host.json'), 'utf8')) as SimState
  }

  protected tool(argv: readonly string[], stdin: string): Promise<ToolAnswer> {
    return simCall(this.hostFolder, this.disks, argv, stdin)
  }

  /** A file beside the config. */
  put(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  protected configure(config: PhxConfig): void {
    this.put('config.json', `${JSON.stringify(config)}\n`)
  }

  phx(verb: string, ...args: readonly string[]) {
    const host = verb === 'validate' ? [] : ['--host', `simulated:${this.hostFolder}`]
    return callPhx([verb, '-c', join(this.folder, 'config.json'), ...host, ...args], { modules: this.modules })
  }

  /** Runs; `said` is all that it printed. */
  async run(exitCode = 0, ...args: readonly string[]): Promise<Ran & { readonly said: string }> {
    const { code, out, err } = await this.phx('run', '--json', ...args)
    assert.is(code, exitCode, `${out}${err}`)
    const lines = out.trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as RunEvent)
    const summary = events.at(-1)
    if (summary?.type !== 'summary') return assert.unreachable('a run ends with its summary') as never
    return { ...this.ran(summary, events), said: out }
  }

  async plan(): Promise<PlanDocument> {
    const { code, out, err } = await this.phx('plan', '--json')
    assert.is(code, 0, err)
    return JSON.parse(out) as PlanDocument
  }

  /** Of the first task. */
  async standing(): Promise<Standing | undefined> {
    const { out } = await this.phx('status', '--json')
    return (JSON.parse(out) as PlanDocument).tasks[0]?.reason.standing
  }
}
