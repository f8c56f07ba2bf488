/** `zpool status -j` in the shape that was recorded (zfs.jsonl scenes 8, 9, 37, 46), from a short description. */
import type { PoolFact } from './rig.ts'

let guid = 0

function leaf(text: string, role: string) {
  const [given = '', state = 'ONLINE'] = text.split(':')
  const whole = !/-part\d+$/.test(given)
  const gone = state === 'CANT_OPEN'
  const own = String(guid++)
  const path = `/dev/disk/by-id/${given}${whole ? '-part1' : ''}`
  const name = gone ? own : given
  return [
    name,
    { name, vdev_type: 'disk', guid: own, path, class: role, state, ...(gone ? { was: path } : {}) },
  ] as const
}

/** `mirror a b`, `raidz1 a b c`, or one disk a word. */
function vdevs(specs: readonly string[], role: string) {
  return Object.fromEntries(
    specs.flatMap((spec, index): (readonly [string, object])[] => {
      const [first = '', ...rest] = spec.split(' ')
      if (!/^(mirror|raidz[123])$/.test(first)) return [first, ...rest].map((disk) => leaf(disk, role))
      const name = `${first}-${index}`
      const children = Object.fromEntries(rest.map((disk) => leaf(disk, role)))
      const type = first.startsWith('raidz') ? 'raidz' : first
      return [[name, { name, vdev_type: type, guid: String(guid++), class: role, state: 'ONLINE', vdevs: children }]]
    }),
  )
}

export function poolStatus(pools: Readonly<Record<string, PoolFact>>): string {
  guid = 100_000_000_000
  const entries = Object.entries(pools).map(([name, pool]) => {
    const own = pool.guid ?? '8536746670883237464'
    const state = pool.state ?? 'ONLINE'
    const root = { name, vdev_type: 'root', guid: own, class: 'normal', state, vdevs: vdevs(pool.vdevs, 'normal') }
    const more = {
      ...(pool.special ? { special: vdevs(pool.special, 'special') } : {}),
      ...(pool.logs ? { logs: vdevs(pool.logs, 'log') } : {}),
      ...(pool.cache ? { l2cache: vdevs(pool.cache, 'l2cache') } : {}),
      ...(pool.spares ? { spares: vdevs(pool.spares, 'spare') } : {}),
    }
    return [name, { name, state, pool_guid: own, vdevs: { [name]: root }, ...more, error_count: '0' }]
  })
  const output_version = { command: 'zpool status', vers_major: 0, vers_minor: 1 }
  return JSON.stringify({ output_version, pools: Object.fromEntries(entries) })
}
