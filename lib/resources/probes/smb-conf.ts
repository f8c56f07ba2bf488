/** smb.conf and what it includes, but for phx's own file. */
import type { Look, Probe } from '../../engine/resource.ts'
import type { FileStat } from '../../host/host.ts'
import { includesIn, type Section, sectionsIn, sharesPath, smbConfPath } from '../samba/smb-conf.ts'

export interface SmbConf {
  /** Where it really lies, when it is a link. */
  readonly path: string
  /** Undefined when there is none. */
  readonly text: string | undefined
  readonly stat: FileStat | undefined
  /** Of all files. */
  readonly sections: readonly (Section & { readonly file: string })[]
}

/** As deep as smbd goes (MAX_INCLUDE_DEPTH in its loadparm.c). */
const depthOfIncludes = 5

async function sectionsOf(look: Look, file: string, text: string, depth: number): Promise<SmbConf['sections']> {
  const own = sectionsIn(text).map((section) => ({ ...section, file }))
  const included = depth === 0 ? [] : includesIn(text).filter((path) => path !== sharesPath)
  const further = included.map(async (path) => {
    const inner = await look.reader.readFile(path)
    return inner === undefined ? [] : sectionsOf(look, path, inner, depth - 1)
  })
  return [...own, ...(await Promise.all(further)).flat()]
}

export const smbConfProbe: Probe<SmbConf> = {
  id: smbConfPath,
  async read(look) {
    const path = (await look.reader.realpath(smbConfPath)) ?? smbConfPath
    const [text, stat] = await Promise.all([look.reader.readFile(path), look.reader.stat(path)])
    const sections = text === undefined ? [] : await sectionsOf(look, smbConfPath, text, depthOfIncludes)
    return { path, text, stat, sections }
  },
}
