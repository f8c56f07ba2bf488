/** The cloud-init drive: its image is made anew when the machine starts, or on demand. */
import { NotSimulated } from '../../tool.ts'
import { activate } from '../activate.ts'
import { exists, volumeNamed } from '../guest-volumes.ts'
import { parseKeys } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { formatOf, isWindows, metaData, network, userData } from './cloudinit.ts'
import type { VirtualMachine } from './config.ts'
import { cicustomKeys } from './device-keys.ts'
import { cloudInitBytes } from './disks.ts'
import { drivesOf, fileOf } from './drives.ts'
import type { Place } from './verb.ts'
import { allocate, pathOf } from './volumes.ts'

/** True when the configuration had what the drive didn't; that is noted no longer then. */
export function regenerate(place: Place, vm: VirtualMachine): boolean {
  const { machine, voice, vmid } = place
  for (const [, drive] of drivesOf(vm.values)) {
    if (!new RegExp(`[:/]vm-${vmid}-cloudinit(\\.\\w+)?$`).test(fileOf(drive))) continue
    const volume = volumeNamed(machine, voice, fileOf(drive))
    const files = filesFor(place, vm)
    activate(machine, voice, volume.section)
    if (!exists(machine, volume))
      allocate(place, volume.section.id, cloudInitBytes, volume.format, `vm-${vmid}-cloudinit`)
    voice.out('generating cloud-init ISO\n')
    const label = formatOf(vm.values) === 'nocloud' ? 'cidata' : 'config-2'
    machine.writeCloudInit(vmid, { path: pathOf(volume), format: volume.format, label, files })
  }
  return vm.special.delete('cloudinit')
}

/** What is told by a snippet is left to it. */
function filesFor(place: Place, { values }: VirtualMachine): Record<string, string> {
  const format = formatOf(values)
  if (format === 'opennebula' || (format === 'configdrive2' && isWindows(values)))
    throw new NotSimulated(`a cloud-init drive for ${format === 'opennebula' ? 'OpenNebula' : 'Windows'}`)
  const custom = parseKeys('', cicustomKeys, values.get('cicustom') ?? '')
  const told = (key: string): string | undefined =>
    typeof custom === 'string' || !custom.has(key) ? undefined : snippet(place, custom.get(key) ?? '')
  const user = told('user') ?? userData(values, place.vmid)
  const net = told('network') ?? network(place.machine, values)
  const meta = told('meta') ?? metaData(format, user, net)
  const vendor = told('vendor') ?? ''
  if (user.length + net.length + meta.length + vendor.length > 3 * 2 ** 20)
    throw new Refusal('Cloud-Init sum of snippets too big (> 3 MiB)\n')
  return format === 'nocloud'
    ? { '/user-data': user, '/network-config': net, '/meta-data': meta, '/vendor-data': vendor }
    : {
        '/openstack/latest/user_data': user,
        '/openstack/content/0000': net,
        '/openstack/latest/meta_data.json': meta,
        '/openstack/latest/vendor_data.json': vendor,
      }
}

function snippet({ machine, voice }: Place, id: string): string {
  const volume = volumeNamed(machine, voice, id)
  if (volume.content !== 'snippets') throw new Refusal(`${id} is not in the snippets directory\n`)
  activate(machine, voice, volume.section)
  const text = machine.readFile(volume.place)
  if (text === null) throw new Refusal(`can't find file '${id}'\n`)
  return text
}
