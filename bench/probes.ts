/**
 * The whole setup with nothing to do, on real ZFS, NFS, Samba and ufw in the lab's VM: which processes it starts, with few
 * and with many datasets, and what it takes against the same probes called bare. Not among the parts that run by
 * default: it needs the lab (root, Debian packages).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { install, packBuild } from '../test/lab/install.ts'
import { Lab } from '../test/lab/lab.ts'
import { configFile, run as converge } from '../test/lab/scenario.ts'
import type { Vm } from '../test/lab/vm.ts'
import type { Rig } from './rig.ts'
import { median, table } from './timing.ts'

const here = import.meta.dirname
const base = JSON.parse(readFileSync(join(here, 'ansible/phoenix.config.json'), 'utf8')) as PhxConfig

/** The state that Ansible is measured with too, the host's own settings, features of a VM, and more of everything. */
function configWith(more: number): PhxConfig {
  const extra = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`)
  return {
    ...base,
    host: { sysctl: { 'vm.swappiness': 10 }, force_ipv4: true },
    network: { ...base.network, nfs_server: '10.77.0.1' },
    zfs: {
      ...base.zfs,
      datasets: [
        ...(base.zfs?.datasets ?? []),
        { name: 'features', pool: 'quickOS' },
        ...extra(more).map((name) => ({ name, pool: 'quickOS', properties: 'compression=zstd' })),
      ],
    },
    nfs: {
      exports: [
        ...(base.nfs?.exports ?? []),
        ...extra(Math.min(more, 10)).map((name) => ({ path: `/quickOS/${name}`, clients: ['10.77.0.0/24'] })),
      ],
    },
    samba: {
      ...base.samba,
      shares: [
        ...(base.samba?.shares ?? []),
        ...extra(Math.min(more, 10)).map((name) => ({ name, path: `/quickOS/${name}`, valid_users: ['ops'] })),
      ],
    },
    vm_features: { export: '/quickOS/features' },
    guests: {
      vms: [
        { vmid: 8101, name: 'guest', features: ['base_setup'], network_config: { ip: '10.77.0.101/24' } },
        { vmid: 8102, name: 'other', features: ['base_setup'], network_config: { ip: '10.77.0.102/24' } },
      ],
    },
  }
}

const shims = '/run/asked.d'
const asked = '/run/asked'

/** Stands in for every tool of the guest: writes down the call as a shell would read it, and becomes the tool. */
const shim = `#!/bin/bash
name=\${0##*/}
printf '%q ' "$name" "$@" >>${asked}; echo >>${asked}
for folder in /usr/sbin /usr/bin; do [ -x "$folder/$name" ] && exec "$folder/$name" "$@"; done
exit 127
`

/** Every process that a run with nothing to do starts, as it really is: one shell line each. */
async function processesOf(vm: Vm): Promise<string[]> {
  await vm.write('/run/shim', shim, '755')
  await vm.run(`mkdir -p ${shims} && cd ${shims} && for tool in /usr/sbin/* /usr/bin/*; do
    case \${tool##*/} in node|env|sh|bash|phx) ;; *) ln -sf /run/shim "\${tool##*/}" ;; esac
  done; : >${asked}`)
  await vm.run(`PATH=${shims}:$PATH phx run setup -c ${configFile}`, { timeoutSeconds: 300 })
  const text = await vm.run(`cat ${asked}; rm -r ${shims} ${asked}`)
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
}

/** `zfs get`, `lsblk -J`, `exportfs -s`: the tool, and what it is asked for. */
const kindOf = (line: string): string => line.split(' ').slice(0, 2).join(' ')

/** The only ones that are asked because of what another said: of a suspended pool or a stopped server nothing is. */
const after: Readonly<Record<string, string>> = {
  'zfs get': 'zpool status',
  'zpool get': 'zpool status',
  'smbclient -gNL': 'systemctl show',
  'rpcinfo -T': 'systemctl show',
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

/**
 * What Node alone takes for the same processes: each is started once what it waits for is over, all others at once, and
 * nothing is done with what they say.
 */
const floorProgram = `
const { spawn } = require('node:child_process')
const [calls, after] = JSON.parse(require('node:fs').readFileSync('/run/floor.json', 'utf8'))
const lines = Object.keys(calls)
const kindOf = (line) => line.split(' ').slice(0, 2).join(' ')
const over = new Map()
const ask = (line) => {
  const kind = kindOf(line)
  if (!over.has(line)) over.set(line, (async () => {
    for (const first of lines) if (kindOf(first) === after[kind]) await ask(first)
    await new Promise((resolve) => {
      const [tool, ...words] = calls[line]
      const child = spawn(tool, words, { stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) stream.resume()
      child.once('close', resolve)
    })
  })())
  return over.get(line)
}
for (const line of lines) ask(line)
`

/** The tool and its words, as the guest's shell reads a line. */
async function wordsOf(vm: Vm, line: string): Promise<string[]> {
  return (await vm.run(`printf '%s\\0' ${line}`)).split('\0').slice(0, -1)
}

interface Measured {
  readonly datasets: number
  /** How many processes of each kind. */
  readonly counts: ReadonlyMap<string, number>
  /** Milliseconds of each kind alone, all its processes one after the other. */
  readonly alone: ReadonlyMap<string, number>
  readonly nodes: readonly OneNode[]
}

/** Milliseconds with one build of Node. */
interface OneNode {
  readonly build: string
  readonly bare: number
  /** Node with the same processes, and nothing else. */
  readonly floor: number
  readonly phx: number
}

async function withNode(vm: Vm, build: string): Promise<OneNode> {
  // As after npm ci on that host: the build's cache is of another Node.
  await vm.run('node /opt/phx/code-cache.mjs /opt/phx/bin /root/example.json', { timeoutSeconds: 300 })
  return {
    build: `${build}, ${await vm.run('node --version')}`,
    bare: await inGuest(vm, 'node -e 0'),
    floor: await inGuest(vm, 'node /run/floor.js'),
    phx: await inGuest(vm, `phx run setup -c ${configFile}`),
  }
}

async function measure(lab: Lab, build: Awaited<ReturnType<typeof packBuild>>, more: number): Promise<Measured> {
  const vm = await lab.restore('bench')
  try {
    const config = configWith(more)
    await install(vm, build)
    await vm.run('mkdir -p -m 0700 /etc/phx/secrets && (umask 077; echo bench-password >/etc/phx/secrets/samba)')
    await vm.write(configFile, JSON.stringify(config))
    await vm.write('/opt/phx/code-cache.mjs', readFileSync(join(here, '../scripts/code-cache.mjs')))
    await vm.write('/root/example.json', readFileSync(join(here, '../phoenix.config.json')))
    await vm.write('/root/files/motd', readFileSync(join(here, '../files/motd')))
    await converge(vm, 0, [], { timeoutSeconds: 1200 })
    const started = await processesOf(vm)
    const calls: Record<string, string[]> = {}
    for (const line of started) calls[line] = await wordsOf(vm, line)
    await vm.write('/run/floor.json', JSON.stringify([calls, after]))
    await vm.write('/run/floor.js', floorProgram)
    const lines = new Map<string, string[]>()
    for (const line of started) lines.set(kindOf(line), [...(lines.get(kindOf(line)) ?? []), line])
    const alone = new Map<string, number>()
    for (const [kind, calls] of lines) alone.set(kind, await inGuest(vm, calls.join('; ')))
    const nodes = [await withNode(vm, 'Debian’s')]
    // The one that runs this benchmark: in /usr/local/bin it is found first.
    await vm.write('/usr/local/bin/node', readFileSync(process.execPath), '755')
    nodes.push(await withNode(vm, 'Node’s own'))
    return {
      datasets: config.zfs?.datasets?.length ?? 0,
      counts: new Map([...lines].map(([kind, calls]) => [kind, calls.length])),
      alone,
      nodes,
    }
  } finally {
    await vm.powerCut()
  }
}

/** The longest that one process waits for another, itself included. */
function slowestChain({ alone }: Measured): number {
  const ms = (kind: string | undefined): number => alone.get(kind ?? '') ?? 0
  return Math.max(...[...alone.keys()].map((kind) => ms(kind) + ms(after[kind])))
}

export async function probes(_rig: Rig): Promise<string> {
  const build = await packBuild()
  const lab = await Lab.open((line) => console.error(line))
  try {
    const all: Measured[] = []
    for (const more of [0, 100]) all.push(await measure(lab, build, more))
    const kinds = [...new Set(all.flatMap(({ counts }) => [...counts.keys()]))].sort()
    const started = table(
      ['process', ...all.map(({ datasets }) => `times, ${datasets} datasets`), 'ms alone', 'after'],
      kinds.map((kind) => [
        `\`${kind}\``,
        ...all.map(({ counts }) => String(counts.get(kind) ?? 0)),
        (all[0]?.alone.get(kind) ?? 0).toFixed(0),
        after[kind] === undefined ? '' : `\`${after[kind]}\``,
      ]),
    )
    const took = table(
      [
        ...['datasets', 'processes', 'one after the other, ms', 'slowest chain, ms', 'Node', 'node -e 0, ms'],
        ...[
          'Node with the same processes, ms',
          'phx run, ms',
          '× one after the other',
          '× Node with the same processes',
        ],
      ],
      all.flatMap((one) => {
        const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
        const alone = sum(one.alone.values())
        const counted = [one.datasets, sum(one.counts.values()), alone.toFixed(0), slowestChain(one).toFixed(0)]
        return one.nodes.map(({ build, bare, floor, phx }) => [
          ...[...counted, build].map(String),
          ...[bare, floor, phx].map((ms) => ms.toFixed(0)),
          ...[phx / alone, phx / floor].map((ratio) => ratio.toFixed(2)),
        ])
      }),
    )
    return `${started}\n\n${took}`
  } finally {
    lab.close()
  }
}
