/** udevadm(8): settle waits for udev to catch up; info shows the properties by which rules make the links. */
import { allDevices, type BlockDevice, findDevice, links, useOf } from '../devices.ts'
import type { SimState } from '../model.ts'
import { isReadable, rereadTable, SECTOR, writtenTable } from '../partitions.ts'
import { soleSuperblock } from '../probe.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { settle } from '../udev.ts'
import { deviceNumber, diskNumber } from './numbers.ts'

function properties(state: SimState, device: BlockDevice): [string, string][] {
  const { disk, partition } = device
  const { major, minor } = deviceNumber(device)
  const found = soleSuperblock(state, device)
  const own: [string, string | null | undefined][] = [
    ['DEVNAME', device.node],
    ['DEVTYPE', partition === null ? 'disk' : 'partition'],
    ['PARTN', partition?.number.toString()],
    ['PARTNAME', partition?.name],
    ['MAJOR', String(major)],
    ['MINOR', String(minor)],
    ['SUBSYSTEM', 'block'],
    ['ID_MODEL', disk?.model?.replaceAll(' ', '_')],
    ['ID_SERIAL', serialOf(device)],
    ['ID_SERIAL_SHORT', disk?.wwn?.slice(2) ?? disk?.serial],
    ['ID_WWN', disk?.wwn],
    ['ID_WWN_WITH_EXTENSION', disk?.wwn],
    ['ID_SCSI_SERIAL', disk?.transport === 'scsi' ? disk.serial : null],
    ['ID_BUS', disk?.transport === 'scsi' ? 'scsi' : null],
    ...tableProperties(device),
    ['ID_FS_LABEL', found?.label],
    ['ID_FS_UUID', found?.uuid],
    ['ID_FS_UUID_SUB', found?.type === 'zfs_member' ? device.content.label?.vdevGuid : null],
    ['ID_FS_TYPE', found?.type],
    ['ID_FS_USAGE', found === null ? null : found.type === 'crypto_LUKS' ? 'crypto' : 'filesystem'],
    ...entryProperties(device),
    ['DEVLINKS', [...links(state)].flatMap(([link, node]) => (node === device.node ? [link] : [])).join(' ')],
  ]
  return own.flatMap(([name, value]) => (value === null || value === undefined || value === '' ? [] : [[name, value]]))
}

const serialOf = ({ disk }: BlockDevice): string | undefined =>
  disk?.transport === 'scsi' && disk.wwn !== null ? `3${disk.wwn.slice(2)}` : disk?.serial

/** A disk's table, which its partitions inherit. */
function tableProperties(device: BlockDevice): [string, string | null][] {
  const table = writtenTable(device.whole)
  if (!isReadable(table)) return []
  return [
    ['ID_PART_TABLE_UUID', table.uuid],
    ['ID_PART_TABLE_TYPE', table.type],
  ]
}

function entryProperties(device: BlockDevice): [string, string | null][] {
  const { partition } = device
  const table = writtenTable(device.whole)
  if (partition === null || !isReadable(table)) return []
  return [
    ['ID_PART_ENTRY_SCHEME', table.type],
    ['ID_PART_ENTRY_NAME', partition.name],
    ['ID_PART_ENTRY_UUID', partition.uuid],
    ['ID_PART_ENTRY_TYPE', partition.type],
    ['ID_PART_ENTRY_NUMBER', String(partition.number)],
    ['ID_PART_ENTRY_OFFSET', String(partition.start / SECTOR)],
    ['ID_PART_ENTRY_SIZE', String(partition.size / SECTOR)],
    ['ID_PART_ENTRY_DISK', diskNumber(device)],
  ]
}

/** udev asks the kernel to read the tables again of disks that were written and that nothing uses (disks.jsonl 16). */
function catchUp(state: SimState): void {
  for (const device of allDevices(state))
    if (device.whole.written !== undefined && useOf(state, device) === null) rereadTable(device.whole)
  settle(state)
}

export const udevadm: Tool = (state, { args }) => {
  const [command, ...rest] = args
  if (command === 'settle' || command === 'trigger') {
    catchUp(state)
    return answer(0)
  }
  const path = rest.find((word) => word.startsWith('/')) ?? ''
  const query = rest.find((word) => word.startsWith('--query='))
  if (command !== 'info' || query !== '--query=property') throw new NotSimulated(`udevadm ${args.join(' ')}`)
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `Unknown device "${path}": No such device\n`)
  return answer(
    0,
    properties(state, device)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
}
