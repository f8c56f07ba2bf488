/** What Proxmox VE writes into a container each time before it starts (PVE::LXC::Setup), and what it mounts there. */
import { writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { parseMount, volumeOf } from '../pve/pct/mountpoints.ts'
import { runningKernel } from '../system/kernel.ts'
import { systemOf } from '../system/state.ts'
import { leaseOf } from './lease.ts'
import { type Place, settingsOf } from './place.ts'
import { mountView } from './views.ts'

const keysOf = (text: string): ReadonlyMap<string, string> =>
  new Map(text.split(',').map((word) => [word.replace(/=.*/s, ''), word.replace(/^[^=]*=/, '')]))

export function setUpContainer(system: SimState, place: Place): void {
  const settings = settingsOf(place)
  const { host } = place
  systemOf(system).kernel = runningKernel(host)
  system.hostname = settings.get('hostname') ?? `CT${place.id}`
  writeText(system, '/etc/hostname', `${system.hostname}\n`)
  writeText(system, '/etc/hosts', `127.0.0.1 localhost\n127.0.1.1 ${system.hostname}\n`)
  const servers = settings.get('nameserver')?.split(/[\s,]+/)
  const search = settings.get('searchdomain')
  const own = [...(search ? [`search ${search}`] : []), ...(servers ?? []).map((one) => `nameserver ${one}`)]
  const resolv = servers || search ? own.map((line) => `${line}\n`).join('') : host.files['/etc/resolv.conf']?.content
  writeText(system, '/etc/resolv.conf', resolv ?? '')
  connect(system, place, settings)
  for (const [key, value] of settings) if (/^mp\d+$/.test(key)) mountVolume(system, place, value)
}

function connect(system: SimState, place: Place, settings: ReadonlyMap<string, string>): void {
  const inForce: NonNullable<SimState['network']>['inForce'] = {}
  const stanzas = ['auto lo\niface lo inet loopback\n']
  for (const [key, value] of settings) {
    if (!/^net\d+$/.test(key)) continue
    const net = keysOf(value)
    const [name = 'eth0', ip = 'manual', gateway] = [net.get('name'), net.get('ip'), net.get('gw')]
    const lease = ip === 'dhcp' ? leaseOf(place) : undefined
    const isFixed = ip.includes('/')
    const addresses = isFixed ? [ip] : lease ? [lease.address] : []
    inForce[name] = { addresses, gateway: gateway ?? lease?.gateway ?? null }
    const method = isFixed ? 'static' : ip
    const lines = [`auto ${name}`, `iface ${name} inet ${method}`, ...(isFixed ? [`\taddress ${ip}`] : [])]
    stanzas.push(`${[...lines, ...(gateway ? [`\tgateway ${gateway}`] : [])].join('\n')}\n`)
  }
  writeText(system, '/etc/network/interfaces', stanzas.join('\n'))
  system.network = { ...system.network, inForce }
}

/** Numbers of an unprivileged container begin there on its host, unless lxc.idmap says otherwise. */
function shiftOf(place: Place): number {
  const settings = settingsOf(place)
  if (settings.get('unprivileged') !== '1') return 0
  const told = /^u 0 (\d+) /.exec(settings.get('lxc.idmap') ?? '')?.[1]
  return Number(told ?? 100_000)
}

function mountVolume(system: SimState, place: Place, value: string): void {
  const { host } = place
  const mount = parseMount('mp0', value)
  const [volume, target = ''] = [volumeOf(mount), mount.get('mp')]
  const path = volume.startsWith('/') ? volume : pathOf(host, volume)
  if (path === undefined) return
  const source = host.mounts.find((one) => one.target === path)?.source ?? path
  const isReadOnly = mount.get('ro') === '1'
  const options = `${isReadOnly ? 'ro' : 'rw'},relatime,xattr,posixacl`
  mountView(system, { source, target, fstype: 'zfs', options, behind: { path, shift: shiftOf(place) } })
}

/** Where a volume of a pool is mounted on the host: its name is the last part of its dataset's. */
function pathOf(host: SimState, volume: string): string | undefined {
  const name = volume.slice(volume.lastIndexOf(':') + 1).replace(/^.*\//, '')
  return host.mounts.find(({ fstype, source }) => fstype === 'zfs' && source.endsWith(`/${name}`))?.target
}
