/**
 * Whether two paths can be told to name one disk without asking a host. udev gives a disk several names
 * (60-persistent-storage.rules); those that carry the same number are matched here, the rest only the host can tell.
 */
import { plainPath } from './plain-path.ts'

interface DiskName {
  /** Every spelling of the whole disk that follows from the name. */
  readonly spellings: readonly string[]
  /** `1` for `…-part1`; undefined for the whole disk. */
  readonly partition: string | undefined
}

export function sameDisk(one: string, other: string): boolean {
  const first = diskName(plainPath(one))
  const second = diskName(plainPath(other))
  if (first.partition !== undefined && second.partition !== undefined && first.partition !== second.partition)
    return false
  return first.spellings.some((spelling) => second.spellings.includes(spelling))
}

/** Names that the kernel hands out in the order of finding; another disk may have them after the next start. */
export function isKernelName(path: string): boolean {
  return kernelName(plainPath(path)) !== null
}

/** The whole disk, and the partition's number where there is one. */
function kernelName(path: string): RegExpExecArray | null {
  return (
    /^(\/dev\/(?:s|h|v|xv)d[a-z]+)([0-9]+)?$/.exec(path) ??
    /^(\/dev\/(?:nvme[0-9]+n[0-9]+|mmcblk[0-9]+))(?:p([0-9]+))?$/.exec(path)
  )
}

function diskName(path: string): DiskName {
  const kernel = kernelName(path)
  if (kernel !== null) return { spellings: [kernel[1] ?? path], partition: kernel[2] }
  const [, whole = path, partition] = /^(.*?)(?:-part([0-9]+))?$/.exec(path) ?? []
  return { spellings: spellingsOf(whole), partition }
}

function spellingsOf(whole: string): string[] {
  const id = /^\/dev\/disk\/by-id\/(.+)$/.exec(whole)?.[1]
  if (id === undefined) return [whole]
  // NAA numbers: wwn-0x5000… and scsi-35000… (the 3 says "NAA"). Sixteen digits, or 32 of the extended form.
  const naa = /^(?:wwn-0x|scsi-3)([0-9a-f]{16}|[0-9a-f]{32})$/i.exec(id)?.[1]
  if (naa !== undefined) return [`naa:${naa.toLowerCase()}`]
  const eui = /^(?:nvme-|wwn-|scsi-2)(?:eui\.)?([0-9a-f]{16}|[0-9a-f]{32})$/i.exec(id)?.[1]
  if (eui !== undefined) return [`eui:${eui.toLowerCase()}`]
  // nvme-MODEL_SERIAL and nvme-MODEL_SERIAL_1: the second counts the namespace and means the first's only one.
  if (id.startsWith('nvme-')) return [id, ...(/_[0-9]{1,3}$/.test(id) ? [] : [`${id}_1`])]
  // ata-MODEL_SERIAL, scsi-SATA_MODEL_SERIAL, scsi-0ATA_…, scsi-1ATA_…: the model may be cut, the serial is not.
  const serial = /^(?:ata|scsi-(?:SATA|0ATA|1ATA))[-_].*_([^_]{4,})$/.exec(id)?.[1]
  return serial === undefined ? [id] : [`ata:${serial}`]
}
