/** Where an ext file system was last mounted, which tells a person more than its type: dumpe2fs(8), from the superblock. */
import type { Probe } from '../../engine/resource.ts'

/** Null when it was never mounted, or nobody can tell: this only ever adds a word to what is known anyway. */
export function lastMountedProbe(path: string): Probe<string | null> {
  const argv = ['dumpe2fs', '-h', path]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const { exitCode, stdout } = await reader.query(argv)
      const place = exitCode === 0 ? /^Last mounted on:\s+(.+)$/m.exec(stdout)?.[1]?.trim() : undefined
      return place === undefined || place === '<not available>' ? null : place
    },
  }
}

export const isExt = (type: string): boolean => /^ext[234]$/.test(type)
