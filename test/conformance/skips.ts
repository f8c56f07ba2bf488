/**
 * What phx never calls. Only these may be skipped, and only when the simulation refuses them as `not simulated`: what it
 * does answer is compared. Anything else that it refuses is a failure.
 */
type Rule = { reason: string; matches(argv: readonly string[]): boolean }

const verb = (tool: string, verbs: readonly string[], reason: string): Rule => ({
  reason: `${tool} ${verbs.join('|')}: ${reason}`,
  matches: (argv) => argv[0] === tool && verbs.includes(argv[1] ?? ''),
})
const tool = (names: readonly string[], reason: string): Rule => ({
  reason: `${names.join(', ')}: ${reason}`,
  matches: (argv) => names.includes(argv[0] ?? ''),
})
const option = (name: string, pattern: RegExp, reason: string): Rule => ({
  reason: `${name} ${reason}`,
  matches: (argv) => argv[0] === name && argv.slice(1).some((word) => pattern.test(word)),
})

const rules: readonly Rule[] = [
  verb('zfs', ['send', 'receive', 'recv'], 'replication'),
  verb('zfs', ['allow', 'unallow'], 'delegation'),
  verb('zfs', ['userspace', 'groupspace', 'projectspace', 'project'], 'accounting by user'),
  verb('zfs', ['load-key', 'unload-key', 'change-key'], 'encryption keys'),
  verb('zfs', ['share', 'unshare'], 'NFS by property'),
  verb('zfs', ['diff', 'program', 'redact', 'jail', 'unjail', 'upgrade', 'wait'], 'no part of converging'),
  verb('zfs', ['bookmark', 'promote', 'hold', 'holds', 'release'], 'snapshots are a person’s'),
  verb('zpool', ['iostat', 'events', 'prefetch', 'ddtprune'], 'monitoring'),
  verb(
    'zpool',
    ['initialize', 'trim', 'reguid', 'split', 'upgrade', 'checkpoint', 'resilver', 'reopen'],
    'maintenance',
  ),
  option('zfs', /^(encryption|keyformat|keylocation)=/, 'with encryption properties'),
  option('zpool', /^(encryption|keyformat|keylocation)=|^feature@/, 'with encryption properties or single features'),
  option('zfs', /^(user|group|project)(obj)?(quota|used)@/, 'with quotas of users and groups'),
  option('zpool', /^draid/, 'draid'),
  option('zpool', /^-l$/, 'import -l: encryption keys'),
  tool(['exportfs', 'net', 'testparm'], 'shares'),
  tool(['systemctl', 'journalctl'], 'systemd'),
  tool(['useradd', 'chown', 'su', 'sudo'], 'accounts'),
  tool(['losetup', 'mkfs.minix', 'dmsetup', 'cryptsetup', 'pvs', 'mdadm'], 'scene setting that no test needs'),
  tool(['sh', 'bash', 'python3'], 'scripts in a recording'),
  tool(['pvesh'], 'the API'),
  ...['mkfs.ext4', 'mount', 'lsblk', 'blkid', 'wipefs', 'zpool'].map((name) =>
    option(name, /^\/dev\/loop|^\/root\/.*img$/, 'on loop devices and image files'),
  ),
  option('lsblk', /^-O$/, '-O: every column'),
  option('blkid', /^(-U|-L|-k|--probe-all)$/, 'lookups by label'),
  verb('pvesm', ['prune-backups', 'export', 'import', 'extractconfig', 'apiinfo', 'cifsscan', 'nfsscan'], 'backups'),
  verb('pvesm', ['alloc', 'free', 'list', 'path', 'scan'], 'volumes are the guests’'),
  option(
    'pvesm',
    /^(pbs|cifs|iscsi|iscsidirect|lvm|lvmthin|btrfs|rbd|cephfs|esxi|zfs|glusterfs)$/,
    'other storage types',
  ),
]

/** Why phx never makes this call, or null. */
export function neverCalled(argv: readonly string[]): string | null {
  return rules.find((rule) => rule.matches(argv))?.reason ?? null
}
