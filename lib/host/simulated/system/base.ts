/**
 * What a fresh Proxmox VE 9 has: packages with their versions (of 9.1; those of Debian as of 13), its files, its units.
 * Packages of the services that phx sets up are said by their own areas.
 */
import type { SimPackage, SimUnit } from '../area.ts'
import { addKernel } from './kernel.ts'

const preinstalled = (version: string, more: Omit<SimPackage, 'version' | 'preinstalled'> = {}): SimPackage => ({
  version,
  preinstalled: true,
  ...more,
})

export const basePackages: Readonly<Record<string, SimPackage>> = {
  adduser: preinstalled('3.152'),
  apt: preinstalled('3.0.3'),
  'base-files': preinstalled('13.8+deb13u1'),
  bash: preinstalled('5.2.37-2+b5'),
  'ca-certificates': preinstalled('20250419'),
  chrony: preinstalled('4.6.1-3', {
    units: ['chrony.service'],
    files: {
      '/etc/chrony/chrony.conf':
        'confdir /etc/chrony/conf.d\npool 2.debian.pool.ntp.org iburst\nsourcedir /run/chrony-dhcp\nsourcedir /etc/chrony/sources.d\n',
      '/etc/chrony/conf.d/': '',
      '/etc/chrony/sources.d/': '',
    },
  }),
  'cifs-utils': preinstalled('2:7.4-1'),
  coreutils: preinstalled('9.7-3'),
  cron: preinstalled('3.0pl1-197', { units: ['cron.service'] }),
  curl: preinstalled('8.14.1-2', { tools: ['curl'] }),
  dbus: preinstalled('1.16.2-2', { units: ['dbus.service'] }),
  dpkg: preinstalled('1.22.21'),
  ifupdown2: preinstalled('3.3.0-1+pmx11', { tools: ['ifquery', 'ifreload'], units: ['networking.service'] }),
  'initramfs-tools': preinstalled('0.148.3', { tools: ['update-initramfs'] }),
  iproute2: preinstalled('6.15.0-1'),
  'libpve-access-control': preinstalled('9.0.3', {
    tools: ['pveum'],
    files: { '/etc/pve/user.cfg': 'user:root@pam:1:0:::root@example.com:::\n\n\n\n\n' },
  }),
  'libpve-storage-perl': preinstalled('9.1.0', { tools: ['pvesm'] }),
  locales: preinstalled('2.41-12', {
    tools: ['locale-gen'],
    files: { '/etc/locale.gen': '# C.UTF-8 UTF-8\n# de_DE.UTF-8 UTF-8\n# en_GB.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n' },
  }),
  logrotate: preinstalled('3.22.0-1', { files: { '/etc/logrotate.d/': '' } }),
  lvm2: preinstalled('2.03.31-2+pmx1'),
  'openssh-server': preinstalled('1:10.0p1-7', { units: ['ssh.service'] }),
  passwd: preinstalled('1:4.17.4-2'),
  procps: preinstalled('2:4.0.4-9', { tools: ['sysctl'], files: { '/etc/sysctl.d/': '' } }),
  'proxmox-archive-keyring': preinstalled('4.0', {
    files: { '/usr/share/keyrings/proxmox-archive-keyring.gpg': '(binary)' },
  }),
  // Stands for itself and for the kernel that it depends on, one per version.
  'proxmox-kernel-6.17': preinstalled('6.17.2-1', {
    postinst: (state) => addKernel(state, `${state.packages?.['proxmox-kernel-6.17']?.version}-pve`),
  }),
  'proxmox-kernel-helper': preinstalled('9.0.4', { tools: ['proxmox-boot-tool'] }),
  'proxmox-ve': preinstalled('9.1.0', { depends: ['pve-manager', 'qemu-server', 'pve-container'] }),
  psmisc: preinstalled('23.7-2', { tools: ['fuser'] }),
  'pve-cluster': preinstalled('9.0.7', { units: ['pve-cluster.service'] }),
  'pve-container': preinstalled('6.0.18', { tools: ['lxc-attach', 'pct'] }),
  'pve-manager': preinstalled('9.1.1', { tools: ['pvesh'], units: ['pveproxy.service', 'pvedaemon.service'] }),
  'pve-qemu-kvm': preinstalled('10.1.2-3', { tools: ['qemu-img'] }),
  'qemu-server': preinstalled('9.1.2', { tools: ['qm'] }),
  systemd: preinstalled('257.9-1~deb13u1'),
  'systemd-timesyncd': { version: '257.9-1~deb13u1', units: ['systemd-timesyncd.service'] },
  'systemd-resolved': { version: '257.9-1~deb13u1', units: ['systemd-resolved.service'] },
  dnsmasq: { version: '2.91-1', units: ['dnsmasq.service'], files: { '/etc/dnsmasq.conf': '' } },
  tzdata: preinstalled('2025b-4+deb13u1'),
  'util-linux': preinstalled('2.41-5'),
  'zfs-initramfs': preinstalled('2.3.4-pve1', { files: { '/usr/share/initramfs-tools/hooks/zfs': '#!/bin/sh\n' } }),
  'zfsutils-linux': preinstalled('2.3.4-pve1', {
    tools: ['zdb', 'zfs', 'zgenhostid', 'zpool'],
    units: ['zfs-mount.service', 'zfs-import-cache.service'],
  }),
  // What else belongs to the services is said by their own areas.
  'nfs-common': preinstalled('1:2.8.3-1', { depends: ['rpcbind'] }),
  'nfs-kernel-server': { version: '1:2.8.3-1', depends: ['nfs-common'] },
  rpcbind: preinstalled('1.2.7-1'),
  samba: { version: '2:4.22.11+dfsg-0+deb13u1' },
  smbclient: preinstalled('2:4.22.11+dfsg-0+deb13u1'),
  sudo: { version: '1.9.16p2-3+deb13u2' },
  ufw: { version: '0.36.2-9', files: { '/etc/ufw/ufw.conf': 'ENABLED=no\n' } },
  // Wanted often, and there for the asking.
  htop: { version: '3.4.1-5' },
  jq: { version: '1.7.1-6+deb13u1' },
  lldpd: { version: '1.0.18-2', units: ['lldpd.service'] },
  's-tui': { version: '1.1.6-1' },
  vim: { version: '2:9.1.1230-2' },
}

