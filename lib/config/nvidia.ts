/** The nvidia_driver section as plain data. */
import type { NvidiaDriver, PhxConfig } from './generated/types.ts'
import { plainPath } from './plain-path.ts'

export interface DeclaredRunfile {
  /** On the host: the declared one, or where the download is kept. */
  readonly path: string
  /** Null for one that is there already. */
  readonly url: string | null
  readonly sha256: string
}

interface AnyDriver {
  readonly version: string
  readonly kernelModule: 'open' | 'proprietary'
  /** PCI addresses of the GPUs that belong to virtual machines, sorted. */
  readonly passthrough: readonly string[]
}

export type DeclaredDriver = AnyDriver &
  (
    | { readonly source: 'runfile'; readonly runfile: DeclaredRunfile }
    | { readonly source: 'apt'; readonly packages: readonly string[] }
  )

const cache = '/var/cache/phx'

/** Debian 13's names; the rest of `nvidia-driver` is for a screen, which a hypervisor doesn't serve. */
const debianPackages = {
  open: ['nvidia-open-kernel-dkms', 'nvidia-smi', 'nvidia-modprobe'],
  proprietary: ['nvidia-kernel-dkms', 'nvidia-smi', 'nvidia-modprobe'],
}

/** The driver that is to be there, or null when none is declared. */
export function declaredDriver(config: PhxConfig): DeclaredDriver | null {
  const section = config.nvidia_driver
  if (section?.install !== true || section.version === undefined) return null
  const { version, kernel_module: kernelModule = 'open' } = section
  const passthrough = [...new Set(section.passthrough ?? [])].sort()
  const any = { version, kernelModule, passthrough }
  if (section.source === 'apt') {
    return { ...any, source: 'apt', packages: section.packages ?? debianPackages[kernelModule] }
  }
  return { ...any, source: 'runfile', runfile: runfileOf(section, version) }
}

function runfileOf(section: NvidiaDriver, version: string): DeclaredRunfile {
  const sha256 = section.runfile_sha256 ?? ''
  if (section.runfile_path !== undefined) return { path: plainPath(section.runfile_path), url: null, sha256 }
  return { path: `${cache}/NVIDIA-Linux-${version}.run`, url: section.runfile_url ?? null, sha256 }
}
