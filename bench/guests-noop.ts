/**
 * Guests with nothing to do, on the simulated host: how many processes that takes on the host, and what phx takes beside the
 * same questions asked bare. The simulation answers in a fraction of what a host needs, so that what phx adds shows most.
 */
import { join } from 'node:path'
import type { GuestRef } from '../lib/host/host.ts'
import { container, GuestHost, machine } from './guests.ts'
import type { Rig } from './rig.ts'
import { median, table } from './timing.ts'

/** Half of them virtual machines. */
const sizes = [10, 50]
const limit = 1.5
const turns = 15
/** Milliseconds of each process, in the rows that have some: few tools of a real host are quicker. */
const latencies = [0, 10]

type Asked = readonly string[]

const guestOf = ([name = '']: Asked): GuestRef | null => {
  const [kind, id = ''] = name.split(':')
  return kind === 'vm' || kind === 'lxc' ? { kind, id } : null
}

/** Without the guest's name, and without the environment that is given to what runs in one. */
const bareOf = (asked: Asked): Asked =>
  guestOf(asked) === null
    ? asked
    : asked.slice(1).filter((word, index) => index > 2 || !/^(env|LC_ALL=|PATH=)/.test(word))

/** `zfs get`, `cat /etc/fstab`: the tool, and what it is asked for. */
function kindOf(asked: Asked): string {
  const [tool, ...words] = bareOf(asked)
  const what = ['cat', 'sha256sum', 'stat'].includes(tool ?? '') ? words.at(-1) : words[0]
  return `\`${tool} ${what}\``
}

/** The host's own all at once; in each guest one after the other, all guests side by side: what a careful script would do. */
async function askBare({ host }: GuestHost, asked: readonly Asked[]): Promise<void> {
  const chains = new Map<string, Asked[]>()
  for (const one of asked) {
    const guest = guestOf(one)
    const chain = guest === null ? one.join(' ') : guest.id
    chains.set(chain, [...(chains.get(chain) ?? []), one])
  }
  await Promise.all(
    [...chains.values()].map(async (chain) => {
      for (const one of chain) {
        const guest = guestOf(one)
        await (guest === null ? host : host.inside(guest)).query(bareOf(one))
      }
    }),
  )
}

interface Measured {
  readonly guests: number
  readonly asked: readonly Asked[]
  readonly rows: readonly (readonly string[])[]
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
  const rows: string[][] = []
  for (const ms of latencies) {
    if (ms > 0) world.host.orders.add([], { kind: 'latency', ms })
    const times: { bare: number[]; phx: number[] } = { bare: [], phx: [] }
    for (let turn = 0; turn < turns; turn++) {
      times.bare.push(await timed(() => askBare(world, asked)))
      times.phx.push(await timed(() => world.run(['guests'], 8)))
    }
    const [bare, phx] = [median(times.bare), median(times.phx)]
    const target = `≤ ${limit}: ${phx / bare <= limit ? 'met' : 'missed'}`
    rows.push([String(guests), `${ms} ms`, bare.toFixed(0), phx.toFixed(0), (phx / bare).toFixed(2), target])
  }
  world.close()
  return { guests, asked, rows }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const places = [
  { where: 'the host', is: (guest: GuestRef | null) => guest === null, costs: 'a process' },
  {
    where: 'each machine',
    is: (guest: GuestRef | null) => guest?.kind === 'vm',
    costs: 'its agent’s socket, no process',
  },
  { where: 'each container', is: (guest: GuestRef | null) => guest?.kind === 'lxc', costs: 'a process, `lxc-attach`' },
] as const

/** How often each thing is asked, with few guests and with many. */
function askedTable(all: readonly Measured[]): string {
  const rows = places.flatMap(({ where, is, costs }) => {
    const here = all.map(({ asked }) => asked.filter((one) => is(guestOf(one))))
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
    ['guests', 'a question takes', 'bare, ms', 'phx run, ms', '× bare', 'target'],
    all.flatMap(({ rows }) => rows),
  )
  return `${askedTable(all)}\n\n${took}`
}
