/** `mount -t nfs`, for a storage of this host on its own exports: the only server that there is. */
import { posix } from 'node:path'
import { optionValue, readOptions } from '../disk-tools/options.ts'
import { coverFiles, isFolder } from '../filesystem.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { isThisHost, threadsOf } from './server.ts'
import { liveTable } from './table.ts'

export const mountNfs: Tool = (state, { args }) => {
  const options = readOptions('mount', args, ['-t --types=', '-o --options='])
  const [source = '', place = ''] = options.operands
  if (optionValue(options, '-t') !== 'nfs') throw new NotSimulated(`mount ${args.join(' ')}`)
  const [, server = '', path = ''] = /^\[?(.*?)\]?:(\/.*)$/.exec(source) ?? []
  if (!isThisHost(state, server) || threadsOf(state) === 0)
    return answer(32, '', `mount.nfs: Connection refused for ${source} on ${place}\n`)
  const isExported = liveTable(state).some((entry) => !posix.relative(entry.path, path).startsWith('..'))
  if (!isExported)
    return answer(32, '', `mount.nfs: mounting ${source} failed, reason given by server: No such file or directory\n`)
  if (!isFolder(state, place)) return answer(32, '', `mount.nfs: mount point ${place} does not exist\n`)
  const covered = coverFiles(state, place)
  state.mounts.push({ source, target: place, fstype: 'nfs4', options: 'rw,relatime,vers=4.2', covered })
  return answer(0)
}
