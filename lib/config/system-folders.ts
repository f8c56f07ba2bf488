/** Folders of a Linux system that nothing may be mounted over. */
import { liesIn } from './dataset-mounts.ts'

/** Nothing may be mounted on these or below: the system's programs, settings and devices are there. */
const SYSTEM_TREES = [
  ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/libx32'],
  ...['/proc', '/run', '/sbin', '/sys', '/usr'],
]
/** Nothing may be mounted on these; a folder below, such as /var/lib/docker, is a usual place. */
const SYSTEM_FOLDERS = ['/', '/root', '/tmp', '/var', '/var/lib', '/var/lib/dpkg', '/var/lib/vz', '/var/log']

export function isOfSystem(path: string): boolean {
  return SYSTEM_FOLDERS.includes(path) || SYSTEM_TREES.some((tree) => liesIn(path, tree))
}
