/** stat, find, tail, test and grep, as far as they look at what is there. */
import { findRow } from '../accounts/database.ts'
import { listDev, resolve } from '../disk-tools/names.ts'
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { absence, followed, isFolder, namesIn, tidy } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { virtualFile } from '../proc.ts'
import { baseName, isToolPath } from '../system/program.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { hasTool } from '../tools.ts'

/** inode(7). */
const types = { folder: 0o040000, file: 0o100000, device: 0o060000 }

interface Entry {
  /** Type and permissions. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
}

/** What lies at a path, links followed. Tools are files of which nothing else is known. */
function entryAt(state: SimState, path: string): Entry | undefined {
  const at = resolve(state, path) ?? followed(state, tidy(path))
  const file = state.files[at]
  const { uid = 0, gid = 0 } = file ?? {}
  if (isFolder(state, at) || listDev(state, at) !== undefined)
    return { mode: types.folder | (file?.mode ?? 0o755), uid, gid, size: 4096 }
  if (file) return { mode: types.file | file.mode, uid, gid, size: Buffer.byteLength(file.content) }
  if (virtualFile(state, at) !== undefined) return { mode: types.file | 0o444, uid, gid, size: 0 }
  if (isToolPath(at) && at.startsWith('/usr/bin/') && hasTool(state, baseName(at)))
    return { mode: types.file | 0o755, uid, gid, size: 65536 }
  return resolve(state, path) === undefined ? undefined : { mode: types.device | 0o660, uid, gid: 6, size: 0 }
}

const kinds: Readonly<Record<number, string>> = {
  [types.folder]: 'directory',
  [types.file]: 'regular file',
  [types.device]: 'block special file',
}

function nameOf(state: SimState, table: 'passwd' | 'group', id: number): string {
  return findRow(state, table, String(id))?.[0] ?? 'UNKNOWN'
}

const formats: Readonly<Record<string, (state: SimState, entry: Entry, path: string) => string>> = {
  a: (_, { mode }) => (mode & 0o7777).toString(8),
  f: (_, { mode }) => mode.toString(16),
  F: (_, { mode, size }) => (size === 0 && mode & types.file ? 'regular empty file' : (kinds[mode & 0o170000] ?? '')),
  g: (_, { gid }) => String(gid),
  G: (state, { gid }) => nameOf(state, 'group', gid),
  n: (_, __, path) => path,
  s: (_, { size }) => String(size),
  u: (_, { uid }) => String(uid),
  U: (state, { uid }) => nameOf(state, 'passwd', uid),
}

export const stat: Tool = (state, { args }) => {
  const options = readOptions('stat', args, ['-L --dereference', '-c --format='])
  const format = optionValue(options, '-c')
  if (format === undefined) throw new NotSimulated('stat without -c')
  let stdout = ''
  let stderr = ''
  for (const path of options.operands) {
    const isLink = state.symlinks?.[tidy(path)] !== undefined
    if (isLink && !has(options, '-L')) throw new NotSimulated('stat of a link itself')
    const entry = entryAt(state, path)
    if (entry === undefined) stderr += `stat: cannot statx '${path}': ${absence(state, tidy(path))}\n`
    else
      stdout += `${format.replace(/%(.)/g, (_, letter: string) => {
        const shown = formats[letter]
        if (shown === undefined) throw new NotSimulated(`stat -c %${letter}`)
        return shown(state, entry, path)
      })}\n`
  }
  return answer(stderr === '' ? 0 : 1, stdout, stderr)
}

/** The names in one folder: `find FOLDER -mindepth 1 -maxdepth 1 -print0`. */
export const find: Tool = (state, { args: [folder = '', ...rest] }) => {
  if (rest.join(' ') !== '-mindepth 1 -maxdepth 1 -print0') throw new NotSimulated(`find ${rest.join(' ')}`)
  const at = resolve(state, folder) ?? followed(state, tidy(folder))
  const names = listDev(state, at) ?? (isFolder(state, at) ? namesIn(state, at) : undefined)
  if (names === undefined) {
    const why = state.files[at] ? 'Not a directory' : absence(state, at)
    return answer(1, '', `find: \u2018${folder}\u2019: ${why}\n`)
  }
  return answer(0, names.map((name) => `${folder.endsWith('/') ? folder : `${folder}/`}${name}\0`).join(''))
}

/** The last lines of one file, or those from one on. */
export const tail: Tool = (state, { args }) => {
  const options = readOptions('tail', args, ['-n --lines='])
  const count = optionValue(options, '-n') ?? '10'
  const [path = '', more] = options.operands
  if (!/^\+?\d+$/.test(count) || more !== undefined) throw new NotSimulated(`tail ${args.join(' ')}`)
  const at = followed(state, tidy(path))
  const text = state.files[at]?.type === 'file' ? state.files[at]?.content : virtualFile(state, at)
  if (text === undefined && isFolder(state, at)) return answer(1, '', `tail: error reading '${path}': Is a directory\n`)
  if (text === undefined) return answer(1, '', `tail: cannot open '${path}' for reading: ${absence(state, at)}\n`)
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  if (count.startsWith('+')) return answer(0, lines.slice(Math.max(0, Number(count) - 1)).join(''))
  return answer(0, Number(count) === 0 ? '' : lines.slice(-Number(count)).join(''))
}

const conditions: Readonly<Record<string, (entry: Entry | undefined) => boolean>> = {
  '-d': (entry) => ((entry?.mode ?? 0) & 0o170000) === types.folder,
  '-e': (entry) => entry !== undefined,
  '-f': (entry) => ((entry?.mode ?? 0) & 0o170000) === types.file,
  '-s': (entry) => (entry?.size ?? 0) > 0,
  '-x': (entry) => ((entry?.mode ?? 0) & 0o111) !== 0,
}

/** One question about one path, and its opposite. */
export const test: Tool = (state, { args }) => {
  const isOpposite = args[0] === '!'
  const [question = '', path, more] = isOpposite ? args.slice(1) : args
  const holds = conditions[question]
  if (holds === undefined || path === undefined || more !== undefined) throw new NotSimulated(`test ${args.join(' ')}`)
  return answer(holds(entryAt(state, path)) !== isOpposite ? 0 : 1)
}

/** Whether a line of one file holds a text: `grep -q`, `-qF`, with -x a whole line, with -i in either case (grep(1)). */
export const grep: Tool = (state, { args: [how = '', text = '', path = '', more] }) => {
  const letters = /^-q([Fix]*)$/.exec(how)?.[1]
  if (letters === undefined || more !== undefined || (!letters.includes('F') && /[^\w\s/:=-]/.test(text)))
    throw new NotSimulated(`grep ${[how, text, path, more].join(' ')}`)
  const at = followed(state, tidy(path))
  const content = state.files[at]?.type === 'file' ? state.files[at]?.content : virtualFile(state, at)
  if (content === undefined)
    return answer(2, '', `grep: ${path}: ${isFolder(state, at) ? 'Is a directory' : absence(state, at)}\n`)
  const folded = (one: string): string => (letters.includes('i') ? one.toLowerCase() : one)
  const holds = (line: string): boolean => (letters.includes('x') ? line === folded(text) : line.includes(folded(text)))
  return answer(folded(content).split('\n').some(holds) ? 0 : 1)
}
