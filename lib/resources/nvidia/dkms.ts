/** What DKMS has built for which kernel, from one call. */
import type { Look, Probe } from '../../engine/resource.ts'

export interface DkmsModule {
  /** NVIDIA's runfile says `nvidia`, Debian's packages `nvidia-current` and `nvidia-current-open`. */
  readonly name: string
  readonly version: string
  /** Null when it is only registered. */
  readonly kernel: string | null
  /** `added`, `built`, `installed`, `broken`. */
  readonly state: string
  /** False when what lies in /lib/modules is not what was built. */
  readonly isIntact: boolean
}

/** Lines `MODULE/VERSION, KERNEL, ARCH: STATE (REMARKS)`, `MODULE/VERSION: added` (dkms 3, do_status). */
export function parseDkms(stdout: string): DkmsModule[] {
  return stdout.split('\n').flatMap((line) => {
    const [, name, version, kernel, state, remarks = ''] =
      /^([^/,\s]+)\/([^,:\s]+)(?:, ([^,\s]+), [^,:\s]+)?: ([a-z-]+)(.*)$/.exec(line) ?? []
    if (name === undefined || version === undefined || state === undefined) return []
    const isIntact = !/Differences between|WARNING! Diff|modules are missing/.test(remarks)
    return [{ name, version, kernel: kernel ?? null, state, isIntact }]
  })
}

/** Nothing when dkms isn't installed yet: then it has built nothing. */
const dkmsProbe: Probe<readonly DkmsModule[]> = {
  id: 'dkms status',
  async read({ reader }) {
    const { notFound, stdout } = await reader.query(['dkms', 'status'])
    return notFound ? [] : parseDkms(stdout)
  },
}

/** The NVIDIA modules of this version. */
export async function nvidiaModules(look: Look, version: string): Promise<DkmsModule[]> {
  const all = await look.at(dkmsProbe)
  return all.filter((one) => /^nvidia(-current)?(-open)?$/.test(one.name) && one.version === version)
}

export const isBuiltFor = (modules: readonly DkmsModule[], kernel: string): boolean =>
  modules.some((one) => one.kernel === kernel && one.state === 'installed' && one.isIntact)
