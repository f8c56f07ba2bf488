/**
 * What phx never calls. Only these may be skipped, and only when the simulation refuses them as `not simulated`: what it
 * does answer is compared. Anything else that it refuses is a failure.
 */
type Argv = readonly string[]

/** Every tool that phx runs on a host (readonly.ts and the steps of lib/resources); others only set scenes. */
const ownTools: readonly string[] = [
  'blockdev',
  'findmnt',
  'lsblk',
  'pct',
  'pvesm',
  'pvesh',
  'pveum',
  'qm',
  'udevadm',
  'wipefs',
  'zdb',
  'zfs',
  'zpool',
]

interface Rule {
  readonly tool: string
  readonly reason: string
  matches(words: Argv): boolean
}

const verbs = (tool: string, names: string, why: string): Rule => ({
  tool,
  reason: `${tool} ${names.replaceAll(' ', ', ')}: ${why}`,
  matches: ([verb]) => names.split(' ').includes(verb ?? ''),
})
const word = (tool: string, pattern: RegExp, why: string): Rule => ({
  tool,
  reason: `${tool} ${why}`,
  matches: (words) => words.some((each) => pattern.test(each)),
})

const rules: readonly Rule[] = [
  verbs('zfs', 'send receive recv', 'replication'),
  verbs('zfs', 'allow unallow', 'delegation'),
  verbs('zfs', 'userspace groupspace projectspace project', 'accounting by user'),
  verbs('zfs', 'load-key unload-key change-key', 'encryption keys'),
  verbs('zfs', 'diff program redact jail unjail upgrade wait', 'no part of converging'),
  verbs('zpool', 'iostat events prefetch ddtprune', 'monitoring'),
  verbs('zpool', 'initialize reguid split upgrade checkpoint resilver reopen', 'maintenance'),
  word('zfs', /^(encryption|keyformat|keylocation)=/, 'with encryption properties'),
  word('zfs', /^(user|group|project)(obj)?(quota|used)@/, 'with quotas of users and groups'),
  word('zpool', /^(encryption|keyformat|keylocation)=|^feature@/, 'with encryption properties or single features'),
  word('zpool', /^draid/, 'with draid'),
  word('zpool', /^-l$/, 'import -l: encryption keys'),
  ...['lsblk', 'wipefs', 'zpool'].map((tool) => word(tool, /^\/dev\/loop|img$/, 'on loop devices and image files')),
  word('lsblk', /^(-O|-f|-t|-S|-D|-m|-s|-P|-r|--output-all)$/, 'with another set of columns or form'),
  verbs('pct', 'df fsck fstrim cpusets', 'looking inside a container’s file systems'),
  verbs('pct', 'move-volume migrate remote-migrate restore', 'moving guests'),
  verbs('pct', 'console enter help suspend resume', 'for a person at a terminal'),
  verbs('pveum', 'ticket', 'logging in'),
  verbs('qm', 'showcmd monitor terminal vncproxy sendkey suspend resume help', 'for a person at a terminal'),
  verbs('qm', 'migrate remote-migrate mtunnel nbdstop cleanup', 'moving guests, and what Proxmox calls itself'),
  verbs('qm', 'import importovf enroll-efi-keys move-disk move_disk', 'other ways to make and move disks'),
  word('pvesh', /^\/(?!nodes\/\w+\/qemu|cluster\/resources)/, 'of what is no virtual machine'),
  verbs('pvesm', 'prune-backups export import extractconfig apiinfo cifsscan nfsscan', 'backups'),
  verbs('pvesm', 'alloc free list path scan', 'volumes are the guests’'),
  word(
    'pvesm',
    /^(pbs|cifs|iscsi|iscsidirect|lvm|lvmthin|btrfs|rbd|cephfs|esxi|zfs|glusterfs)$/,
    'of other storage types',
  ),
]

/** Why phx never makes this call, or null. */
export function neverCalled([tool = '', ...words]: Argv): string | null {
  if (!ownTools.includes(tool)) return `${tool}: sets scenes, phx doesn't run it`
  return rules.find((rule) => rule.tool === tool && rule.matches(words))?.reason ?? null
}
