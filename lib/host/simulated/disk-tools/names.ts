/** readlink and ls: what lies under /dev besides the files. */
import { allDevices, findDevice, links } from '../devices.ts'
import { exists, followed, isFolder, namesIn, tidy } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, type Tool } from '../tool.ts'
import { has, readOptions } from './options.ts'

/** Where a path leads in the end, or undefined when nothing is there. */
export function resolve(state: SimState, path: string): string | undefined {
  const plain = followed(state, tidy(path))
  const device = findDevice(state, plain)
  if (device !== undefined) return device.node
  return exists(state, plain) || listDev(state, plain) !== undefined ? plain : undefined
}

/** Folders that udev and zfs keep under /dev: the names in them, sorted, or undefined. */
export function listDev(state: SimState, folder: string): string[] | undefined {
  if (!`${folder}/`.startsWith('/dev/')) return undefined
  const nodes = allDevices(state).map(({ node }) => node)
  // They are always there, whether or not a link of theirs shows that.
  const fixed = ['/dev/disk/by-diskseq/', '/dev/disk/by-id/', '/dev/disk/by-path/', '/dev/disk/by-uuid/']
  const paths = [...links(state).keys(), ...nodes, ...fixed].filter((path) => path.startsWith(`${folder}/`))
  const names = new Set(paths.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))
  return paths.length === 0 ? undefined : [...names].filter((name) => name !== '').sort()
}

export const readlink: Tool = (state, { args }) => {
  const options = readOptions('readlink', args, [
    '-f --canonicalize',
    '-e --canonicalize-existing',
    '-m --canonicalize-missing',
    '-n --no-newline',
  ])
  const path = options.operands[0] ?? ''
  const end = has(options, '-n') ? '' : '\n'
  const target = resolve(state, path)
  // -f forgives a missing last part, so a dangling name comes back as it was given (facts, "What the disk tools see").
  if (target === undefined) return has(options, '-e') ? answer(1) : answer(0, tidy(path) + end)
  const isLink = links(state).has(tidy(path))
  if (!has(options, '-f') && !has(options, '-e') && !has(options, '-m'))
    return isLink ? answer(0, relative(path, target) + end) : answer(1)
  return answer(0, target + end)
}

/** udev's links are relative: `../../sda1`. */
function relative(from: string, to: string): string {
  const ups = from.split('/').length - 3
  return `${'../'.repeat(Math.max(0, ups))}${to.slice('/dev/'.length)}`
}

/** The time of a listing is that of the host's start; nobody reads it. */
const DATE = 'Jan  1 00:00'

function longLine(state: SimState, path: string, name: string, width: number): string {
  const target = links(state).get(path)
  if (target !== undefined) {
    const text = relative(path, target)
    return `lrwxrwxrwx 1 root root ${String(text.length).padStart(width)} ${DATE} ${name} -> ${text}\n`
  }
  const file = state.files[path]
  const isDir = isFolder(state, path)
  const size = isDir ? 4096 : (file?.content.length ?? 0)
  return `${isDir ? 'drwxr-xr-x 2' : '-rw-r--r-- 1'} root root ${String(size).padStart(width)} ${DATE} ${name}\n`
}

export const ls: Tool = (state, { args }) => {
  const options = readOptions('ls', args, ['-l', '-a', '-A', '-1', '-d'])
  const path = tidy(options.operands[0] ?? '/root')
  const inDev = path.startsWith('/dev/') ? listDev(state, path) : undefined
  if (inDev === undefined && resolve(state, path) === undefined)
    return answer(2, '', `ls: cannot access '${path}': No such file or directory\n`)
  const isList = (inDev !== undefined || isFolder(state, path)) && !has(options, '-d')
  const all = isList ? (inDev ?? namesIn(state, path)) : [path]
  const names = has(options, '-a') || has(options, '-A') ? all : all.filter((name) => !name.startsWith('.'))
  if (!has(options, '-l')) return answer(0, names.map((name) => `${name}\n`).join(''))
  const at = (name: string) => (isList ? `${path}/${name}` : path)
  const width = Math.max(
    1,
    ...names.map((name) =>
      links(state).has(at(name)) ? relative(at(name), links(state).get(at(name)) ?? '').length : 4,
    ),
  )
  return answer(0, (isList ? 'total 0\n' : '') + names.map((name) => longLine(state, at(name), name, width)).join(''))
}
