/** Virtual machines of this node, each from its file in /etc/pve/qemu-server. */
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type GuestConf, guestConfProbe, propertiesOf, readGuestConf, settledValues } from './guest-conf.ts'

export interface Vm extends GuestConf {
  readonly id: string
  /** What holds from its next start on: `values` with what is pending in its place. */
  readonly settled: ReadonlyMap<string, string>
}

const vmOf = (id: string, conf: GuestConf): Vm => ({ ...conf, id, settled: settledValues(conf) })

const whenThere = (id: string, conf: GuestConf | undefined): Vm | undefined =>
  conf === undefined ? undefined : vmOf(id, conf)

export const readVm = async (reader: Reader, id: string): Promise<Vm | undefined> =>
  whenThere(id, await readGuestConf(reader, { kind: 'vm', id }))

/** Undefined when this node has no such machine. */
export const vmProbe = (id: string): Probe<Vm | undefined> => ({
  id: `vm ${id}`,
  read: async (look) => whenThere(id, await look.at(guestConfProbe({ kind: 'vm', id }))),
})

export const nameOf = ({ id, values }: Pick<Vm, 'id' | 'values'>): string => values.get('name') ?? `VM${id}`

/** What tells it from another machine that has its id later on: its SMBIOS UUID, made with it and copied by no clone. */
export const uuidOf = ({ values }: Vm): string | null => propertiesOf(values.get('smbios1') ?? '').get('uuid') ?? null

export const tagsOf = ({ settled }: Vm): string[] =>
  (settled.get('tags') ?? '').split(/[;, ]+/).filter((tag) => tag !== '')

/** `agent: 1`, `agent: enabled=1,fstrim_cloned_disks=1` (qm.conf(5)). */
export function hasAgent(values: ReadonlyMap<string, string>): boolean {
  const properties = propertiesOf(values.get('agent') ?? '0')
  return ['1', 'yes', 'on', 'true'].includes(properties.get('enabled') ?? properties.get('') ?? '0')
}

export interface Drive {
  readonly slot: string
  /** `STORAGE:…`, or a path. */
  readonly volume: string
  readonly isCloudInit: boolean
  readonly isCdrom: boolean
  /** As it stands there, such as 32G; null when the line doesn't say. */
  readonly size: string | null
}

const driveKey = /^(ide|sata|scsi|virtio)\d+$/

export function drivesOf(values: ReadonlyMap<string, string>): Drive[] {
  return [...values].flatMap(([slot, value]): Drive[] => {
    if (!driveKey.test(slot)) return []
    const properties = propertiesOf(value)
    const volume = properties.get('file') ?? properties.get('') ?? ''
    const isCloudInit = /cloudinit(\.(raw|qcow2))?$/.test(volume)
    const isCdrom = properties.get('media') === 'cdrom'
    return [{ slot, volume, isCloudInit, isCdrom, size: properties.get('size') ?? null }]
  })
}

/** The disk that it boots from: the first one in `boot: order=…`, or in the older `bootdisk`, or the only one. */
export function bootDisk(values: ReadonlyMap<string, string>): Drive | undefined {
  const disks = drivesOf(values).filter(({ isCdrom }) => !isCdrom)
  const order =
    propertiesOf(values.get('boot') ?? '')
      .get('order')
      ?.split(';') ?? []
  for (const slot of [...order, values.get('bootdisk')]) {
    const found = disks.find((disk) => disk.slot === slot)
    if (found) return found
  }
  return disks.length === 1 ? disks[0] : undefined
}
