/**
 * A run with nothing to do on real ZFS, in the lab's VM, against the same probes called bare; and how many processes it
 * starts with few and with many datasets. Not among the parts that run by default: it needs the lab (root, Debian packages).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseConfig } from '../lib/config/load.ts'
import { buildGraph } from '../lib/engine/graph.ts'
import { newLook } from '../lib/engine/look.ts'
import { compareTask, ForeseenSet } from '../lib/engine/plan.ts'
import { readerOf } from '../lib/host/host.ts'
import { openSimulated } from '../lib/host/simulated/host.ts'
import { modules } from '../tasks/index.ts'
import { install, packBuild } from '../test/lab/install.ts'
import { Lab } from '../test/lab/lab.ts'
import { configFile, run as converge, type Declared, declare, usualHost } from '../test/lab/scenario.ts'
import type { Vm } from '../test/lab/vm.ts'
import type { Rig } from './rig.ts'
import { median, table } from './timing.ts'

const withDatasets = (more: number): Declared => ({
  pools: usualHost.pools,
  datasets: [
    ...(usualHost.datasets ?? []),
    ...Array.from({ length: more }, (_, index) => ({
      name: `d${index}`,
      pool: 'quickOS',
      properties: 'compression=zstd',
    })),
  ],
})

/** The commands that a run with nothing to do makes, as the product itself makes them on a simulated host. */
async function probesOf(declared: Declared): Promise<readonly string[]> {
  const loaded = parseConfig(JSON.stringify({ zfs: declared }), 'bench.json')
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '))
  const host = await openSimulated(
    null,
    declared.pools.flatMap(({ disks }) => disks ?? []),
  )
  const { tasks } = buildGraph(modules.flatMap((module) => module.expand(loaded.config, [])))
  const asked: string[] = []
  const reader = readerOf(host)
  const recording = {
    ...reader,
    query(argv: readonly string[]) {
      asked.push(argv.join(' '))
      return reader.query(argv)
    },
  }
  const look = async (): Promise<number> => {
    asked.length = 0
    const [one, foreseen] = [newLook(recording), new ForeseenSet()]
    let changes = 0
    for (const task of tasks) {
      const planned = await compareTask(task, undefined, one, foreseen)
      changes += planned.changes.length
      for (const step of planned.changes.flatMap(({ steps }) => steps))
        if (step.kind === 'command') await host.mutate(step.argv)
    }
    return changes
  }
  await look()
  if ((await look()) !== 0) throw new Error('the simulated host did not converge')
  return asked
}

/** Milliseconds of a shell line in the guest, measured in the guest, median of seven after one warm-up. */
async function inGuest(vm: Vm, line: string): Promise<number> {
  const times: number[] = []
  for (let turn = 0; turn < 8; turn++) {
    const ns = await vm.run(`a=$(date +%s%N); { ${line}; } >/dev/null 2>&1 || exit 1; b=$(date +%s%N); echo $((b - a))`)
    if (turn > 0) times.push(Number(ns) / 1e6)
  }
  return median(times)
}

export async function probes(_rig: Rig): Promise<string> {
  const build = await packBuild()
  const lab = await Lab.open((line) => console.error(line))
  try {
    const rows: string[][] = []
    for (const more of [0, 100]) {
      const vm = await lab.restore('bench')
      await install(vm, build)
      const declared = withDatasets(more)
      await declare(vm, declared)
      // As after npm ci on that host: the build's cache is of another Node.
      await vm.write('/opt/phx/code-cache.mjs', readFileSync(join(import.meta.dirname, '../scripts/code-cache.mjs')))
      await vm.write('/root/example.json', readFileSync(join(import.meta.dirname, '../phoenix.config.json')))
      await vm.run('node /opt/phx/code-cache.mjs /opt/phx/bin /root/example.json', { timeoutSeconds: 300 })
      await converge(vm, 0)
      const asked = await probesOf(declared)
      const bare = await inGuest(vm, asked.join('; '))
      const node = await inGuest(vm, 'node -e 0')
      const phx = await inGuest(vm, `phx run setup -c ${configFile}`)
      rows.push([
        String(declared.datasets?.length ?? 0),
        String(asked.length),
        bare.toFixed(0),
        node.toFixed(0),
        phx.toFixed(0),
        (phx / bare).toFixed(2),
        (phx / (bare + node)).toFixed(2),
      ])
      await vm.powerCut()
    }
    const head = [
      'datasets',
      'probe processes',
      'probes bare, ms',
      'node -e 0, ms',
      'phx run, ms',
      '× probes',
      '× (probes + node)',
    ]
    return table(head, rows)
  } finally {
    lab.close()
  }
}