export const baseUnits: Readonly<Record<string, SimUnit>> = {
  'chrony.service': { aliases: ['chronyd.service'] },
  'cron.service': {},
  'dbus.service': { static: true },
  'dnsmasq.service': {},
  'lldpd.service': {},
  'networking.service': { type: 'oneshot' },
  'pve-cluster.service': {},
  'pvedaemon.service': {},
  'pveproxy.service': {},
  'ssh.service': { aliases: ['sshd.service'] },
  'systemd-resolved.service': {},
  'systemd-timesyncd.service': {},
  'zfs-import-cache.service': { type: 'oneshot' },
  'zfs-mount.service': { type: 'oneshot' },
}

const zones = [
  'America/Chicago',
  'America/Los_Angeles',
  'America/New_York',
  'Asia/Tokyo',
  'Etc/UTC',
  'Europe/Berlin',
  'Europe/London',
  'Europe/Paris',
  'Europe/Vienna',
  'UTC',
]

const debian = `Types: deb
URIs: http://deb.debian.org/debian/
Suites: trixie trixie-updates
Components: main contrib non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.debian.org/debian-security/
Suites: trixie-security
Components: main contrib non-free-firmware
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`

const enterprise = (path: string, component: string): string => `Types: deb
URIs: https://enterprise.proxmox.com/debian/${path}
Suites: trixie
Components: ${component}
Signed-By: /usr/share/keyrings/proxmox-archive-keyring.gpg
`

/** What every Debian 13 has, the guests' too. */
export const debianFiles: Readonly<Record<string, string>> = {
  '/etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n',
  '/etc/apt/apt.conf.d/': '',
  '/etc/apt/keyrings/': '',
  '/etc/apt/sources.list.d/debian.sources': debian,
  '/usr/share/keyrings/debian-archive-keyring.gpg': '(binary)',
  '/etc/modprobe.d/': '',
  '/etc/systemd/system/': '',
  '/var/cache/apt/archives/lock': '',
  '/var/lib/apt/lists/lock': '',
  '/var/lib/dpkg/lock': '',
  '/var/lib/dpkg/lock-frontend': '',
  '/var/lib/dpkg/updates/': '',
  ...Object.fromEntries(zones.map((zone) => [`/usr/share/zoneinfo/${zone}`, 'TZif2\n'])),
}

/** What the installer of Proxmox VE 9 leaves (facts, host-tools 4.11). */
export const baseFiles: Readonly<Record<string, string>> = {
  ...debianFiles,
  '/etc/apt/sources.list.d/pve-enterprise.sources': enterprise('pve', 'pve-enterprise'),
  '/etc/apt/sources.list.d/ceph.sources': enterprise('ceph-squid', 'enterprise'),
  '/etc/hosts': '127.0.0.1 localhost.localdomain localhost\n10.0.0.13 pve.example.internal pve\n',
  '/etc/resolv.conf': 'search example.internal\nnameserver 10.0.0.1\n',
  '/etc/locale.conf': 'LANG=en_US.UTF-8\n',
  '/usr/lib/locale/locale-archive': 'en_US.UTF-8\n',
  '/etc/kernel/': '',
  '/etc/network/interfaces': `auto lo
iface lo inet loopback

iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 10.0.0.13/24
\tgateway 10.0.0.1
\tbridge-ports eno1
\tbridge-stp off
\tbridge-fd 0

source /etc/network/interfaces.d/*
`,
  '/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_InRelease': '',
  '/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_main_binary-amd64_Packages': '',
}
