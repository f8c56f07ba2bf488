/** modprobe, modinfo and nvidia-smi, as far as NVIDIA's module goes. */
import { optionValue, readOptions } from '../disk-tools/options.ts'
import { namesIn } from '../filesystem.ts'
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

/** Of what is in it only the files of modprobe.d are said: those whose every line it carries. */
export const lsinitramfs: Tool = (state, { args: [path = ''] }) => {
  const text = state.files[path]?.content
  if (text === undefined) return answer(1, '', `lsinitramfs: ${path}: cannot open\n`)
  const carried = text.split('\n')
  const files = namesIn(state, '/etc/modprobe.d').filter((name) => {
    const lines = (state.files[`/etc/modprobe.d/${name}`]?.content ?? '').split('\n')
    return lines.every((line) => line === '' || line.startsWith('#') || carried.includes(line))
  })
  return answer(
    0,
    ['etc/modprobe.d', ...files.map((name) => `etc/modprobe.d/${name}`)].map((line) => `${line}\n`).join(''),
  )
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
