/**
 * The state of a simulated Debian 13 / Proxmox VE 9 host, as plain data: what is on its disks, what its kernel has
 * mounted and imported, and its files. Tools (lsblk, zpool, zfs, pvesm, …) are functions over it. It is kept as one JSON
 * file, so everything here must survive JSON.stringify: 64-bit numbers (GUIDs) are decimal strings, sizes are bytes
 * below 2^53.
 */
import type { AccountState } from './accounts/state.ts'
import type { FirewallState } from './firewall/state.ts'
import type { CloudInitRun } from './guest/cloud-init/run.ts'
import type { GuestState } from './guest/state.ts'
import type { NetworkState } from './system/interfaces.ts'
import type { Job } from './system/job.ts'
import type { SystemState } from './system/state.ts'

export interface SimState {
  readonly format: 1
  hostname: string
  /** Eight hexadecimal digits, as hostid(1) prints. */
  hostid: string
  /** State of the generator of GUIDs and UUIDs: the same calls on the same host give the same numbers. */
  random: number
  /** Unix time in seconds; every call that changes something moves it on. */
  now: number
  /** Regular files and folders of the root file system and of mounted ones, by absolute path. */
  files: Record<string, SimFile>
  disks: Disk[]
  /** Every pool whose labels may still be on some disk: imported, exported or destroyed. */
  pools: Pool[]
  /** What is written inside volumes, by dataset name; made when first written. */
  volumes: Record<string, Volume>
  /** In the order of mounting; the first is the root file system. */
  mounts: Mount[]
  /** Device nodes in use as swap. */
  swaps: string[]
  /** Paths that a process holds (its working folder): unmounting what is above them says `busy`. */
  holders: { path: string; by: string }[]
  udev: UdevMemory
  samba?: SimSamba
  /** Tools that this host does without, such as pvesm on a plain Debian. */
  missingTools?: string[]
  /** By Debian package; what is not here was never installed. */
  packages?: Record<
    string,
    { version: string; status: 'installed' | 'config-files' | 'not-installed' | 'half-configured' | 'unpacked' }
  >
  /** Symbolic links outside /dev, by path, to absolute paths. */
  symlinks?: Record<string, string>
  /** What apt, dpkg, systemd and the kernel know that is in no file. */
  system?: SystemState
  /** What the kernel's packet filter holds, and who is connected. */
  firewall?: FirewallState
  /** NVIDIA drivers and kernels that don't build, as `VERSION KERNEL`. */
  nvidia?: { notBuilding: string[] }
  /** Processes of accounts, and the lock on their files. */
  accounts?: AccountState
  /** Virtual machines by number, once they were started. */
  machines?: Record<string, SimMachine>
  /** The systems in its guests, by number. */
  guests?: Record<string, GuestState>
  /** Of this system itself, where it was started as a guest. */
  cloudInit?: CloudInitRun
  /** Programs that take their time. */
  jobs?: Job[]
  /** The kernel's NFS server, once it was loaded. */
  nfs?: { threads: number }
  /** Addresses in force, who answers on the network, and timers of systemd-run. */
  network?: NetworkState
  /** By unit's full name; what is not here is installed with its package but disabled and inactive. */
  units?: Record<string, { enabled: boolean; active: boolean; masked?: boolean; failed?: string; skipped?: boolean }>
}

/** What of a virtual machine is in no file of its host. */
export interface SimMachine {
  /** When it was started last. */
  since?: number
  /** What its cloud-init image holds, by path in there. */
  cloudInit?: Record<string, string>
}

export interface SimSamba {
  /** Who is connected to which share. */
  sessions: { user: string; share: string; machine: string }[]
  /** Ports on which something else listens. */
  strangers: number[]
  /** The uid that smbd remembers of a user who logged on. */
  uids?: Record<string, string>
}

/** lsblk asks udev's database, not the disk; udev reads a device anew a moment after it was written (facts, D6, D10). */
export interface UdevMemory {
  /** What udev still says of a device, by node, and for how many more changing calls. */
  stale: Record<string, { calls: number; known: DeviceFacts }>
}

/** What a probe of a block device says. */
export interface DeviceFacts {
  fstype: string | null
  label: string | null
  uuid: string | null
  pttype: string | null
}

export interface SimFile {
  type: 'file' | 'dir'
  content: string
  /** Permission bits. */
  mode: number
  /** Owner and group; root unless told. */
  uid?: number
  gid?: number
}

