/**
 * DKMS: sources in /var/lib/dkms/MODULE/VERSION, what was built below it by kernel, and what is installed in
 * /lib/modules/KERNEL/updates/dkms. Words and exit codes are those of dkms 3.2.2 (dkms.in, run_test.sh).
 */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { exists, makeFolders, namesIn, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { runningKernel } from '../system/kernel.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'

const tree = '/var/lib/dkms'
const arch = 'x86_64'

const placeOf = (kernel: string): string => `/lib/modules/${kernel}/updates/dkms`
const builtAt = (name: string, version: string, kernel: string): string =>
  `${tree}/${name}/${version}/${kernel}/${arch}/module`

/** Version of NVIDIA's module that the kernel would load, or undefined. */
export function installedModule(state: SimState, kernel: string): string | undefined {
  return /^version: (.+)$/m.exec(state.files[`${placeOf(kernel)}/nvidia.ko`]?.content ?? '')?.[1]
}

export function addSource(state: SimState, name: string, version: string): void {
  makeFolders(state, `${tree}/${name}/${version}/source`)
}

/** Everything of a module, whatever its version. */
export function removeSources(state: SimState, name: string): void {
  const inTree = Object.keys(state.files).filter(
    (path) => path === `${tree}/${name}` || path.startsWith(`${tree}/${name}/`),
  )
  const installed = Object.keys(state.files).filter((path) =>
    /^\/lib\/modules\/[^/]+\/updates\/dkms\/nvidia\.ko$/.test(path),
  )
  for (const path of [...inTree, ...installed]) delete state.files[path]
}

/** Builds and installs; the compiler's refusal is `sim break-build VERSION KERNEL`. */
export function install(state: SimState, name: string, version: string, kernel: string): ToolAnswer {
  if (!exists(state, `${tree}/${name}/${version}/source`))
    return answer(3, '', `\nError! The module/version combo: ${name}/${version} is not located in the DKMS tree.\n`)
  if (!exists(state, `/lib/modules/${kernel}/build`)) {
    const where = `/lib/modules/${kernel}/build or /lib/modules/${kernel}/source`
    const mend = `Please install the linux-headers-${kernel} package or use the --kernelsourcedir option to tell DKMS where it's located.`
    return answer(21, '', `\nError! Your kernel headers for kernel ${kernel} cannot be found at ${where}.\n${mend}\n`)
  }
  if (state.nvidia?.notBuilding.includes(`${version} ${kernel}`)) {
    const log = `Consult ${tree}/${name}/${version}/build/make.log for more information.`
    return answer(10, '', `\nError! Bad return status for module build on kernel: ${kernel} (${arch})\n${log}\n`)
  }
  makeFolders(state, builtAt(name, version, kernel))
  makeFolders(state, placeOf(kernel))
  const text = `version: ${version}\nmodule: ${name}\n`
  writeText(state, `${builtAt(name, version, kernel)}/nvidia.ko`, text)
  writeText(state, `${placeOf(kernel)}/nvidia.ko`, text)
  return answer(0, `Building module(s)... done.\nInstalling ${placeOf(kernel)}/nvidia.ko\nRunning depmod... done.\n`)
}

function status(state: SimState): string {
  const lines = namesIn(state, tree).flatMap((name) =>
    namesIn(state, `${tree}/${name}`).flatMap((version) => {
      const kernels = namesIn(state, `${tree}/${name}/${version}`).filter((entry) => entry !== 'source')
      if (kernels.length === 0) return [`${name}/${version}: added`]
      return kernels.map((kernel) => `${name}/${version}, ${kernel}, ${arch}: ${stateOf(state, name, version, kernel)}`)
    }),
  )
  return lines.map((line) => `${line}\n`).join('')
}

function stateOf(state: SimState, name: string, version: string, kernel: string): string {
  const built = state.files[`${builtAt(name, version, kernel)}/nvidia.ko`]?.content
  const live = state.files[`${placeOf(kernel)}/nvidia.ko`]?.content
  if (live === undefined) return 'built'
  return live === built ? 'installed' : 'installed (Differences between built and installed modules)'
}

export const dkms: Tool = (state, { args: [verb = '', ...rest] }) => {
  if (verb === 'status' && rest.length === 0) return answer(0, status(state))
  if (verb !== 'install' && verb !== 'uninstall') throw new NotSimulated(`dkms ${verb} ${rest.join(' ')}`)
  const options = readOptions('dkms', rest, ['-m=', '-v=', '-k=', '--force'])
  const [name = '', version = ''] = ['-m', '-v'].map((option) => optionValue(options, option))
  const kernel = optionValue(options, '-k') ?? runningKernel(state)
  const isInstalled = stateOf(state, name, version, kernel).startsWith('installed')
  const isBuilt = exists(state, builtAt(name, version, kernel))
  if (verb === 'uninstall') {
    if (isBuilt) delete state.files[`${placeOf(kernel)}/nvidia.ko`]
    return answer(0)
  }
  if (isBuilt && isInstalled && !has(options, '--force')) {
    const skipped = `Module ${name}/${version} already installed on kernel ${kernel} (${arch}), skip.`
    return answer(0, `${skipped} You may override by specifying --force.\n`)
  }
  return install(state, name, version, kernel)
}
