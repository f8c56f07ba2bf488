/**
 * Guests with nothing to do, on the simulated host: how many processes that takes on the host, and what phx takes beside the
 * same questions asked bare. Each command is ordered to take a while, since the simulation answers at once.
 */
import { join } from 'node:path'
import type { Argv } from '../lib/host/host.ts'
import { type Asked, container, GuestHost, machine } from './guests.ts'
import type { Rig } from './rig.ts'
import { median, table } from './timing.ts'

/** Half of them virtual machines. */
const sizes = [10, 50]
const limit = 1.5
const turns = 15
/** Milliseconds of each command, on the host or in a guest: few of a real host are quicker. */
const questionMs = 10

type Question = Extract<Asked, { readonly argv: Argv }>
const isQuestion = (asked: Asked): asked is Question => 'argv' in asked

/** `zfs get`, `cat /etc/fstab`: the tool, and what it is asked for. */
function kindOf({ argv: [tool, ...words] }: Question): string {
  const what = ['cat', 'sha256sum', 'stat'].includes(tool ?? '') ? words.at(-1) : words[0]
  return `\`${tool} ${what}\``
}

/**
 * The host's commands all at once, and beside them its files one after the other; in each guest one question after the
 * other, all guests side by side: what a careful script would do.
 */
async function askBare({ host }: GuestHost, asked: readonly Asked[]): Promise<void> {
  const chains = new Map<string, (() => Promise<unknown>)[]>()
  const add = (chain: string, ask: () => Promise<unknown>): void => {
    chains.set(chain, [...(chains.get(chain) ?? []), ask])
  }
  for (const one of asked) {
    if (!isQuestion(one)) add('files', () => one.look(one.path))
    else if (one.in === null) add(one.argv.join(' '), () => host.query(one.argv))
    else {
      const guest = host.inside(one.in)
      add(guest.name, () => guest.query(one.argv))
    }
  }
  await Promise.all(
    [...chains.values()].map(async (chain) => {
      for (const ask of chain) await ask()
    }),
  )
}

interface Measured {
  readonly guests: number
  readonly asked: readonly Asked[]
  readonly row: readonly string[]
}

async function measure(rig: Rig, guests: number): Promise<Measured> {
  const ids = Array.from({ length: guests / 2 }, (_, index) => index)
  const containers = Object.fromEntries(ids.map((index) => [String(2000 + index), container(2000 + index)]))
  const world = new GuestHost(
    join(rig.scratch, `guests-${guests}`),
    ids.map((index) => machine(1000 + index)),
    containers,
  )
  await world.prepare()
  await world.run(['guests'], 8)
  const listening = world.listen()
  await world.run(['guests'], 8)
  const asked = [...listening]
  world.host.orders.add([], { kind: 'latency', ms: questionMs })
  const bare: Cost[] = []
  const phx: Cost[] = []
  for (let turn = 0; turn < turns; turn++) {
    bare.push(await costOf(() => askBare(world, asked)))
    phx.push(await costOf(() => world.run(['guests'], 8)))
  }
  world.close()
  const times = [bare, phx].map((costs) => median(costs.map(({ ms }) => ms)))
  const cpu = [bare, phx].map((costs) => median(costs.map(({ cpuMs }) => cpuMs)).toFixed(0))
  const ratio = (times[1] ?? 0) / (times[0] ?? 1)
  const target = `≤ ${limit}: ${ratio <= limit ? 'met' : 'missed'}`
  const row = [String(guests), ...times.map((ms) => ms.toFixed(0)), ratio.toFixed(2), target, ...cpu]
  return { guests, asked, row }
}

interface Cost {
  readonly ms: number
  /** The simulation's own work is in it. */
  readonly cpuMs: number
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - started, cpuMs: (user + system) / 1000 }
}

const places = [
  { where: 'the host', kind: undefined, costs: 'a process' },
  { where: 'each machine', kind: 'vm', costs: 'its agent’s socket, no process' },
  { where: 'each container', kind: 'lxc', costs: 'a process, `lxc-attach`' },
] as const

/** How often each thing is asked, with few guests and with many. */
function askedTable(all: readonly Measured[]): string {
  const rows = places.flatMap(({ where, kind: guest, costs }) => {
    const here = all.map(({ asked }) => asked.filter(isQuestion).filter((one) => one.in?.kind === guest))
    const kinds = [...new Set(here.flat().map(kindOf))].sort()
    return kinds.map((kind) => [
      where,
      kind,
      ...here.map((asked) => String(asked.filter((one) => kindOf(one) === kind).length)),
      costs,
    ])
  })
  return table(['asked in', 'what', ...all.map(({ guests }) => `times, ${guests} guests`), 'costs the host'], rows)
}

export async function guestsNoop(rig: Rig): Promise<string> {
  const all: Measured[] = []
  for (const guests of sizes) all.push(await measure(rig, guests))
  const took = table(
    ['guests', 'bare, ms', 'phx run, ms', '× bare', 'target', 'CPU bare, ms', 'CPU phx, ms'],
    all.map(({ row }) => row),
  )
  return `${askedTable(all)}\n\n${took}`
}