/** What carries a partition table: a disk or a volume. */
export interface Partitionable {
  /** The partitions that the kernel knows: those that have a device node. */
  table?: PartitionTable | null
  /** What is on the disk, present only while it differs from what the kernel knows (written while a partition was in use). */
  written?: PartitionTable | null
  /** What lies where partitions used to be: it comes back when one is made at the same place. */
  remains?: Remains[]
}

export interface Remains {
  start: number
  size: number
  content: Content
}

export interface Volume extends Content, Partitionable {
  /** The dataset's, which tells it from another one of the same name and stays when it is renamed. */
  guid?: string
  /** Its node is `zd` and this: 0, 16, 32. */
  minor?: number
}

export interface Disk extends Partitionable {
  /** Kernel name: `sda`, `vdb`, `nvme0n1`. Another one after a reboot; the rest stays. */
  kname: string
  /** Bytes. */
  size: number
  serial: string
  /** `0x5000c500…`, or null (virtio has none). */
  wwn: string | null
  model: string | null
  transport: 'virtio' | 'scsi' | 'sata' | 'nvme'
  /** Names in /dev/disk/by-id, without folder; partitions appear there as `NAME-partN`. */
  ids: string[]
  readOnly: boolean
  /** False after it was pulled out: no node, no links, its content stays. */
  present: boolean
  /** Every read fails with EIO. */
  readErrors: boolean
  content: Content
  table: PartitionTable | null
}

export interface PartitionTable {
  type: 'gpt' | 'dos'
  uuid: string
  partitions: Partition[]
  /** Pieces of a GPT that were overwritten: the header at the start, the one at the end, the protective MBR. */
  lost?: ('primary' | 'backup' | 'pmbr')[]
}

export interface Partition {
  number: number
  /** Bytes from the start of the disk. */
  start: number
  size: number
  /** GPT type GUID or MBR type such as `0x83`. */
  type: string
  uuid: string
  /** GPT name: `zfs-…` for those that ZFS made. */
  name: string | null
  content: Content
}

/** What is written inside a block device (a whole disk, a partition, a volume). */
export interface Content {
  /** Superblocks that wipefs would list, besides a partition table and ZFS labels. */
  signatures: Signature[]
  /** A ZFS label and the part of its four copies that is still readable. Survives a wipe of the disk around it. */
  label: Label | null
  /** Bytes of a pool member that were overwritten with garbage behind the labels: a scrub finds them. */
  damaged?: number
  /** Files of a file system made here (path inside it to content): they survive unmounting, and so a test can prove that data lived. */
  files: Record<string, string>
}

export interface Signature {
  /** As wipefs names it: `ext4`, `swap`, `LVM2_member`, `crypto_LUKS`, `linux_raid_member`, `xfs`, … */
  type: string
  /** Byte offset, as wipefs shows it. */
  offset: number
  uuid: string | null
  label: string | null
  /** Where an ext file system was mounted last. */
  lastMounted?: string
}

export interface Label {
  poolGuid: string
  vdevGuid: string
  /** Cache and spare labels name no pool (blkid shows neither label nor UUID). */
  role: 'data' | 'cache' | 'spare'
  /** False after wipefs -a erased the copies that tools recognise but not the rest: nothing lists it. */
  intact: boolean
  /** Which of the four copies are left, of 0 to 3; absent: all. mkfs of the partition overwrites 0 and 1 (facts, D28). */
  copies?: number[]
  /** What it says of its pool. `detached`: of no pool any more, though its name can still be read. */
  state?: 'active' | 'exported' | 'destroyed' | 'detached'
  /** When and by whom it was written last: members that were away are behind. */
  txg?: number
  at?: number
  host?: { id: string; name: string }
}

export interface Mount {
  /** Device node, dataset name, or `tmpfs`. */
  source: string
  target: string
  fstype: string
  /** Comma separated, as in /proc/mounts. */
  options: string
  /** What lay below `target` before, by absolute path: hidden while this is mounted, back when it goes. */
  covered?: Record<string, SimFile>
  /**
   * The folder of a guest's host that is seen here, and how far the numbers of its owners are shifted there. Closed: the
   * server takes the guest's root for somebody who may make nothing in that folder.
   */
  behind?: { path: string; shift?: number; readOnly?: true; isClosed?: true }
}

