/** All block devices as `lsblk -J` shows them, in one process, and which of them a path leads to. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Look, Probe } from '../../engine/resource.ts'
import type { Argv, Reader } from '../../host/host.ts'
import { askJson, NoJson } from './ask.ts'

export interface BlockDevice {
  /** The kernel's name: `sda1`, `dm-0`. */
  readonly kname: string
  readonly path: string
  /** `disk`, `part`, `loop`, `lvm`, `crypt`, `raid1`, `mpath`, `rom`, … */
  readonly type: string
  readonly size: number
  /** What udev remembers; the disk itself may hold something else by now (seen: disks.jsonl scenes 6 and 10). */
  readonly fstype: string | null
  readonly label: string | null
  readonly serial: string | null
  readonly wwn: string | null
  readonly model: string | null
  /** Of a partition: GPT type GUID or MBR type. */
  readonly partType: string | null
  /** `[SWAP]` for swap in use; empty for members of pools, whose mounts are those of ZFS. */
  readonly mountpoints: readonly string[]
  readonly readOnly: boolean
  readonly parent: BlockDevice | null
  readonly children: readonly BlockDevice[]
}

interface LsblkDevice {
  readonly name: string
  readonly kname?: string
  readonly path: string
  readonly type: string
  readonly size: number | string
  readonly fstype: string | null
  readonly label: string | null
  readonly serial: string | null
  readonly wwn: string | null
  readonly model: string | null
  readonly parttype?: string | null
  /** `[null]` from util-linux 2.38, `[]` from 2.41, when nothing is mounted. */
  readonly mountpoints?: readonly (string | null)[]
  readonly ro: boolean
  readonly children?: readonly LsblkDevice[]
}

function deviceOf(device: LsblkDevice, parent: BlockDevice | null): BlockDevice {
  const children: BlockDevice[] = []
  const whole: BlockDevice = {
    kname: device.kname ?? device.name,
    path: device.path,
    type: device.type,
    size: Number(device.size),
    fstype: device.fstype,
    label: device.label,
    serial: device.serial?.trim() || null,
    wwn: device.wwn?.trim() || null,
    model: device.model?.trim() || null,
    partType: device.parttype ?? null,
    mountpoints: (device.mountpoints ?? []).filter((mountpoint) => mountpoint !== null),
    readOnly: device.ro,
    parent,
    children,
  }
  for (const child of device.children ?? []) children.push(deviceOf(child, whole))
  return whole
}

/** The device with all that stands on it. */
export const family = (device: BlockDevice): BlockDevice[] => [device, ...device.children.flatMap(family)]

/** Devices by every path the kernel gives them: `/dev/sda1`, `/dev/mapper/x`, `/dev/dm-0`. */
export type BlockDevices = ReadonlyMap<string, BlockDevice>

export function parseBlockDevices(answer: unknown): BlockDevices | undefined {
  if (typeof answer !== 'object' || answer === null || !('blockdevices' in answer)) return undefined
  const { blockdevices } = answer as { readonly blockdevices: readonly LsblkDevice[] }
  const byPath = new Map<string, BlockDevice>()
  for (const device of blockdevices.flatMap((one) => family(deviceOf(one, null)))) {
    byPath.set(device.path, device)
    byPath.set(`/dev/${device.kname}`, device)
  }
  return byPath
}

const columns = 'NAME,KNAME,PATH,TYPE,SIZE,FSTYPE,LABEL,UUID,SERIAL,WWN,MODEL,PKNAME,PTTYPE,PARTTYPE,MOUNTPOINTS,RO'

export const blockDevicesProbe: Probe<BlockDevices> = {
  id: 'lsblk',
  async read({ reader }) {
    const argv = ['lsblk', '-J', '-b', '-o', columns]
    const devices = parseBlockDevices(await listed(reader, argv))
    if (devices) return devices
    throw new CannotLook('can\'t list the block devices: lsblk printed JSON without "blockdevices"', [
      `look at what it prints: ${argv.join(' ')}`,
    ])
  },
}

const looks = 5
const lookAgainMs = 300

/** While partitions come and go, as in the `zpool create` of another pool, what lsblk prints may be no JSON (seen: util-linux 2.41). */
async function listed(reader: Reader, argv: Argv): Promise<unknown> {
  for (let look = 1; ; look++) {
    try {
      return await askJson(reader, argv, 'list the block devices')
    } catch (error) {
      if (look === looks || !(error instanceof NoJson)) throw error
    }
    await sleep(lookAgainMs)
  }
}

/** The block device that a path names, whatever link it is; undefined when nothing is there. */
export async function deviceAt(look: Look, path: string): Promise<BlockDevice | undefined> {
  const [devices, real] = await Promise.all([look.at(blockDevicesProbe), look.reader.realpath(path)])
  return real === undefined ? undefined : devices.get(real)
}
