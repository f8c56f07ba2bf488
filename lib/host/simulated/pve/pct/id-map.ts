/** Which numbers of the host stand for a container's own (PVE::LXC, parse_id_maps). */
import type { Part } from './config.ts'

/** `u INSIDE HOST COUNT`, as lxc.idmap takes them: those that stand there, else Proxmox VE's for an unprivileged one. */
export function idMapOf({ values, raw }: Part): string[] {
  const told = raw.flatMap(([key, value]) => (key === 'lxc.idmap' ? value : []))
  if (told.length > 0) return told
  return values.get('unprivileged') === '1' ? ['u 0 100000 65536', 'g 0 100000 65536'] : []
}

/** `UID:GID` that its root has on the host. */
export function rootOf(part: Part): string {
  const map = idMapOf(part)
  const first = (type: string): string =>
    map.flatMap((line) => new RegExp(`^${type} 0 (\\d+) `).exec(line)?.[1] ?? [])[0] ?? '0'
  return `${first('u')}:${first('g')}`
}
