/** Plain tools that some steps need: of coreutils(1) head, mv, rmdir, sha256sum, stat, tail, test; find(1), grep(1). */
import { createHash } from 'node:crypto'
import type { Area } from '../area.ts'
import { readOptions } from '../disk-tools/options.ts'
import { canCreate, followed, isFolder, namesIn, tidy } from '../filesystem.ts'
import { answer, type Tool } from '../tool.ts'
import { find, grep, stat, tail, test } from './look.ts'

/** One file onto another name; folders are not moved. */
const mv: Tool = (state, { args }) => {
  const [from = '', to = ''] = readOptions('mv', args, ['-f', '-T']).operands.map(tidy)
  const file = state.files[from]
  if (file?.type !== 'file') return answer(1, '', `mv: cannot stat '${from}': No such file or directory\n`)
  const fault = isFolder(state, to) ? 'Is a directory' : canCreate(state, to)
  if (fault !== null) return answer(1, '', `mv: cannot move '${from}' to '${to}': ${fault}\n`)
  delete state.files[from]
  state.files[to] = file
  return answer(0)
}

const rmdir: Tool = (state, { args }) => {
  for (const path of readOptions('rmdir', args, []).operands.map(tidy)) {
    const why = !isFolder(state, path)
      ? 'No such file or directory'
      : state.mounts.some(({ target }) => target === path)
        ? 'Device or resource busy'
        : namesIn(state, path).length > 0
          ? 'Directory not empty'
          : null
    if (why !== null) return answer(1, '', `rmdir: failed to remove '${path}': ${why}\n`)
    delete state.files[path]
  }
  return answer(0)
}

const sha256sum: Tool = (state, { args }) => {
  const sums = readOptions('sha256sum', args, [])
    .operands.map(tidy)
    .map((path) => {
      const file = state.files[followed(state, path)]
      const text = file?.type === 'file' ? file.content : undefined
      if (text !== undefined) return { out: `${createHash('sha256').update(text).digest('hex')}  ${path}\n`, err: '' }
      const why = isFolder(state, path) ? 'Is a directory' : 'No such file or directory'
      return { out: '', err: `sha256sum: ${path}: ${why}\n` }
    })
  const stderr = sums.map(({ err }) => err).join('')
  return answer(stderr === '' ? 0 : 1, sums.map(({ out }) => out).join(''), stderr)
}

/** `head -c BYTES -- PATH`. */
const head: Tool = (state, { args }) => {
  const { given, operands } = readOptions('head', args, ['-c='])
  const [path = ''] = operands
  const text = state.files[tidy(path)]?.content
  if (text === undefined) return answer(1, '', `head: cannot open '${path}' for reading: No such file or directory\n`)
  return answer(0, text.slice(0, Number(given[0]?.[1])))
}

export const coreutils: Area = {
  tools: { find, grep, head, mv, rmdir, sha256sum, stat, tail, test },
  packages: { findutils: { version: '4.10.0-3', preinstalled: true, tools: ['find'] } },
}
