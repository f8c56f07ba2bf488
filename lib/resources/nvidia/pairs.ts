/** Drivers and kernels are a pair: those known not to build are refused before anything is touched. */

interface BadPair {
  readonly driver: RegExp
  /** From this kernel on, as [major, minor]. */
  readonly from: readonly [number, number]
  readonly source: string
}

const badPairs: readonly BadPair[] = [
  // "Build failure (DKMS Error 2) with Kernel 6.17.13-pve on Proxmox 9.1": 555.58.02, and Debian 13's 550.163.01.
  { driver: /^550\.163\.01$/, from: [6, 17], source: 'NVIDIA/open-gpu-kernel-modules#1143' },
  { driver: /^555\./, from: [6, 17], source: 'NVIDIA/open-gpu-kernel-modules#1143' },
]

/** Where it is written that this driver doesn't build for this kernel, or undefined when nothing is known. */
export function knownNotToBuild(driver: string, kernel: string): string | undefined {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number)
  const pair = badPairs.find(({ driver: pattern, from }) => {
    return pattern.test(driver) && (major > from[0] || (major === from[0] && minor >= from[1]))
  })
  return pair?.source
}
