/** A config with something of every section and several of most, and the host that it is for. */
import { createHash } from 'node:crypto'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { SimulatedHost } from '../../lib/host/simulated/host.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const disks = ['A', 'B', 'C', 'D', 'E'].map((name) => `/dev/disk/by-id/virtio-${name}`)
const [a = '', b = '', c = '', d = '', e = ''] = disks

/** Where it sits on the bus. */
export const gpu = '0000:01:00.0'

const runfile = '#!/bin/sh\n# NVIDIA Accelerated Graphics Driver for Linux-x86_64 580.105.08\n'
const key = (letter: string): string => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)} ${letter}@desk`

export const secretFiles: Readonly<Record<string, string>> = {
  '/etc/phx/secrets/ada.hash': '$6$salt$marker-of-the-hash',
  '/etc/phx/secrets/heads': 'Marker-Geheim-7',
  '/etc/phx/secrets/scanner': 'Marker-Anders-8',
}

/** The least that has to be there before: containers, and the storage of their root file systems. */
export const ground: PhxConfig = {
  zfs: {
    pools: [{ name: 'quick', raid_level: 'mirror', disks: [a, b], properties: { ashift: '12', autotrim: 'on' } }],
    datasets: [
      {
        name: 'lxc',
        pool: 'quick',
        storage_class: 'direct',
        proxmox_storage_type: 'zfspool',
        proxmox_content_type: 'rootdir',
      },
    ],
  },
}

const volume = (name: string) => ({ name, pool: 'quick-lxc', size_gb: 4, mount_point: `/srv/${name}` })

export const everything: PhxConfig = {
  domain_name: 'example.internal',
  timezone: 'Europe/Berlin',
  host: {
    repositories: { proxmox: 'no-subscription', ceph: 'no-subscription' },
    packages: ['htop', 'jq'],
    upgrade: 'safe',
    force_ipv4: true,
    locale: 'de_DE.UTF-8',
    dns: { nameservers: ['10.0.0.1', '9.9.9.9'], search: ['example.internal'] },
    sysctl: { 'vm.swappiness': 10, 'net.ipv4.tcp_rmem': '4096 87380 33554432' },
    ntp_servers: ['ntp.example.internal'],
  },
  network: {
    hostname: 'pve',
    workgroup: 'HOME',
    interfaces: [{ name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' }],
    default_subnet: '10.0.0.0/24',
  },
  users: [
    {
      username: 'ada',
      password_hash: { file: '/etc/phx/secrets/ada.hash' },
      sudo_access: true,
      groups: ['adm'],
      ssh_public_keys: [key('A'), key('B')],
      proxmox_role: 'Administrator',
    },
    { username: 'heads', ssh_public_key: key('C'), proxmox_role: 'PVEAuditor' },
    { username: 'carl', sudo_access: true },
  ],
  nvidia_driver: {
    install: true,
    version: '580.105.08',
    source: 'runfile',
    runfile_path: '/root/NVIDIA.run',
    runfile_sha256: createHash('sha256').update(runfile).digest('hex'),
  },
  zfs: {
    arc_max_gb: 8,
    pools: [
      ...(ground.zfs?.pools ?? []),
      { name: 'fast', raid_level: 'single', disks: [c], properties: { ashift: '12' } },
      { name: 'bulk', raid_level: 'mirror', disks: [d, e], properties: { ashift: '12' } },
    ],
    datasets: [
      ...(ground.zfs?.datasets ?? []),
      { name: 'data', pool: 'quick', properties: 'recordsize=128K,compression=lz4,quota=4G' },
      { name: 'features', pool: 'quick' },
      { name: 'media', pool: 'fast', properties: 'recordsize=1M' },
      { name: 'files', pool: 'bulk', proxmox_storage_type: 'dir', proxmox_content_type: 'iso,snippets' },
      { name: 'backup', pool: 'bulk', properties: 'compression=zstd' },
    ],
  },
  nfs: {
    exports: [
      { path: '/quick/data', clients: ['10.0.0.0/24', '10.0.1.5'], options: 'rw,sync,no_subtree_check' },
      { path: '/fast/media', clients: ['10.0.0.0/24'], owner: 'ada', group: 'ada', mode: '2775' },
      { path: '/bulk/backup', clients: ['10.0.0.13'], options: 'rw,sync,no_root_squash', proxmox_storage: 'backups' },
    ],
  },
  samba: {
    user: 'heads',
    password: { file: '/etc/phx/secrets/heads' },
    users: [{ username: 'scanner', password: { file: '/etc/phx/secrets/scanner' } }],
    netbios: true,
    shares: [
      { name: 'data', path: 'quick/data', options: 'browseable=yes writable=yes', valid_users: ['heads', 'scanner'] },
      { name: 'media', path: '/fast/media', read_only: true, browsable: false },
    ],
  },
  firewall: {
    backend: 'ufw',
    enabled: true,
    global_firewall_rules: [
      { type: 'in', action: 'ACCEPT', proto: 'tcp', port: '443,80', source: '10.0.0.0/24', comment: 'web from home' },
      { type: 'in', action: 'DROP', source: '10.0.9.0/24' },
    ],
  },
  vm_features: { export: '/quick/features' },
  guests: {
    vms: [
      { vmid: 8101, name: 'docker-host', features: ['docker', 'base_setup'], network_config: { ip: '10.0.0.101/24' } },
      { vmid: 8102, name: 'other', features: ['agent'], network_config: { ip: 'dhcp' } },
    ],
    lxc_configs: {
      '901': { name: 'web', zfs_volumes: [volume('models'), volume('logs')] },
      '902': { name: 'db', zfs_volumes: [volume('tables')] },
    },
  },
}

/** Before anything: a GPU that no driver has, the runfile, and the secrets. */
export function bareHost(): SimState {
  const state = blankHost(disks.map((path) => ({ path, size: 2 ** 40 })))
  const template = '/var/lib/vz/template/cache/debian-13.tar.zst'
  const files = { ...secretFiles, '/root/NVIDIA.run': runfile, [template]: '' }
  call(state, `sim plug-gpu ${gpu} none`)
  for (const folder of ['/etc/phx/secrets', '/var/lib/vz/template/cache']) call(state, `mkdir -p ${folder}`)
  for (const [path, text] of Object.entries(files)) call(state, `sim write ${path}`, text)
  for (const path of Object.keys(secretFiles)) call(state, `chmod 600 ${path}`)
  return state
}

export const containers = [
  'pct create 901 local:vztmpl/debian-13.tar.zst --rootfs quick-lxc:8',
  'pct create 902 local:vztmpl/debian-13.tar.zst --rootfs quick-lxc:8',
]

/** A call of one of the host's tools, which has to succeed. */
export function call(state: SimState, line: string, stdin = ''): string {
  const { exitCode, stdout, stderr } = callTool(state, line.split(' '), stdin)
  if (exitCode !== 0) throw new Error(`${line}: exit code ${exitCode}: ${stderr}`)
  return stdout
}

export const hostOf = (state: SimState): SimulatedHost => new SimulatedHost(state, null)
