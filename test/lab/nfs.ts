/** A host with exports on a pool, and a client in a network of its own that mounts them: for the NFS scenarios. */
import assert from 'node:assert/strict'
import type { NfsExport, PhxConfig } from '../../lib/config/generated/types.ts'
import { disks } from './disks.ts'
import { asClient, configFile, plan, pool, untouched } from './scenario.ts'
import type { CommandResult } from './shell.ts'
import type { Vm } from './vm.ts'

export const server = '10.77.0.1'
export const client = '10.77.0.2'

/** One export that the client may write to, one that it may read, one that is not for it. */
export const usualExports: readonly NfsExport[] = [
  {
    ...{ path: '/fastData/data', clients: [client, server], options: 'rw,sync,no_subtree_check' },
    ...{ owner: 'nobody', group: 'nogroup', proxmox_storage: 'nfs-data', proxmox_content_type: 'iso' },
  },
  { path: '/fastData/media', clients: ['10.77.0.0/24'] },
  { path: '/fastData/closed', clients: ['10.99.0.0/24'], options: ['rw', 'sync', 'no_subtree_check'] },
]

export async function declareNfs(vm: Vm, exports: readonly NfsExport[]): Promise<void> {
  const config: PhxConfig = {
    zfs: {
      pools: [pool('fastData', 'single', [disks.blk0])],
      datasets: ['data', 'media', 'closed'].map((name) => ({ name, pool: 'fastData' })),
    },
    network: { nfs_server: server },
    ...(exports.length > 0 ? { nfs: { exports: [...exports] } } : {}),
  }
  await vm.write(configFile, `${JSON.stringify(config, null, 2)}\n`)
}

/** A namespace at the other end of a cable. */
export async function connectClient(vm: Vm): Promise<void> {
  await vm.run(`ip netns add client && ip link add lan0 type veth peer name eth0 netns client
    ip addr add ${server}/24 dev lan0 && ip link set lan0 up
    ip -n client addr add ${client}/24 dev eth0 && ip -n client link set eth0 up && ip -n client link set lo up
    mkdir -p /mnt/client`)
}

const mounting = (path: string): string =>
  `mount -t nfs -o vers=4.2,soft,timeo=50,retrans=1 ${server}:${path} /mnt/client`

/** What the client does on the export; it is unmounted again. */
export async function onExport(vm: Vm, path: string, command: string): Promise<CommandResult> {
  return asClient(vm, `${mounting(path)} && { ${command}; rc=$?; umount /mnt/client; exit $rc; }`)
}

export async function works(vm: Vm, path: string, command: string): Promise<void> {
  const result = await onExport(vm, path, command)
  assert.equal(result.exitCode, 0, `${command} on ${path}: ${result.stdout}${result.stderr}`)
}

export async function fails(vm: Vm, path: string, command: string, words: RegExp): Promise<void> {
  const result = await onExport(vm, path, command)
  assert.notEqual(result.exitCode, 0, `${command} on ${path} should fail`)
  assert.match(`${result.stdout}${result.stderr}`, words)
}

/** Stays mounted until it is let go. */
export const holdMount = (vm: Vm, path: string): Promise<CommandResult> =>
  asClient(vm, `${mounting(path)} && ls /mnt/client`)
export const letGo = (vm: Vm): Promise<CommandResult> => asClient(vm, 'umount -f -l /mnt/client')

export const exported = async (vm: Vm): Promise<string[]> =>
  (await vm.run('exportfs -s')).split('\n').flatMap((line) => /^(\S+ {2}[^(]+)\(/.exec(line)?.[1] ?? [])

export const allExported: readonly string[] = [
  ...['/fastData/closed  10.99.0.0/24', `/fastData/data  ${server}`, `/fastData/data  ${client}`],
  '/fastData/media  10.77.0.0/24',
]

export async function assertExported(vm: Vm, wanted: readonly string[] = allExported): Promise<void> {
  assert.deepEqual((await exported(vm)).sort(), [...wanted].sort())
}

const traces = `cat /etc/exports /etc/exports.d/* /var/lib/nfs/etab; stat -c '%Y %U:%G %a %n' /etc/exports /etc/exports.d/* /fastData/*
  systemctl show -p ActiveEnterTimestamp nfs-server; cat /proc/fs/nfsd/threads`

/** Runs once more: no command that changes the host, the same server, every file and the table as they were. */
export const nfsIsSettled = (vm: Vm): Promise<void> => untouched(vm, traces)

/** The plan has something to do for this step; its words are returned. */
export async function planned(vm: Vm): Promise<string> {
  const { tasks } = await plan(vm, 2)
  const task = tasks.find(({ task }) => task === 'nfs')
  assert.ok(task && task.changes.length > 0, 'the plan of nfs is not empty')
  return JSON.stringify(task)
}
