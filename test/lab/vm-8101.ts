/** VM 8101, a real Debian that the lab's host makes, with a share of its own; and eyes inside it that are not phx's. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Vm as DeclaredVm, PhxConfig } from '../../lib/config/generated/types.ts'
import { disks } from './disks.ts'
import { noSecretKept } from './processes.ts'
import { carryOut, configFile, planOf, pool, type Run } from './scenario.ts'
import type { CommandResult } from './shell.ts'
import type { Vm } from './vm.ts'

export const target = 'vm:8101'
export const exported = '/fastData/prod-data'
const [server, address] = ['10.9.0.1', '10.9.0.101']
export const image = '/srv/guest/debian-13.raw'
const key = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${'K'.repeat(42)} k@desk`

/** Longer than one part of what goes through the agent, and no text. */
const makeBinary = `head -c 1200000 /dev/urandom >/root/files/binary`
/** What nobody may ever see: a token for an application, and the crypt(5) hash of Throwaway1. */
const secrets = {
  token: 'Marker-Geheim-8101',
  ops: '$6$labsalt$zVwu90hGFd6l4cQe7oV1.j/TsmgU79TXi8W6ZHzd6nEdKRsaKq.aMS/vQXuU1DjIrm3o/7S8kOcBzy9fVBPWB.',
}
const secretFile = (name: string): string => `/etc/phx/secrets/${name}`

/** Each run of it is a line. */
export const script = (line: string): string => `#!/bin/sh\nsleep 3\necho ${line} >>/var/lib/feature-ran\n`

export const machine: DeclaredVm = {
  ...{ vmid: 8101, name: 'docker-host', template_image: image, storage_pool: 'fastData-vm-disks', disk_size_gb: 1 },
  ...{ cores: 1, memory_mb: 192, network_config: { ip: `${address}/24` } },
  user_config: { username: 'ops', ssh_public_keys: [key], password: { file: secretFile('ops') } },
  nfs_shares: [{ host_path: exported, guest_path: '/mnt/prod-data' }],
  file_injections: [
    { source: 'files/motd', destination: '/etc/motd', owner: 'ops:adm', mode: '0640' },
    { source: 'files/binary', destination: '/srv/app/binary', mode: '0755' },
    { source: { file: secretFile('token') }, destination: '/srv/app/token', mode: '0600' },
  ],
  features: ['base_setup', 'docker'],
}

const config = (vms: DeclaredVm[]): PhxConfig => ({
  zfs: {
    pools: [pool('fastData', 'single', [disks.blk0])],
    datasets: [
      {
        ...{ name: 'vm-disks', pool: 'fastData', storage_class: 'direct' },
        ...{ proxmox_storage_type: 'zfspool', proxmox_content_type: 'images,rootdir' },
      },
      { name: 'prod-data', pool: 'fastData', storage_class: 'shared' },
      { name: 'features', pool: 'fastData' },
      {
        ...{ name: 'files', pool: 'fastData', storage_class: 'shared' },
        ...{ proxmox_storage_type: 'dir', proxmox_content_type: 'snippets' },
      },
    ],
  },
  network: { nfs_server: server },
  nfs: {
    exports: [{ path: exported, clients: ['10.9.0.0/24'], options: ['rw', 'sync', 'no_subtree_check'], mode: '0777' }],
  },
  vm_features: { export: '/fastData/features', scripts: 'scripts' },
  guests: { vms },
})

export const declare = (vm: Vm, ...vms: DeclaredVm[]): Promise<void> =>
  vm.write(configFile, `${JSON.stringify(config(vms), null, 2)}\n`)

/** A bridge for the guests, the files beside the config, and a record of every call of qm. */
export async function prepare(vm: Vm): Promise<void> {
  await vm.run(`ip link add vmbr0 type bridge && ip address add ${server}/24 dev vmbr0 && ip link set vmbr0 up`)
  await vm.run(`mkdir -p /root/files /root/scripts && ${makeBinary} && echo 'made by phx' >/root/files/motd`)
  for (const [name, text] of Object.entries(secrets)) await vm.write(secretFile(name), `${text}\n`, '600')
  await vm.write('/root/scripts/docker.sh', script('first'))
  await vm.run(`sed -i '2i echo "$*" >>/run/qm-calls' /usr/sbin/qm && touch /run/qm-calls`)
  await declare(vm, machine)
}

/** phx run vm:8101, which takes its time. */
export const make = (vm: Vm, exitCode = 0, ...args: string[]): Promise<Run> =>
  carryOut(vm, exitCode, ['run', target, ...args], { timeoutSeconds: 900 })

/** What a shell says in the guest's own namespaces: neither phx nor an agent has a part in it. */
export const attemptInside = (vm: Vm, script: string, id = 8101): Promise<CommandResult> =>
  vm.attempt(
    `leader=$(machinectl show vm-${id} -p Leader --value) || exit 99
    exec nsenter --target "$leader" --mount --uts --ipc --net --pid --root --wd -- sh -c "$(cat)"`,
    { stdin: script },
  )

export async function inside(vm: Vm, script: string, id = 8101): Promise<string> {
  const { exitCode, stdout, stderr } = await attemptInside(vm, script, id)
  assert.equal(exitCode, 0, `in the guest: ${script}: ${stderr}`)
  return stdout.replace(/\n$/, '')
}

