/** Facts that several tests share: two disks, blank or as members of a pool. */
import type { PhxConfig, Pool } from '../../lib/config/generated/types.ts'
import type { DiskFact, Facts } from './rig.ts'

export const byId = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`

export const disk = (serial: string, kname: string, over: Partial<DiskFact> = {}): DiskFact => ({
  id: byId(serial),
  kname,
  serial,
  ...over,
})

/** A disk that ZFS was given whole: a GPT, the label four times on part1, an empty part9 (seen: disks.jsonl scene 17). */
export const member = (serial: string, kname: string, pool = 'tank', guid = '8536746670883237464'): DiskFact =>
  disk(serial, kname, {
    on: [{ type: 'gpt' }, { type: 'gpt' }, { type: 'PMBR' }],
    parts: [{ n: 1, on: Array.from({ length: 4 }, () => ({ type: 'zfs_member', label: pool, uuid: guid })) }, { n: 9 }],
  })

export const tank = (over: Partial<Pool> = {}): PhxConfig => ({
  zfs: { pools: [{ name: 'tank', raid_level: 'mirror', disks: [byId('A'), byId('B')], ...over }] },
})

export const blank: Facts = { disks: [disk('A', 'vdb'), disk('B', 'vdc')] }

/** Pool tank, a mirror of A and B, imported, with nothing in it. */
export const made: Facts = {
  disks: [member('A', 'vdb'), member('B', 'vdc')],
  pools: { tank: { vdevs: ['mirror virtio-A virtio-B'] } },
  datasets: { tank: {} },
}