export type PoolPresence = 'imported' | 'exported' | 'destroyed'
export type VdevState = 'ONLINE' | 'DEGRADED' | 'FAULTED' | 'OFFLINE' | 'REMOVED' | 'UNAVAIL' | 'AVAIL' | 'INUSE'

export interface Pool {
  name: string
  /** Decimal. */
  guid: string
  presence: PoolPresence
  /** SUSPENDED when it lost what it cannot do without: reads of its datasets then fail or hang (facts, Z68). */
  suspended: boolean
  txg: number
  /** hostid of the host that had it imported last, for `last accessed by another system`. */
  lastHost: { id: string; name: string } | null
  /** Set with -o cachefile=none: not imported at boot. */
  cachefile: boolean
  altroot: string | null
  /** Locally set pool properties, read-back form (`ashift: '12'`). */
  properties: Record<string, string>
  /** Names of disabled features, and compatibility; everything else is enabled. */
  disabledFeatures: string[]
  data: Vdev[]
  logs: Vdev[]
  cache: Vdev[]
  spares: Vdev[]
  special: Vdev[]
  dedup: Vdev[]
  datasets: Dataset[]
  /** Lines of `zpool history`, without the time. */
  history: { at: number; text: string }[]
  /** Lines of `scan:` in zpool status, or null. */
  scan: string | null
  checkpoint: boolean
  /** Data errors, as `errors:` shows; 0 is none. */
  errorCount: number
  /** The pool's other number: a new one each time it is loaded (`zpool get load_guid`). */
  loadGuid?: string
  /** Imported with -o readonly=on. */
  readOnly?: boolean
  /** Text after `remove: ` and `expand: ` in zpool status. */
  remove?: string
  expand?: string
  /** When the checkpoint was taken. */
  checkpointAt?: number
}

export interface Vdev {
  type: 'disk' | 'mirror' | 'raidz1' | 'raidz2' | 'raidz3' | 'spare' | 'replacing' | 'file'
  /** `mirror-0`, `raidz1-1`, `spare-0`; for a leaf the name given at creation without folder (`virtio-LAB-BLK-0`). */
  name: string
  guid: string
  /** For a leaf: the path that ZFS uses, with `-part1` for a whole disk. Null for inner vdevs. */
  path: string | null
  /** True when ZFS was given a whole disk and partitioned it. */
  wholeDisk: boolean
  state: VdevState
  /** Said in brackets after the counts in zpool status: `too many errors`, `was /dev/…-part1`. */
  aux: string | null
  readErrors: number
  writeErrors: number
  checksumErrors: number
  ashift: number
  children: Vdev[]
  /** Top-level: its number in the pool (that of `mirror-0`), allocatable bytes and the size of a metaslab, fixed when it was made. */
  id?: number
  asize?: number
  metaslabShift?: number
  /** Leaf: bytes of its device when it was last opened. */
  size?: number
  /** Leaf that was away when the pool was imported: shown by its GUID, `was PATH`. */
  notPresent?: boolean
  /** Leaf taken offline or faulted with -t: only until the pool is imported again. */
  temporary?: boolean
  /** Leaf that came back and has not been resilvered since. */
  staleSince?: number
  /** Leaf: bytes written by the last resilver, and by a scrub that repaired it. */
  resilvered?: number
  selfHealed?: number
  /** Properties set on this vdev (`zpool set P=V POOL VDEV`). */
  properties?: Record<string, string>
}

export interface Dataset {
  /** Full name, such as `tank/a`; a snapshot is `tank/a@s`. */
  name: string
  type: 'filesystem' | 'volume' | 'snapshot' | 'bookmark'
  guid: string
  createtxg: number
  creation: number
  /** Set here (source local or received), read-back form in exact numbers (`recordsize: '131072'`). */
  properties: Record<string, string>
  received: string[]
  /** What a `zfs receive` brought, also where something was set or inherited over it since. */
  receivedValues?: Record<string, string>
  /** Fixed when it was made: volblocksize, encryption, casesensitivity, utf8only, normalization, volsize for volumes is above. */
  onetime: Record<string, string>
  /** Bytes written here and in no child. */
  used: number
  mounted: boolean
  /** Encrypted and the key is not loaded. */
  keyLoaded: boolean
  holds: string[]
  origin: string | null
  /** Files and folders inside it by path below its root (`a/b`), kept here while it is not mounted; a snapshot's copy. */
  files?: Record<string, SimFile>
}
