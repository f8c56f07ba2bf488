/** The images that guests are made from: Debian 13 as a cloud image, and as Proxmox VE's container template. */
import { seedAccounts } from '../accounts/seed.ts'
import { makeFolders, parentOf, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { emptyContent } from '../partitions.ts'
import { debianFiles } from '../system/base.ts'
import { setUp } from '../system/install.ts'
import { addKernel } from '../system/kernel.ts'
import { systemOf } from '../system/state.ts'
import type { GuestState } from './state.ts'

const everywhere = [
  ...[
    'adduser',
    'apt',
    'base-files',
    'bash',
    'ca-certificates',
    'coreutils',
    'cron',
    'dbus',
    'dpkg',
    'findutils',
    'iproute2',
  ],
  ...['iputils-ping', 'locales', 'logrotate', 'openssh-server', 'passwd', 'procps', 'systemd', 'tzdata', 'util-linux'],
]
const packages: Readonly<Record<GuestState['kind'], readonly string[]>> = {
  vm: [...everywhere, 'cloud-init', 'curl', 'initramfs-tools', 'netplan.io', 'qemu-guest-agent', 'sudo'],
  lxc: everywhere,
}

/** Of Debian 13's cloud images (linux-image-cloud-amd64). */
const kernel = '6.12.57+deb13-cloud-amd64'

const folders = ['/boot', '/dev', '/etc', '/home', '/mnt', '/opt', '/root', '/run', '/srv', '/tmp', '/usr', '/var/log']

/** An image is no machine yet: it has no identity, and nobody has fetched the archive's lists (seen: debian-13-genericcloud). */
const freshFiles: Readonly<Record<string, string>> = {
  '/etc/fstab': '',
  '/etc/hostname': 'localhost\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/machine-id': '',
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\n',
  '/etc/resolv.conf': '',
}

function build(kind: GuestState['kind']): SimState {
  const isMachine = kind === 'vm'
  const state: SimState = {
    format: 1,
    hostname: 'localhost',
    hostid: '007f0100',
    random: 1,
    now: 0,
    files: {},
    disks: isMachine ? [bootDisk()] : [],
    pools: [],
    volumes: {},
    mounts: isMachine
      ? [{ source: '/dev/sda1', target: '/', fstype: 'ext4', options: 'rw,relatime' }]
      : [{ source: 'rootfs', target: '/', fstype: 'zfs', options: 'rw,relatime,xattr,posixacl' }],
    swaps: [],
    holders: [],
    udev: { stale: {} },
    symlinks: { '/etc/localtime': '/usr/share/zoneinfo/Etc/UTC' },
  }
  seedAccounts(state)
  for (const folder of folders) makeFolders(state, folder)
  for (const [path, content] of Object.entries({ ...debianFiles, ...freshFiles })) {
    makeFolders(state, path.endsWith('/') ? path.slice(0, -1) : parentOf(path))
    if (!path.endsWith('/')) writeText(state, path, content)
  }
  if (isMachine) {
    systemOf(state).kernel = kernel
    addKernel(state, kernel)
    writeText(
      state,
      '/etc/fstab',
      'UUID=6d9b5e1c-27a4-4c0a-9c55-0d1f5a3b7e10 / ext4 rw,discard,errors=remount-ro 0 1\n',
    )
  }
  for (const name of packages[kind]) setUp(state, name)
  return state
}

function bootDisk(): SimState['disks'][number] {
  const root = {
    number: 1,
    start: 2 ** 27,
    size: 2 ** 31,
    type: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    uuid: '0b6a2f5d-6f0a-4b0e-9e3a-8f1d2c3b4a59',
    name: null,
    content: {
      ...emptyContent(),
      signatures: [{ type: 'ext4', offset: 0x438, uuid: '6d9b5e1c-27a4-4c0a-9c55-0d1f5a3b7e10', label: null }],
    },
  }
  return {
    kname: 'sda',
    size: 2 ** 31 + 2 ** 28,
    serial: 'drive-scsi0',
    wwn: null,
    model: 'QEMU HARDDISK',
    transport: 'scsi',
    ids: ['scsi-0QEMU_QEMU_HARDDISK_drive-scsi0'],
    readOnly: false,
    present: true,
    readErrors: false,
    content: emptyContent(),
    table: { type: 'gpt', uuid: '5f1c7d2e-3a4b-4c5d-8e6f-7a8b9c0d1e2f', partitions: [root] },
  }
}

const built = new Map<GuestState['kind'], SimState>()

/** The same one each time: it is read, never changed. */
export function imageOf(kind: GuestState['kind']): SimState {
  const known = built.get(kind) ?? build(kind)
  built.set(kind, known)
  return known
}
