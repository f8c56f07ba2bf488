/** What goes with a virtual machine: every volume of its own that its configuration names, as `qm destroy` goes through it. */
import { propertiesOf } from '../probes/guest-conf.ts'
import type { Vm } from '../probes/vms.ts'

export interface OwnedVolume {
  /** `scsi0`, `efidisk0`, `unused0`. */
  readonly slot: string
  /** `STORAGE:…`. */
  readonly volume: string
  readonly size: string | null
  /** False for one that bears another guest's number: that one stays. */
  readonly isOwn: boolean
}

const slots = /^((ide|sata|scsi|virtio|efidisk|tpmstate|unused)\d+|vmstate)$/

/** Also of what waits for a restart, and the memory that snapshots keep. Media and cloud-init's drive hold no data. */
export function volumesOf({ id, values, pending, snapshots }: Vm): OwnedVolume[] {
  const states = [...snapshots].flatMap(([name, part]): [string, string][] => {
    const state = part.values.get('vmstate')
    return state === undefined ? [] : [[`vmstate of ${name}`, state]]
  })
  const lines = [...values, ...pending].filter(([slot]) => slots.test(slot))
  const found = [...lines, ...states].flatMap(([slot, value]): OwnedVolume[] => {
    const words = propertiesOf(value)
    const volume = words.get('file') ?? words.get('') ?? ''
    if (!volume.includes(':') || words.get('media') === 'cdrom' || /cloudinit(\.\w+)?$/.test(volume)) return []
    const owner = /(?:^|[:/])(?:vm|base)-(\d+)-[^/]*$/.exec(volume)?.[1]
    return [{ slot, volume, size: words.get('size') ?? null, isOwn: owner === undefined || owner === id }]
  })
  return [...new Map(found.map((one) => [one.volume, one])).values()]
}
