/**
 * What LXC is given of a container before each start, as Proxmox VE gives it (PVE::LXC, update_lxc_config, and its hook
 * lxc-pve-prestart-hook): a configuration, and a script that puts its file systems and devices in place.
 */
import { parseKeys, type Values } from '../property-string.ts'
import type { Container } from './config.ts'
import { idMapOf, rootOf } from './id-map.ts'
import { deviceKeys, netKeys } from './schema.ts'

export const folderOfLxc = (vmid: string): string => `/var/lib/lxc/${vmid}`
const rootOfLxc = (vmid: string): string => `${folderOfLxc(vmid)}/rootfs`

/** Something that is mounted into it, in the order of its numbers; `/` is the first. */
export interface Mounting {
  readonly source: string
  readonly inside: string
  readonly isReadOnly: boolean
}

/** A device node of the host. */
export interface Device {
  readonly path: string
  readonly kind: 'b' | 'c'
  readonly major: number
  readonly minor: number
}

const numbered = (container: Container, word: string): (readonly [number, string])[] =>
  [...container.values].flatMap(([key, value]) => {
    const number = new RegExp(`^${word}(\\d+)$`).exec(key)?.[1]
    return number === undefined ? [] : [[Number(number), value] as const]
  })

function propertiesOf(value: string, keys: typeof netKeys): Values {
  const values = parseKeys('', keys, value)
  return typeof values === 'string' ? new Map() : values
}

export const devicePaths = (container: Container): string[] =>
  numbered(container, 'dev').map(([, value]) => propertiesOf(value, deviceKeys).get('path') ?? '')

