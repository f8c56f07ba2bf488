/** A host on which every step has something to do, and what an admin and others had there before: for the scenarios of the whole setup. */
import assert from 'node:assert/strict'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { asClient, configFile, nothingToDo, poolCommands, usualHost } from './scenario.ts'
import type { CommandResult } from './shell.ts'
import type { Vm } from './vm.ts'

/** What nobody may ever see: the Samba passwords, and the crypt(5) hash of Throwaway1. */
export const secrets = {
  ops: 'Marker-Geheim-1',
  media: 'Marker Anders%2',
  hash: '$6$labsalt$zVwu90hGFd6l4cQe7oV1.j/TsmgU79TXi8W6ZHzd6nEdKRsaKq.aMS/vQXuU1DjIrm3o/7S8kOcBzy9fVBPWB.',
} as const
const secretFolder = '/etc/phx/secrets'
/** Where one of them has to be: the declared files, and the system's own. */
export const secretPlaces: readonly string[] = [
  ...['ops.hash', 'samba-ops', 'samba-media'].map((name) => `${secretFolder}/${name}`),
  ...['/etc/shadow', '/etc/shadow-'],
]

const key = (letter: string): string => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)} ${letter}@desk`

/** The host's own address in the guests' network, and that of a client there. */
const [server, client] = ['10.9.0.1', '10.9.0.2']

export const storage = 'quickOS-vm-disks'
export const exported = '/quickOS/shared-prod-data'
export const featureFolder = '/quickOS/features/vm-features/8101'

export const wholeHost: PhxConfig = {
  timezone: 'Europe/Vienna',
  domain_name: 'home.arpa',
  host: {
    repositories: { proxmox: 'none' },
    packages: ['acl', 'lab-tool'],
    force_ipv4: true,
    locale: 'C.UTF-8',
    dns: { nameservers: ['10.0.2.3'], search: ['home.arpa'] },
    sysctl: { 'vm.swappiness': 10 },
  },
  users: [
    {
      ...{ username: 'ops', sudo_access: true, groups: ['adm', 'video'], ssh_public_keys: [key('A'), key('B')] },
      ...{ password_hash: { file: `${secretFolder}/ops.hash` }, proxmox_role: 'Administrator' },
    },
  ],
  network: { hostname: 'lab', default_subnet: '10.9.0.0/24', nfs_server: server },
  zfs: {
    ...usualHost,
    arc_max_gb: 0.25,
    datasets: [
      ...(usualHost.datasets ?? []),
      { name: 'features', pool: 'quickOS' },
      {
        ...{ name: 'files', pool: 'fastData', storage_class: 'shared' },
        ...{ proxmox_storage_type: 'dir', proxmox_content_type: 'snippets' },
      },
    ],
  },
  nfs: {
    exports: [
      {
        ...{ path: exported, clients: ['10.9.0.0/24'], options: ['rw', 'sync', 'no_subtree_check'] },
        ...{ owner: 'ops', mode: '0777', proxmox_storage: 'nfs-data', proxmox_content_type: 'iso' },
      },
    ],
  },
  samba: {
    user: 'ops',
    password: { file: `${secretFolder}/samba-ops` },
    users: [{ username: 'media', password: { command: ['cat', `${secretFolder}/samba-media`] } }],
    shares: [
      {
        ...{ name: 'backups', path: '/fastData/shared-backups', options: 'browseable=yes writable=yes' },
        valid_users: ['ops'],
      },
    ],
  },
  firewall: {
    ...{ backend: 'ufw', enabled: true, default_input_policy: 'DROP', default_output_policy: 'ACCEPT' },
    global_firewall_rules: [{ type: 'in', action: 'ACCEPT', proto: 'tcp', port: '9090', source: '10.9.0.0/24' }],
  },
  vm_features: { export: '/quickOS/features', scripts: 'scripts' },
  guests: {
    vms: [{ vmid: 8101, name: 'docker', features: ['base_setup', 'docker'], network_config: { ip: '10.9.0.101/24' } }],
    lxc_configs: {
      '901': {
        name: 'web',
        zfs_volumes: [{ name: 'models', pool: storage, size_gb: 1, mount_point: '/srv/models', backup: true }],
      },
    },
  },
}

export const declareWhole = (vm: Vm): Promise<void> => vm.write(configFile, `${JSON.stringify(wholeHost, null, 2)}\n`)

/** A package that a file: repository offers beside Debian's, so that one can be removed without its step falling apart. */
const offerPackage = `mkdir -p /run/deb/DEBIAN && cd /run/deb &&
  printf 'Package: lab-tool\\nVersion: 1\\nArchitecture: all\\nMaintainer: lab <lab@localhost>\\nDescription: nothing\\n' >DEBIAN/control &&
  dpkg-deb --root-owner-group -b . /srv/apt/lab-tool.deb >/dev/null && cd /srv/apt &&
  { cat /run/deb/DEBIAN/control; printf 'Filename: ./lab-tool.deb\\nSize: %s\\nSHA256: %s\\n\\n' \\
    "$(stat -c %s lab-tool.deb)" "$(sha256sum lab-tool.deb | cut -d' ' -f1)"; } >>Packages`

/** The guests' network, there after a reboot too, as Proxmox VE's bridge would be. */
async function makeBridge(vm: Vm): Promise<void> {
  await vm.write('/etc/systemd/network/lan0.netdev', '[NetDev]\nName=lan0\nKind=bridge\n')
  await vm.write(
    '/etc/systemd/network/lan0.network',
    `[Match]\nName=lan0\n[Network]\nAddress=${server}/24\nConfigureWithoutCarrier=yes\n`,
  )
  await vm.run(
    `networkctl reload && until ip -4 addr show dev lan0 2>/dev/null | grep -q ${server}; do sleep 0.1; done`,
  )
}

/** What the config speaks of and phx does not make: the container, the scripts, the secrets, the network. */
export async function prepare(vm: Vm): Promise<void> {
  await makeBridge(vm)
  await vm.run(offerPackage)
  await vm.run(`install -d -m 0700 ${secretFolder}`)
  await vm.write(`${secretFolder}/ops.hash`, `${secrets.hash}\n`, '600')
  await vm.write(`${secretFolder}/samba-ops`, `${secrets.ops}\n`, '600')
  await vm.write(`${secretFolder}/samba-media`, `${secrets.media}\n`, '600')
  await vm.write('/root/scripts/docker.sh', '#!/bin/sh\necho docker\n')
  await vm.write(
    '/etc/hosts',
    '127.0.0.1 localhost\n127.0.1.1 lab\n10.9.0.9\tnas  # mine\n10.0.2.15 lab.home.arpa lab\n',
  )
  await vm.write(
    '/etc/pve/lxc/901.conf',
    'arch: amd64\nhostname: web\nmemory: 512\nostype: debian\nrootfs: local:901/vm-901-disk-0.raw,size=1G\n',
  )
  await declareWhole(vm)
}

/** An admin's own lines wherever phx writes too; written after the last package is purged. */
export async function writeTheirs(vm: Vm): Promise<void> {
  await vm.run(`useradd -m -s /bin/bash ops && install -d -m 0700 -o ops -g ops /home/ops/.ssh &&
    printf '# mine \\t\\n${key('X')}\\n' >/home/ops/.ssh/authorized_keys && chown ops: /home/ops/.ssh/authorized_keys
    printf 'ops ALL=(root) NOPASSWD: /usr/bin/id\\n' >/etc/sudoers.d/mine && chmod 0440 /etc/sudoers.d/mine
    printf '\\n# mine \\t\\n"/srv" 10.99.0.7(ro,sync,no_subtree_check)   # kept\\n' >>/etc/exports
    printf '\\n# mine\\n[theirs]\\n\\tpath = /srv\\n' >>/etc/samba/smb.conf
    printf '# mine\\noptions timeout:1\\n' >/etc/resolv.conf; chmod 644 /etc/resolv.conf
    printf '# mine\\n' >>/etc/ufw/before.rules; ufw allow 7777/tcp comment mine`)
  await vm.write(
    '/etc/apt/sources.list.d/pve-enterprise.sources',
    `# mine\nTypes: deb\nURIs: https://enterprise.proxmox.com/debian/pve\nSuites: trixie\nComponents: pve-enterprise\n`,
  )
}

