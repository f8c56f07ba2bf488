/** A virtual machine's options as qm.conf(5) has them: what is declared, and when what is there is the same. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { behind, exactly, type Option, otherCards, properties, startup, type Values } from '../guest/option.ts'
import { propertiesOf } from '../probes/guest-conf.ts'
import { bootDisk, drivesOf, hasAgent } from '../probes/vms.ts'

/** What the graph and other steps say of it. */
export interface Surroundings {
  /** Place in the order of starting; null when it isn't started with the host. */
  readonly bootOrder: number | null
  /** Volume id of the cloud-init snippet for its first boot; null: none. */
  readonly vendorSnippet: string | null
}

export function wantedOptions(declared: DeclaredVm, live: Values, around: Surroundings): Option[] {
  const { name, cores, memoryMb, startsAtBoot, isProtected } = declared
  return [
    exactly('name', name),
    exactly('cores', String(cores), '1'),
    // Since PVE 8 also as a property: `current=2048`.
    { ...exactly('memory', String(memoryMb)), isSo: (value) => memoryOf(value) === memoryMb },
    { key: 'agent', text: '1', isSo: () => hasAgent(live) },
    exactly('onboot', startsAtBoot ? '1' : '0', '0'),
    ...(isProtected ? [exactly('protection', '1', '0')] : []),
    ...startup(declared, live, around.bootOrder),
    networkCard(declared, live.get('net0')),
    ...otherCards(declared, live, ['net0']),
    ...cloudInit(declared, live, around),
  ]
}

/** What `qm create` is given for a machine made from an image: a cloud image's hardware, and all that is declared. */
export function creationOptions(declared: DeclaredVm, storage: string, around: Surroundings): Map<string, string> {
  const options = new Map([
    ['ostype', 'l26'],
    // Its kernel talks to the serial line: qm terminal shows it.
    ['serial0', 'socket'],
    ['vga', 'serial0'],
    ['scsihw', 'virtio-scsi-single'],
    ['ide2', `${storage}:cloudinit`],
    ['boot', 'order=scsi0'],
  ])
  // Keys come in a file, which the configuration sees to.
  const wanted = wantedOptions(declared, options, around).filter(({ key }) => key !== 'sshkeys')
  for (const { key, text } of wanted) options.set(key, text)
  return options
}

const memoryOf = (value: string | undefined): number => {
  const found = propertiesOf(value ?? '512')
  return Number(found.get('current') ?? found.get(''))
}

const models = ['virtio', 'e1000', 'e1000e', 'vmxnet3', 'rtl8139']

/** Its model, and an address that nobody declared, stay as they are. */
function networkCard({ bridge, macAddress, firewall }: DeclaredVm, live: string | undefined): Option {
  const there = live === undefined ? undefined : [...propertiesOf(live).keys()].find((key) => models.includes(key))
  const wanted = { ...(macAddress === null ? {} : { [there ?? 'virtio']: macAddress }), bridge, ...behind(firewall) }
  if (live !== undefined) return properties('net0', live, wanted)
  return properties('net0', macAddress === null ? 'virtio' : undefined, wanted)
}

function cloudInit(declared: DeclaredVm, live: Values, { vendorSnippet }: Surroundings): Option[] {
  const { network, user, searchDomain } = declared
  const { ip, gateway, nameservers } = network
  const address = { ip, ...(gateway === null ? {} : { gw: gateway }) }
  return [
    ...drive(declared, live),
    properties('ipconfig0', live.get('ipconfig0'), address),
    ...(nameservers.length > 0 ? [exactly('nameserver', nameservers.join(' '))] : []),
    ...(searchDomain === null ? [] : [exactly('searchdomain', searchDomain)]),
    ...(vendorSnippet === null ? [] : [properties('cicustom', live.get('cicustom'), { vendor: vendorSnippet })]),
    ...(user === null ? [] : [exactly('ciuser', user.name)]),
    ...(user === null || user.sshKeys.length === 0 ? [] : [keys(user.sshKeys)]),
  ]
}

/** The drive with which cloud-init is told all this; allocated anew each time it is set, so only where there is none. */
function drive({ storage }: DeclaredVm, live: Values): Option[] {
  if (drivesOf(live).some(({ isCloudInit }) => isCloudInit)) return []
  const where = storage ?? bootDisk(live)?.volume.split(':')[0]
  return where === undefined ? [] : [{ key: 'ide2', text: `${where}:cloudinit`, isSo: () => false }]
}

/** `--sshkeys` takes a file; what stands in the configuration is percent-encoded. */
function keys(wanted: readonly string[]): Option {
  const linesOf = (live: string | undefined): string[] =>
    decoded(live ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
  return {
    key: 'sshkeys',
    text: `${wanted.join('\n')}\n`,
    shown: [...wanted],
    isFile: true,
    read: (live) => decoded(live).trim(),
    isSo: (live) => [...linesOf(live)].sort().join('\n') === [...wanted].sort().join('\n'),
  }
}

/** Proxmox VE keeps it percent-encoded. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
