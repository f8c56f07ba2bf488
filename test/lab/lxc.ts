/** What the scenarios about containers declare, and what has to be true inside and outside of container 901 then. */
import assert from 'node:assert/strict'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { RunEvent, Summary } from '../../lib/engine/events.ts'
import type { PlanDocument } from '../../lib/engine/session.ts'
import { configFile, poolCommands, type Run, usualHost } from './scenario.ts'
import type { RunOptions, Vm } from './vm.ts'

export const storage = 'quickOS-vm-disks'
export const volumes = '/quickOS/vm-disks'
/** A folder of the host that the container sees. */
export const shared = '/quickOS/shared-prod-data/web'
/** The template that the lab's image brings. */
export const template = '/srv/guest/debian-13.tar.zst'

const feature = `#!/bin/sh -e
useradd --uid 1000 --create-home worker
echo ran >>/var/log/tools
`

/** Runs as the user whose ids are the host's own. */
const application = `#!/bin/sh -e
cat >/etc/systemd/system/web.service <<UNIT
[Service]
User=worker
ExecStart=/bin/sh -c 'echo up >/srv/shared/state; exec sleep infinity'
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --now web.service
echo ran >>/var/log/application
`

export const mountPoints = [{ host_path: shared, container_path: '/srv/shared', owner_uid: 1000, owner_gid: 1000 }]

export const config = (more: object = {}): PhxConfig => ({
  zfs: usualHost,
  guests: {
    lxc_configs: {
      '901': {
        ...{ name: 'web', template, storage_pool: storage, storage_size_gb: 1, memory_mb: 256, unprivileged: true },
        network_config: { name: 'eth0', bridge: 'vmbr0', ip: '10.9.0.91/24', gw: '10.9.0.1' },
        features: ['tools'],
        application_script: 'application.sh',
        health_check: { command: ['systemctl', 'is-active', '--quiet', 'web'], retries: 5, interval: 2 },
        zfs_volumes: [{ name: 'models', pool: storage, size_gb: 1, mount_point: '/srv/models', persistent: true }],
        mount_points: mountPoints,
        id_maps: (['uid', 'gid'] as const).map((type) => ({ type, host_id: 1000, container_id: 1000, size: 1 })),
        ...more,
      },
    },
  },
})

export const declare = (vm: Vm, more: object = {}): Promise<void> =>
  vm.write(configFile, `${JSON.stringify(config(more), null, 2)}\n`)

/** The bridge that containers hang on. Does not outlive a reboot. */
export const connect = (vm: Vm): Promise<string> =>
  vm.run('ip link add vmbr0 type bridge && ip address add 10.9.0.1/24 dev vmbr0 && ip link set vmbr0 up')

/** Beside the config. */
export async function writeScripts(vm: Vm): Promise<void> {
  await vm.write('/root/vm-features/tools.sh', feature)
  await vm.write('/root/application.sh', application)
}

export async function prepare(vm: Vm): Promise<void> {
  await connect(vm)
  await writeScripts(vm)
  await declare(vm)
}

/** `phx run lxc:901`; it has to end with this exit code. */
export async function run(vm: Vm, exitCode: number, args: readonly string[] = [], target = 'lxc:901'): Promise<Run> {
  const options: RunOptions = { timeoutSeconds: 600 }
  const result = await vm.phx(['run', target, '-c', configFile, '--json', ...args], options)
  assert.equal(result.exitCode, exitCode, `phx run ${target}: exit code ${result.exitCode} instead of ${exitCode}`)
  const events = result.json as RunEvent[]
  const summary = events.at(-1) as Summary
  return { ...result, events, summary }
}

export async function plan(vm: Vm, exitCode: number): Promise<PlanDocument> {
  const result = await vm.phx(['plan', 'lxc:901', '-c', configFile, '--json', '--detailed-exitcode'])
  assert.equal(result.exitCode, exitCode, `phx plan lxc:901: exit code ${result.exitCode} instead of ${exitCode}`)
  return result.json[0] as PlanDocument
}

/** A shell line in the container, by LXC's own way in. */
export const inside = (vm: Vm, line: string): Promise<string> =>
  vm.run(['lxc-attach', '-n', '901', '--', 'sh', '-c', line])

/** Someone of the container does this there; nobody is who no file belongs to. */
export const mayDo = async (vm: Vm, user: string, line: string): Promise<boolean> => {
  const words = ['lxc-attach', '-n', '901', '--', 'runuser', '-u', user, '--', 'sh', '-c', line]
  return (await vm.attempt(words)).exitCode === 0
}

/** Changed times of all that a run could write in there, and what the host has of it. */
const traces = `${poolCommands}; cat /etc/pve/lxc/901.conf; stat -c '%n %Z' /etc/pve/lxc/901.conf /etc/subuid /etc/subgid ${shared}
lxc-attach -n 901 -- find /etc /var/lib/phx /var/log/phx /srv -xdev -printf '%p %C@\\n' | sort
lxc-attach -n 901 -- systemctl show web -p ActiveEnterTimestamp`

/** Runs once more: not one command that changes host or container. */
export async function nothingToDo(vm: Vm): Promise<Run> {
  await vm.run(`{ ${traces}; } >/run/traces`)
  const again = await run(vm, 0)
  assert.equal(again.summary.mutations, 0, 'no command that changes anything, by the count of phx')
  assert.equal(again.summary.changed, 0)
  const diff = await vm.attempt(`{ ${traces}; } | diff /run/traces -`)
  assert.equal(diff.exitCode, 0, `not as it was:\n${diff.stdout}`)
  return again
}

/** By the eyes of the host and of the container, not phx's. */
export async function isAsDeclared(vm: Vm): Promise<void> {
  const conf = await vm.run('cat /etc/pve/lxc/901.conf')
  for (const line of [
    'hostname: web',
    'memory: 256',
    'unprivileged: 1',
    `rootfs: ${storage}:subvol-901-disk-0,size=1G`,
  ])
    assert.ok(conf.split('\n').includes(line), `${line} in:\n${conf}`)
  assert.equal(await vm.run('pct status 901; cat /sys/fs/cgroup/lxc/901/memory.max'), `status: running\n${2 ** 28}`)
  assert.equal(await vm.run(`zfs get -Hpo value refquota ${volumes}/subvol-901-disk-*`), `${2 ** 30}\n${2 ** 30}`)
  const seen = await inside(
    vm,
    `hostname; ip -4 -o address show eth0 | tr -s ' ' | cut -d' ' -f4; cat /proc/self/uid_map | tr -s ' '
    findmnt -no SOURCE,FSTYPE /srv/models; findmnt -no SOURCE /srv/shared; stat -c '%n %U:%G' /srv/models /srv/shared /
    cat /var/log/tools /var/log/application /srv/shared/state; systemctl is-active web`,
  )
  assert.equal(
    seen,
    [
      ...['web', '10.9.0.91/24', ' 0 100000 1000', ' 1000 1000 1', ' 1001 101001 64535'],
      `${volumes.slice(1)}/subvol-901-disk-1 zfs`,
      `${shared.slice(1, shared.lastIndexOf('/'))}[/web]`,
      ...['/srv/models root:root', '/srv/shared worker:worker', '/ root:root', 'ran', 'ran', 'up', 'active'],
    ].join('\n'),
  )
}

export const isUp = (vm: Vm): Promise<string> =>
  vm.run('until lxc-attach -n 901 -- systemctl is-system-running | grep -qE "running|degraded"; do sleep 1; done')
