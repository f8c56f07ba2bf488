/** npm run lab [SCENARIO…] [--core] [--list] [--keep]: phx against real ZFS, a throw-away VM for each scenario. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { install, packBuild } from './install.ts'
import { Lab } from './lab.ts'
import type { Scenario } from './scenario.ts'
import type { CommandResult } from './shell.ts'
import type { Vm } from './vm.ts'

/** Two VMs on two cores finish soonest; a third gains nothing (measured, TCG). */
const atOnce = 2
/** The slowest scenario, which waits for timers of the network, takes a third of this on two cores without KVM. */
const deadlineSeconds = 1800

const folder = new URL('scenarios/', import.meta.url)
const say = (line: string) => process.stdout.write(`${line}\n`)
const secondsSince = (began: number) => `${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(8)

async function scenarios(wanted: readonly string[], core: boolean): Promise<[string, Scenario][]> {
  const names = readdirSync(fileURLToPath(folder)).map((file) => file.replace(/\.ts$/, ''))
  const unknown = wanted.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no such scenario: ${unknown.join(', ')}. There are: ${names.join(', ')}`)
  const chosen = wanted.length > 0 ? wanted : names
  const all = await Promise.all(
    chosen.map(async (name): Promise<[string, Scenario]> => {
      const module = (await import(new URL(`${name}.ts`, folder).href)) as { scenario: Scenario }
      return [name, module.scenario]
    }),
  )
  return core ? all.filter(([, scenario]) => scenario.core) : all
}

/** The commands of a failed scenario with what they printed: enough to see what happened without running it again. */
function transcript(vm: Vm | undefined): string {
  const shorten = (text: string) =>
    (text.length > 6000 ? `${text.slice(0, 2000)}\n[…]\n${text.slice(-4000)}` : text).trimEnd()
  const entry = (result: CommandResult | string) => {
    if (typeof result === 'string') return result
    const head = `$ ${shorten(result.command)}   [exit ${result.exitCode}, ${result.seconds.toFixed(1)} s]`
    return [head, shorten(result.stdout), shorten(result.stderr)].filter((part) => part !== '').join('\n')
  }
  return (vm?.log ?? []).map(entry).join('\n').replaceAll(/^/gm, '    ')
}

/** Why it failed, or nothing. */
async function attempt(
  name: string,
  scenario: Scenario,
  lab: Lab,
  build: Buffer,
  kept: Vm[],
): Promise<string | undefined> {
  const began = Date.now()
  let vm: Vm | undefined
  const work = async () => {
    vm = await lab.restore(name)
    await install(vm, build)
    await scenario.run(vm)
  }
  const limit = new AbortController()
  try {
    const tooLong = sleep(deadlineSeconds * 1000, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`not done after ${deadlineSeconds} s`)
    })
    await Promise.race([work(), tooLong])
    say(`ok   ${secondsSince(began)}  ${name}`)
    return
  } catch (error) {
    const { message, stack } = error as Error
    const place =
      stack
        ?.split('\n')
        .find((line) => line.includes('/scenarios/'))
        ?.trim() ?? ''
    say(`FAIL ${secondsSince(began)}  ${name}: ${message}\n  ${place}\n${transcript(vm)}`)
    return message
  } finally {
    limit.abort()
    if (vm) kept.push(vm)
  }
}

class Interrupted extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { core: { type: 'boolean' }, list: { type: 'boolean' }, keep: { type: 'boolean' } },
  })
  const queue = await scenarios(positionals, values.core ?? false)
  if (values.list) {
    for (const [name, { shows, core }] of queue) say(`${core ? 'core' : '    '}  ${name.padEnd(34)}  ${shows}`)
    return 0
  }
  const build = await packBuild()
  const lab = await Lab.open((line) => say(`lab: ${line}`))
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => reject(new Interrupted(`ended by ${signal}`)))
  })
  let passed = 0
  const failed: string[] = []
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const kept: Vm[] = []
      const why = await attempt(...next, lab, build, kept)
      if (why === undefined) passed++
      else failed.push(`${next[0]}: ${why}`)
      if (values.keep) for (const vm of kept) say(`     ${vm.access}`)
      else await Promise.all(kept.map((vm) => vm.powerCut()))
    }
  }
  try {
    await Promise.race([Promise.all(Array.from({ length: atOnce }, work)), interrupted])
    for (const line of failed) say(`FAIL ${line}`) // once more, where the end of a long log is looked at
    say(`${passed} passed, ${failed.length} failed`)
    if (values.keep) {
      say('the VMs live until Ctrl-C')
      await interrupted.catch(() => {})
    }
    return failed.length > 0 ? 1 : 0
  } finally {
    lab.close()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`lab: ${(error as Error).message}`)
  process.exitCode = error instanceof Interrupted ? 130 : 1
}
// A scenario under way when the lab is interrupted still waits for its VM.
process.exit()
