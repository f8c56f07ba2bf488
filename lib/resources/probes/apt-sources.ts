/** Every file in which apt looks for its sources (sources.list(5)). */
import type { Probe } from '../../engine/resource.ts'

export interface SourceFile {
  readonly path: string
  readonly text: string
  /** Permission bits: one with a password in it is not for everybody. */
  readonly mode: number
}

const folder = '/etc/apt/sources.list.d'

export const aptSourcesProbe: Probe<readonly SourceFile[]> = {
  id: folder,
  async read({ reader }) {
    const names = ((await reader.listDir(folder)) ?? []).filter((name) =>
      /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name),
    )
    const paths = ['/etc/apt/sources.list', ...names.map((name) => `${folder}/${name}`)]
    const files = await Promise.all(
      paths.map(async (path): Promise<SourceFile[]> => {
        const text = await reader.readFile(path)
        return text === undefined ? [] : [{ path, text, mode: (await reader.stat(path))?.mode ?? 0o644 }]
      }),
    )
    return files.flat()
  },
}

/** `trixie`: what a repository's suite is called on this release, from os-release(5). */
export const codenameProbe: Probe<string | undefined> = {
  id: '/etc/os-release',
  async read({ reader }) {
    const text = (await reader.readFile('/etc/os-release')) ?? (await reader.readFile('/usr/lib/os-release'))
    return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text ?? '')?.[1]
  },
}