/** Every byte of theirs: whole files that phx leaves alone, and the others without what phx adds. */
export const theirs = `cd /
  sha256sum etc/sudoers etc/sudoers.d/mine etc/exports etc/ufw/before.rules root/.ssh/authorized_keys etc/apt/sources.list
  grep -v ^127.0.1.1 etc/hosts
  for file in etc/samba/smb.conf home/ops/.ssh/authorized_keys; do sed '/^# phx begin/,/^# phx end/d' $file; done | sha256sum
  grep -v '^nameserver\\|^search' etc/resolv.conf; grep -v '^Enabled: ' etc/apt/sources.list.d/pve-enterprise.sources
  grep -A 1 7777 etc/ufw/user.rules; ls root`

/** A client in the guests' network. */
export async function plugClient(vm: Vm): Promise<void> {
  await vm.run(`ip netns add client && ip link add v0 type veth peer name eth0 netns client &&
    ip link set v0 master lan0 up && ip -n client addr add ${client}/24 dev eth0 && ip -n client link set eth0 up
    mkdir -p /mnt/client`)
}

/** What the client does with the export mounted. */
export const onExport = (vm: Vm, command: string): Promise<CommandResult> =>
  asClient(
    vm,
    `mount -t nfs -o vers=4.2 ${server}:${exported} /mnt/client && { ${command}; rc=$?; umount /mnt/client; exit $rc; }`,
  )

export async function onShare(vm: Vm, password: string, command: string): Promise<CommandResult> {
  await vm.write('/run/login', `username = ops\npassword = ${password}\n`, '600')
  return vm.attempt(`smbclient //localhost/backups -A /run/login -c '${command}'; rc=$?; rm /run/login; exit $rc`)
}

/** What the steps touch, with the times of its last change (ctime: also of owner and mode), and when each service started. */
const traces = `find /etc /var/lib/nfs/etab /var/lib/samba/private/passdb.tdb /var/lib/dpkg/status /var/log/dpkg.log \\
    /home/ops /var/spool/cron /quickOS /fastData -printf '%p %y %m %u %g %s %T@ %C@\\n' 2>/dev/null | sort
  systemctl show -p Id,ActiveState,InvocationID nfs-server smbd ufw zfs-mount zfs-import-cache rpcbind systemd-networkd
  ${poolCommands}; zfs get -Hp all -s local -o name,property,value; exportfs -s; iptables -S; ip6tables -S
  cat /proc/sys/vm/swappiness /sys/module/zfs/parameters/zfs_arc_max /proc/mounts; pdbedit -L; date +%Z`

/** Runs once more: nothing is done by the count of phx, and nothing is touched by what the host itself says. */
export async function isSettled(vm: Vm): Promise<void> {
  await vm.run(`{ ${traces}; } >/run/whole 2>&1`)
  await nothingToDo(vm)
  const diff = await vm.attempt(`{ ${traces}; } 2>&1 | diff /run/whole -`)
  assert.equal(diff.exitCode, 0, `the host is not as it was:\n${diff.stdout}`)
}
