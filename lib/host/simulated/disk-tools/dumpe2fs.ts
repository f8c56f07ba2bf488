/** dumpe2fs -h, as far as anybody asks: the volume's name and where it was last mounted (dumpe2fs(8), e2fsprogs 1.47). */
import { findDevice } from '../devices.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

const banner = 'dumpe2fs 1.47.2 (1-Jan-2025)\n'

export const dumpe2fs: Tool = (state, { args }) => {
  const [flag, path = ''] = args
  if (flag !== '-h' || args.length !== 2) throw new NotSimulated(`dumpe2fs ${args.join(' ')}`)
  const device = findDevice(state, path)
  if (device === undefined)
    return answer(1, '', `${banner}dumpe2fs: No such file or directory while trying to open ${path}\n`)
  const superblock = device.content.signatures.find(({ type }) => /^ext[234]$/.test(type))
  if (superblock === undefined)
    return answer(1, '', `${banner}dumpe2fs: Bad magic number in super-block while trying to open ${path}\n`)
  const lines = [
    ['Filesystem volume name:', superblock.label ?? '<none>'],
    ['Last mounted on:', superblock.lastMounted ?? '<not available>'],
    ['Filesystem UUID:', superblock.uuid ?? '<none>'],
  ]
  return answer(0, lines.map(([name = '', value]) => `${name.padEnd(25)} ${value}\n`).join(''), banner)
}
