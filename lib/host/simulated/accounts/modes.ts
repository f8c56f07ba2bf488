/** chown, chmod, install. */
import { has, type Options, optionValue, readOptions } from '../disk-tools/options.ts'
import { absence, canCreate, exists, followed, isFolder, makeFolders, tidy } from '../filesystem.ts'
import type { SimFile, SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { findRow } from './database.ts'

export const chown: Tool = (state, { args }) => {
  const options = readOptions('chown', args, ['-h --no-dereference', '-R --recursive'])
  const [owner = '', ...paths] = options.operands
  const [user = '', group] = owner.split(':')
  const uid = user === '' ? undefined : idOf(state, 'passwd', user)
  const gid = group === undefined || group === '' ? undefined : idOf(state, 'group', group)
  if (uid === null) return answer(1, '', `chown: invalid user: '${owner}'\n`)
  if (gid === null) return answer(1, '', `chown: invalid group: '${owner}'\n`)
  // The owner of a link itself is kept nowhere here.
  const meant = has(options, '-h') ? paths.filter((path) => state.symlinks?.[tidy(path)] === undefined) : paths
  return onEach(state, 'chown', meant, has(options, '-R'), (file) => {
    if (uid !== undefined) file.uid = uid
    if (gid !== undefined) file.gid = gid
  })
}

/** A number is taken as it is when no name is the same (chown(1)). */
function idOf(state: SimState, table: 'passwd' | 'group', key: string): number | null {
  const row = findRow(state, table, key)
  if (row !== undefined) return Number(row[2])
  return /^\d+$/.test(key) ? Number(key) : null
}

export const chmod: Tool = (state, { args }) => {
  const options = readOptions('chmod', args, ['-R --recursive'])
  const [mode = '', ...paths] = options.operands
  if (!/^[0-7]{1,5}$/.test(mode)) throw new NotSimulated(`chmod ${mode}`)
  return onEach(state, 'chmod', paths, has(options, '-R'), (file) => {
    file.mode = Number.parseInt(mode, 8)
  })
}

export const install: Tool = (state, { args }) => {
  const options = readOptions('install', args, [
    '-d --directory',
    '-m --mode=',
    '-o --owner=',
    '-g --group=',
    '-T --no-target-directory',
  ])
  const [user, group] = [optionValue(options, '-o') ?? 'root', optionValue(options, '-g') ?? 'root']
  const [uid, gid] = [idOf(state, 'passwd', user), idOf(state, 'group', group)]
  if (uid === null) return answer(1, '', `install: invalid user '${user}'\n`)
  if (gid === null) return answer(1, '', `install: invalid group '${group}'\n`)
  if (!has(options, '-d')) return installFile(state, options, uid, gid)
  for (const path of options.operands.map((operand) => followed(state, tidy(operand)))) {
    const fault = makeFolders(state, path)
    if (fault !== null) return answer(1, '', `install: cannot create directory '${path}': ${fault}\n`)
    const mode = Number.parseInt(optionValue(options, '-m') ?? '755', 8)
    state.files[path] = { type: 'dir', content: '', mode, uid, gid }
  }
  return answer(0)
}

/** One file under another name; whatever had that name is removed before (install(1)). */
function installFile(state: SimState, options: Options, uid: number, gid: number): ToolAnswer {
  const [source = '', target, more] = options.operands.map(tidy)
  if (target === undefined || more !== undefined) throw new NotSimulated('install of several files')
  const from = followed(state, source)
  const content = from === '/dev/null' ? '' : state.files[from]?.content
  if (content === undefined) return answer(1, '', `install: cannot stat '${source}': ${absence(state, from)}\n`)
  if (isFolder(state, target)) throw new NotSimulated('install into a folder')
  const fault = canCreate(state, target)
  if (fault !== null) return answer(1, '', `install: cannot create regular file '${target}': ${fault}\n`)
  delete state.symlinks?.[target]
  const mode = Number.parseInt(optionValue(options, '-m') ?? '755', 8)
  state.files[target] = { type: 'file', content, mode, uid, gid }
  return answer(0)
}

function onEach(
  state: SimState,
  tool: string,
  paths: readonly string[],
  isRecursive: boolean,
  change: (file: SimFile) => void,
): ToolAnswer {
  let stderr = ''
  for (const path of paths.map((each) => followed(state, tidy(each)))) {
    if (!exists(state, path)) {
      stderr += `${tool}: cannot access '${path}': No such file or directory\n`
      continue
    }
    // The root of a mount has no entry of its own until somebody changes it.
    state.files[path] ??= { type: 'dir', content: '', mode: 0o755 }
    for (const [name, file] of Object.entries(state.files)) {
      if (name === path || (isRecursive && name.startsWith(`${path}/`))) change(file)
    }
  }
  return answer(stderr === '' ? 0 : 1, '', stderr)
}
