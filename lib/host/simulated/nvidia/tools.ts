/** modprobe, modinfo and nvidia-smi, as far as NVIDIA's module goes. */
import { optionValue, readOptions } from '../disk-tools/options.ts'
import { runningKernel } from '../system/kernel.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { installedModule } from './dkms.ts'
import { gpusOf, load, loadedVersion, unload } from './gpus.ts'

export const modprobe: Tool = (state, { args }) => {
  const isRemoval = args[0] === '-r'
  if (args[isRemoval ? 1 : 0] !== 'nvidia' || args.length !== (isRemoval ? 2 : 1))
    throw new NotSimulated(`modprobe ${args.join(' ')}`)
  if (isRemoval) {
    unload(state)
    return answer(0)
  }
  const kernel = runningKernel(state)
  const version = installedModule(state, kernel)
  if (version === undefined)
    return answer(1, '', `modprobe: FATAL: Module nvidia not found in directory /lib/modules/${kernel}\n`)
  if (loadedVersion(state) !== undefined) return answer(0)
  if (gpusOf(state).every(({ driver }) => driver !== null))
    return answer(1, '', "modprobe: ERROR: could not insert 'nvidia': No such device\n")
  load(state, version)
  return answer(0)
}

export const modinfo: Tool = (state, { args }) => {
  const options = readOptions('modinfo', args, ['-k --set-version=', '-F --field='])
  const kernel = optionValue(options, '-k') ?? runningKernel(state)
  if (options.operands.join() !== 'nvidia' || optionValue(options, '-F') !== 'version')
    throw new NotSimulated(`modinfo ${args.join(' ')}`)
  const version = installedModule(state, kernel)
  return version === undefined ? answer(1, '', 'modinfo: ERROR: Module nvidia not found.\n') : answer(0, `${version}\n`)
}

export const nvidiaSmi: Tool = (state, { args }) => {
  if (args.join(' ') !== '-L') throw new NotSimulated(`nvidia-smi ${args.join(' ')}`)
  const gpus = gpusOf(state).filter(({ driver }) => driver === 'nvidia')
  if (loadedVersion(state) === undefined || gpus.length === 0)
    return answer(
      9,
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
    )
  return answer(0, gpus.map(({ address }, index) => `GPU ${index}: NVIDIA GPU (UUID: GPU-${address})\n`).join(''))
}
