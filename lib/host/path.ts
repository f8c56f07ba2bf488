/** `su` without a dash, cron, and an agent in a guest leave the sbin folders out; zpool and pvesm live there. */
export const standardFolders: readonly string[] = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]
