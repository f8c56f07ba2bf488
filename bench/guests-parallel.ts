/**
 * Six guests that depend on each other, made one after the other and side by side. The simulated host is ordered to take
 * its time as a host does, in the proportions of one: a clone is slow, a setting quick.
 */
import { join } from 'node:path'
import type { RunEvent } from '../lib/engine/events.ts'
import { container, GuestHost, machine } from './guests.ts'
import type { Rig } from './rig.ts'
import { table } from './timing.ts'

const latencies: readonly (readonly [call: readonly string[], ms: number])[] = [
  [['qm', 'clone'], 2000],
  [['pct', 'clone'], 1000],
  [['qm', 'start'], 500],
  [['pct', 'start'], 300],
  [['qm', 'snapshot'], 200],
  [['qm', 'guest'], 50],
  [['pct', 'exec'], 50],
]

/** 1001 ← 1002 ← 1003, 1001 ← 2001, and two that need nobody. */
const vms = [
  machine(1001),
  machine(1002, { dependencies: ['1001'] }),
  machine(1003, { dependencies: ['1002'] }),
  machine(1004),
]
const containers = { '2001': container(2001, { dependencies: ['1001'] }), '2002': container(2002) }

interface Taken {
  readonly ms: number
  /** Tasks that started before one that they need had ended. */
  readonly early: number
  readonly tasks: number
}

async function make(rig: Rig, jobs: number): Promise<Taken> {
  const world = new GuestHost(join(rig.scratch, `six-${jobs}`), vms, containers)
  try {
    await world.prepare()
    // Templates are there, as on a host that is in use.
    await world.run(['vm:9000', 'lxc:900', 'nfs'], jobs)
    for (const [call, ms] of latencies) world.host.orders.add(call, { kind: 'latency', ms })
    const started = performance.now()
    const { events, summary } = await world.run(['guests'], jobs)
    return { ms: performance.now() - started, early: earlyIn(events), tasks: summary.changed }
  } finally {
    world.close()
  }
}

function earlyIn(events: readonly RunEvent[]): number {
  const needs = new Map(events.flatMap((event) => (event.type === 'plan' ? [[event.plan.task, event.plan.needs]] : [])))
  const at = (type: 'task-start' | 'task-end', task: string): number =>
    events.findIndex((event) => event.type === type && event.task === task)
  return [...needs].filter(([task, needed]) =>
    needed.some((need) => at('task-end', need) > at('task-start', task) && at('task-start', task) >= 0),
  ).length
}

export async function guestsParallel(rig: Rig): Promise<string> {
  const rows: string[][] = []
  let serial = 0
  for (const jobs of [1, 4, 6]) {
    const { ms, early, tasks } = await make(rig, jobs)
    if (jobs === 1) serial = ms
    rows.push([
      `-j ${jobs}`,
      String(tasks),
      (ms / 1000).toFixed(1),
      (serial / ms).toFixed(2),
      early === 0 ? 'kept' : `${early} tasks too early`,
    ])
  }
  return table(['jobs', 'tasks with changes', 's', 'times as fast as -j 1', 'order of dependencies'], rows)
}
