/**
 * Pools that could be imported, from the listing of `zpool import` (it has no -j in 2.3). Read only when a declared pool
 * isn't imported. Destroyed pools (-D) are not in it: their disks show up by their signatures.
 */
import type { Probe } from '../../engine/resource.ts'
import { ask } from './ask.ts'
import type { Leaf, Role, Vdev } from './pools.ts'

export interface ImportablePool {
  readonly name: string
  readonly guid: string
  /** `ONLINE`, `DEGRADED`, `UNAVAIL`, … */
  readonly state: string
  readonly status: string | null
  readonly action: string | null
  readonly vdevs: readonly Vdev[]
}

interface Line {
  readonly depth: number
  readonly name: string
  readonly state: string
}

const sections: Readonly<Record<string, Role>> = {
  logs: 'log',
  cache: 'cache',
  special: 'special',
  spares: 'spare',
  dedup: 'dedup',
}

const isGroup = (name: string): boolean => /^(mirror|raidz[123]|draid[123].*|spare|replacing)-\d+$/.test(name)

const leaf = ({ name, state }: Line): Leaf => ({
  name,
  guid: /^\d+$/.test(name) ? name : '',
  path: name.startsWith('/') ? name : /^\d+$/.test(name) ? null : `/dev/disk/by-id/${name}`,
  devid: null,
  state,
  wholeDisk: !/-part\d+$/.test(name),
  failed: { reads: 0, writes: 0, checksums: 0 },
  replaces: null,
})

/** The tree under `config:`: a tab, then two blanks a level; the first line is the pool itself. */
function vdevsFrom(lines: readonly Line[]): Vdev[] {
  const vdevs: (Vdev & { readonly leaves: Leaf[] })[] = []
  let role: Role = 'data'
  for (const line of lines.slice(1)) {
    if (line.depth === 0) {
      role = sections[line.name] ?? 'data'
      continue
    }
    const type = line.name.replace(/-\d+$/, '')
    const group = isGroup(line.name)
    if (line.depth === 1) {
      const isDisk = !group || type === 'spare' || type === 'replacing'
      vdevs.push({
        guid: null,
        role,
        name: line.name,
        type: isDisk ? 'disk' : type,
        state: line.state,
        leaves: group ? [] : [leaf(line)],
      })
    } else if (!group) vdevs.at(-1)?.leaves.push(leaf(line))
  }
  return vdevs
}

const oneLine = (text: string | undefined): string | null => text?.trim().replace(/\s+/g, ' ') || null

export function parseImportable(stdout: string): ImportablePool[] {
  return stdout
    .split(/^(?= +pool: )/m)
    .filter((block) => /^ +pool: /.test(block))
    .map((block) => {
      const [head = '', tree = ''] = block.split(/^config:\n/m)
      const field = (name: string): string | undefined =>
        new RegExp(`^ *${name}: ((?:.*)(?:\\n\\t.*)*)`, 'm').exec(head)?.[1]
      const lines = tree
        .split('\n')
        .filter((line) => line.startsWith('\t') && line.trim() !== '')
        .map((line) => {
          const text = line.slice(1)
          const [name = '', state = ''] = text.trim().split(/\s+/)
          return { depth: (text.length - text.trimStart().length) / 2, name, state }
        })
      return {
        name: field('pool')?.trim() ?? '',
        guid: field('id')?.trim() ?? '',
        state: field('state')?.trim() ?? '',
        status: oneLine(field('status')),
        action: oneLine(field('action')),
        vdevs: vdevsFrom(lines),
      }
    })
}

export const importableProbe: Probe<readonly ImportablePool[]> = {
  id: 'zpool import',
  async read({ reader }) {
    // It reads labels from every disk, so a disk with errors makes it slow.
    const { stdout } = await ask(reader, ['zpool', 'import'], 'list the pools that could be imported', {
      timeoutMs: 120_000,
    })
    return parseImportable(stdout)
  },
}