/** All that is declared is there, by the guest's own word and by that of its host. */
export async function isAsDeclared(vm: Vm, ranFeatures = 'first'): Promise<void> {
  const source = `${server}:${exported}`
  assert.match(
    await inside(vm, 'grep " /mnt/prod-data " /proc/mounts'),
    new RegExp(`^${source} /mnt/prod-data nfs4? rw,`),
  )
  assert.equal(await inside(vm, 'grep -c prod-data /etc/fstab'), '1')
  await inside(vm, 'echo from the guest >/mnt/prod-data/proof')
  assert.equal(await vm.run(`cat ${exported}/proof; rm ${exported}/proof`), 'from the guest')
  assert.equal(await inside(vm, 'stat -c "%a %U:%G" /etc/motd /srv/app/binary'), '640 ops:adm\n755 root:root')
  const sums = (path: string) => `sha256sum ${path} | cut -d' ' -f1`
  for (const [here, there] of [
    ['motd', '/etc/motd'],
    ['binary', '/srv/app/binary'],
  ] as const)
    assert.equal(await inside(vm, sums(there)), await vm.run(sums(`/root/files/${here}`)), there)
  assert.equal(await inside(vm, 'cat /var/lib/feature-ran'), ranFeatures)
  assert.equal(await inside(vm, 'find / -xdev -name "*phx-new*"'), '', 'nothing half written')
  assert.equal(
    await inside(vm, 'cat /home/ops/.ssh/authorized_keys; hostname; ip -br -4 address show eth0'.replace(/;/g, '\n')),
    [key, 'docker-host', await inside(vm, 'ip -br -4 address show eth0')].join('\n'),
  )
  assert.match(await inside(vm, 'ip -br -4 address show eth0'), /10\.9\.0\.101\/24/)
  assert.equal(await vm.run('zfs get -Hp -o value volsize fastData/vm-disks/vm-8101-disk-0'), String(2 ** 30))
}

/** Times of the last change too (ctime: of owner and mode), of everything but logs and what systemd's own timers note. */
const guestTraces = `find / -xdev -path /var/log -prune -o -path /var/lib/systemd -prune -o -printf '%p %y %m %u %g %s %T@ %C@\\n' | sort
  cat /proc/mounts; systemctl list-units --all --no-legend --type=service,mount | sort`
const hostTraces = `cat /etc/pve/qemu-server/*.conf /etc/pve/storage.cfg; cat /run/qm-calls; exportfs -s
  zfs list -Hp -t all -o name,guid,volsize; zpool history | grep -E ' (zpool|zfs) '; systemctl show -p InvocationID lab-vm-8101`

/** What the guest's agent was asked to carry out since then, by its own log. */
const executed = async (vm: Vm, since: string): Promise<string[]> => {
  const log = await inside(vm, `journalctl -u qemu-guest-agent --since '${since}' -o cat --no-pager`)
  return log.split('\n').flatMap((line) => /guest-exec called: "(.*)"$/.exec(line)?.[1] ?? [])
}

/** As the agent notes it: with the environment that phx gives to what only looks. */
const looking = /^env (\S+=\S+ )*(cat|stat|sha256sum|ip -j|cloud-init status|dpkg-query|systemctl show) /

/** Runs once more: not one command that changes anything, by phx's count, by the guest, by its agent and by its host. */
export async function isSettled(vm: Vm): Promise<void> {
  const before = [await vm.run(hostTraces), await inside(vm, guestTraces)]
  const since = await inside(vm, 'sleep 1; date "+%F %T"')
  const { summary } = await make(vm)
  assert.equal(summary.mutations, 0, 'no command that changes anything, by the count of phx')
  assert.equal(summary.changed, 0)
  assert.deepEqual([await vm.run(hostTraces), await inside(vm, guestTraces)], before)
  const commands = await executed(vm, since)
  assert.ok(commands.length > 0, 'the agent notes what it carries out')
  const others = commands.filter((command) => !looking.test(command))
  assert.deepEqual(others, [], 'the agent carried out nothing but looks')
}

/** The plan is empty, or not. */
export const planned = (vm: Vm, exitCode: 0 | 2): Promise<string> =>
  planOf(vm, target, exitCode).then((document) => JSON.stringify(document))

/** Both are where they belong, and nowhere else: on the host, in its journal, in the guest, in what phx said. */
export async function keepsSecrets(vm: Vm): Promise<void> {
  const sum = await inside(
    vm,
    'sha256sum </srv/app/token; stat -c "%a %U" /srv/app/token; getent shadow ops | cut -d: -f2 | sha256sum',
  )
  const ownSum = (text: string): string => `${createHash('sha256').update(text).digest('hex')}  -`
  assert.equal(sum, [ownSum(secrets.token), '600 root', ownSum(`${secrets.ops}\n`)].join('\n'))
  const within = ['/srv/app/token', '/etc/shadow', '/etc/shadow-'].map((path) => `/run/lab-qm/8101/root${path}`)
  await noSecretKept(vm, Object.values(secrets), [...Object.keys(secrets).map(secretFile), ...within])
}

/** Until its agent answers again. */
export const awaitAgent = (vm: Vm): Promise<string> =>
  vm.run('for i in $(seq 120); do qm agent 8101 ping 2>/dev/null && exit 0; sleep 1; done; exit 1', {
    timeoutSeconds: 400,
  })