export function lxcConfig(vmid: string, container: Container, devices: readonly Device[]): string {
  const { values, raw } = container
  const map = idMapOf(container)
  const isMapped = map.length > 0
  const lines = [
    'lxc.cgroup.relative = 0',
    `lxc.cgroup.dir.monitor = lxc.monitor/${vmid}`,
    `lxc.cgroup.dir.container = lxc/${vmid}`,
    'lxc.cgroup.dir.container.inner = ns',
    // Debian's package has no debian.common.conf, and its kernel here no AppArmor.
    ...['common.conf', ...(isMapped ? ['userns.conf'] : [])].map(
      (name) => `lxc.include = /usr/share/lxc/config/${name}`,
    ),
    'lxc.apparmor.profile = unconfined',
    'lxc.monitor.unshare = 1',
    ...map.map((line) => `lxc.idmap = ${line}`),
    `lxc.uts.name = ${values.get('hostname') ?? `CT${vmid}`}`,
    `lxc.cgroup2.memory.max = ${Number(values.get('memory') ?? 512) * 2 ** 20}`,
    `lxc.rootfs.path = ${rootOfLxc(vmid)}`,
    `lxc.hook.pre-start = ${folderOfLxc(vmid)}/pre-start`,
    ...devices.map(({ path }) => `lxc.mount.entry = ${nodeOf(vmid, path)} ${path.slice(1)} none bind,create=file 0 0`),
    // With ids mapped there is no list of devices (userns.conf), and one entry would make one that forbids all others.
    ...(isMapped ? [] : devices).map(
      ({ kind, major, minor }) => `lxc.cgroup2.devices.allow = ${kind} ${major}:${minor} rw`,
    ),
    ...numbered(container, 'net').flatMap(([number, value]) => cardLines(vmid, number, value)),
    ...raw.flatMap(([key, value]) => (key === 'lxc.idmap' ? [] : `${key} = ${value}`)),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const nodeOf = (vmid: string, path: string): string => `${folderOfLxc(vmid)}/devices${path}`

/** Addresses are LXC's to set: the system inside need not know of them. Without a DHCP server in the lab, `dhcp` gets none. */
function cardLines(vmid: string, number: number, value: string): string[] {
  const card = propertiesOf(value, netKeys)
  const told = (key: string, word: string): string[] => (card.has(key) ? [`${word} = ${card.get(key)}`] : [])
  const address = card.get('ip')?.includes('/') ? told('ip', 'ipv4.address') : []
  const lines = [
    'type = veth',
    `veth.pair = veth${vmid}i${number}`,
    ...told('bridge', 'link'),
    ...told('name', 'name'),
    ...told('hwaddr', 'hwaddr'),
    ...told('mtu', 'mtu'),
    ...address,
    ...(address.length > 0 ? told('gw', 'ipv4.gateway') : []),
    ...(card.get('link_down') === '1' ? [] : ['flags = up']),
  ]
  return lines.map((line) => `lxc.net.${number}.${line}`)
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Runs as root in the mount namespace of the container's monitor (lxc.container.conf(5), lxc.monitor.unshare). */
export function preStart(
  vmid: string,
  container: Container,
  mountings: readonly Mounting[],
  devices: readonly Device[],
): string {
  const { values } = container
  const name = values.get('hostname') ?? `CT${vmid}`
  const servers = (values.get('nameserver') ?? '').split(/[\s,]+/).filter((word) => word !== '')
  const lines = [
    '#!/bin/sh -e',
    `exec 2>${quoted(`${folderOfLxc(vmid)}/pre-start.log`)}`,
    `root=${quoted(rootOfLxc(vmid))} owner=${rootOf(container)}`,
    'folder() { [ -d "$1" ] || { folder "$(dirname "$1")"; mkdir "$1"; chown "$owner" "$1"; }; }',
    // A link in there would lead to a folder of the host.
    'inside() { [ "$(realpath -m "$1")" = "$1" ] || { echo "$1 leads through a symbolic link" >&2; exit 1; }; }',
    'place() { inside "$root$2"; folder "$root$2"; mount --bind "$1" "$root$2"; [ "$3" = rw ] || mount -o "remount,bind,$3" "$root$2"; }',
    'text() { rm -f "$root$1"; printf "$2" >"$root$1"; chown "$owner" "$root$1"; }',
    ...mountings.map(
      ({ source, inside, isReadOnly }) =>
        `place ${quoted(source)} ${quoted(inside === '/' ? '' : inside)} ${isReadOnly ? 'ro' : 'rw'}`,
    ),
    // As PVE::LXC::Setup writes them before each start.
    `text /etc/hostname '${name}\\n'`,
    `text /etc/hosts '127.0.0.1 localhost\\n127.0.1.1 ${name}\\n'`,
    ...(servers.length > 0 ? [`text /etc/resolv.conf '${servers.map((one) => `nameserver ${one}\\n`).join('')}'`] : []),
    // The lab's template serves virtual machines, too; Proxmox VE's for containers have no cloud-init.
    'if [ -d "$root/etc/cloud" ]; then text /etc/cloud/cloud-init.disabled ""; fi',
    ...(devices.length > 0 ? nodeLines(vmid, container, devices) : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Nodes of its own, with the owner and mode that are declared: the host's stay as they are. */
function nodeLines(vmid: string, container: Container, devices: readonly Device[]): string[] {
  const folder = nodeOf(vmid, '')
  const owner = rootOf(container).split(':').map(Number)
  const told = numbered(container, 'dev').map(([, value]) => propertiesOf(value, deviceKeys))
  return [
    `mkdir -p ${folder}; mount -t tmpfs -o mode=0755 none ${folder}`,
    ...devices.flatMap(({ path, kind, major, minor }) => {
      const node = quoted(nodeOf(vmid, path))
      const own = told.find((values) => values.get('path') === path)
      const [uid, gid] = ['uid', 'gid'].map((key, index) => (owner[index] ?? 0) + Number(own?.get(key) ?? 0))
      return [
        `mkdir -p "$(dirname ${node})"; mknod ${node} ${kind} ${major} ${minor}`,
        `chmod ${own?.get('mode') ?? '0660'} ${node}; chown ${uid}:${gid} ${node}`,
      ]
    }),
  ]
}
