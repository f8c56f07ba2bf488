/** The tools by which scenes are set: mkdir, tee, cat, rm, touch, truncate. */
import {
  absence,
  canCreate,
  exists,
  followed,
  isFolder,
  makeFolder,
  makeFolders,
  tidy,
  writeText,
} from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { virtualFile } from '../proc.ts'
import { answer, type Tool } from '../tool.ts'
import { has, optionValue, readOptions } from './options.ts'
import { parseBytes } from './sizes.ts'

export const mkdir: Tool = (state, { args }) => {
  const options = readOptions('mkdir', args, ['-p --parents', '-m --mode='])
  const mode = optionValue(options, '-m')
  for (const path of options.operands.map(tidy)) {
    if (has(options, '-p') && isFolder(state, path)) continue
    const fault = has(options, '-p') ? makeFolders(state, path) : makeFolder(state, path)
    if (fault !== null) return answer(1, '', `mkdir: cannot create directory '${path}': ${fault}\n`)
    const folder = state.files[path]
    if (mode !== undefined && folder) folder.mode = Number.parseInt(mode, 8)
  }
  return answer(0)
}

export const tee: Tool = (state, { args, stdin }) => {
  const options = readOptions('tee', args, ['-a --append'])
  let stderr = ''
  for (const path of options.operands.map(tidy)) {
    const before = has(options, '-a') ? (state.files[path]?.content ?? '') : ''
    const fault = writeText(state, path, before + stdin)
    if (fault !== null) stderr += `tee: ${path}: ${fault}\n`
  }
  return answer(stderr === '' ? 0 : 1, stdin, stderr)
}

export const cat: Tool = (state, { args }) => {
  const options = readOptions('cat', args, [])
  let stdout = ''
  let stderr = ''
  for (const path of options.operands.map(tidy)) {
    const at = followed(state, path)
    const text = virtualFile(state, at) ?? (isFolder(state, at) ? undefined : state.files[at]?.content)
    if (text === undefined) stderr += `cat: ${path}: ${isFolder(state, at) ? 'Is a directory' : absence(state, at)}\n`
    else stdout += text
  }
  return answer(stderr === '' ? 0 : 1, stdout, stderr)
}

export const rm: Tool = (state, { args }) => {
  const options = readOptions('rm', args, ['-f --force', '-r --recursive', '-R'])
  const recursive = has(options, '-r') || has(options, '-R')
  let stderr = ''
  for (const path of options.operands.map(tidy)) {
    const fault = remove(state, path, recursive)
    if (fault !== null && !(has(options, '-f') && fault === 'No such file or directory'))
      stderr += `rm: cannot remove '${path}': ${fault}\n`
  }
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

function remove(state: SimState, path: string, recursive: boolean): string | null {
  if (state.symlinks?.[path] !== undefined) {
    delete state.symlinks[path]
    return null
  }
  if (!exists(state, path)) return 'No such file or directory'
  if (canCreate(state, path) === 'Read-only file system') return 'Read-only file system'
  if (state.mounts.some(({ target }) => target === path || target.startsWith(`${path}/`)))
    return 'Device or resource busy'
  if (isFolder(state, path) && !recursive) return 'Is a directory'
  for (const inside of Object.keys(state.files))
    if (inside === path || inside.startsWith(`${path}/`)) delete state.files[inside]
  return null
}

export const touch: Tool = (state, { args }) => {
  for (const path of readOptions('touch', args, []).operands.map(tidy)) {
    if (exists(state, path)) continue
    const fault = writeText(state, path, '')
    if (fault !== null) return answer(1, '', `touch: cannot touch '${path}': ${fault}\n`)
  }
  return answer(0)
}

/** The size is not kept: what a file takes up matters only when dd wrote it. */
export const truncate: Tool = (state, { args }) => {
  const options = readOptions('truncate', args, ['-s --size='])
  const size = parseBytes(optionValue(options, '-s') ?? '')
  for (const path of options.operands.map(tidy)) {
    if (size === null) return answer(1, '', `truncate: Invalid number: '${optionValue(options, '-s') ?? ''}'\n`)
    const text = (state.files[path]?.content ?? '').slice(0, size)
    const fault = writeText(state, path, text)
    if (fault !== null) return answer(1, '', `truncate: cannot open '${path}' for writing: ${fault}\n`)
  }
  return answer(0)
}
