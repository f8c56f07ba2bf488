/** ZFS's cache in memory as it is now, and what files of /etc/modprobe.d say of it. */
import type { Probe } from '../../engine/resource.ts'

export interface ArcNow {
  /** zfs_arc_max as it was set, 0: not at all; undefined where ZFS isn't loaded. */
  readonly parameter: number | undefined
  /** What ZFS goes by, in bytes: a value that it found wrong it has ignored without a word. */
  readonly max: number | undefined
  readonly min: number | undefined
  /** The host's memory in bytes; 0 when it isn't told. */
  readonly memory: number
}

const statistic = (text: string | undefined, name: string): number | undefined => {
  const found = new RegExp(`^${name}\\s+\\d+\\s+(\\d+)$`, 'm').exec(text ?? '')?.[1]
  return found === undefined ? undefined : Number(found)
}

export const arcNowProbe: Probe<ArcNow> = {
  id: 'arcstats',
  async read({ reader }) {
    const [parameter, statistics, meminfo] = await Promise.all([
      reader.readFile('/sys/module/zfs/parameters/zfs_arc_max'),
      reader.readFile('/proc/spl/kstat/zfs/arcstats'),
      reader.readFile('/proc/meminfo'),
    ])
    return {
      parameter: parameter === undefined ? undefined : Number(parameter.trim()),
      max: statistic(statistics, 'c_max'),
      min: statistic(statistics, 'c_min'),
      memory: Number(/^MemTotal:\s+(\d+) kB$/m.exec(meminfo ?? '')?.[1] ?? 0) * 1024,
    }
  },
}

export interface OtherLimit {
  readonly path: string
  readonly bytes: number
}

const folder = '/etc/modprobe.d'

/** The last one that a file of modprobe.d(5) sets. */
export const limitIn = (text: string): number | undefined => {
  const found = [...text.matchAll(/^\s*options\s+zfs\s(?:.*\s)?zfs_arc_max=(\d+)/gm)].at(-1)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Limits in files other than `own`, in the order in which they are read. */
export function limitsOfOthersProbe(own: string): Probe<readonly OtherLimit[]> {
  return {
    id: folder,
    async read({ reader }) {
      const names = ((await reader.listDir(folder)) ?? []).filter((name) => name.endsWith('.conf'))
      const found = await Promise.all(
        names.map(async (name): Promise<OtherLimit[]> => {
          const path = `${folder}/${name}`
          const bytes = path === own ? undefined : limitIn((await reader.readFile(path)) ?? '')
          return bytes === undefined ? [] : [{ path, bytes }]
        }),
      )
      return found.flat()
    },
  }
}
