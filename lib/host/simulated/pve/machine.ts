/** A simulated host as pvesm's surroundings: files and mounts of the state, other tools by their simulations. */
import { posix } from 'node:path'
import { findDevice } from '../devices.ts'
import type { SimState } from '../model.ts'
import type { Tool } from '../tool.ts'
import type { Mounted, Ran, Surroundings, Usage } from './surroundings.ts'

export type Tools = Readonly<Record<string, Tool>>

/** What mkfs and a fresh system take of a file system; the rest is what the files themselves hold. */
const baseUsage = 2 ** 26

export function simulatedMachine(state: SimState, tools: Tools): Surroundings {
  const below = (path: string): string => (path === '/' ? '/' : `${path}/`)
  const isFolder = (given: string): boolean => {
    const path = posix.normalize(given) // a path of a storage may hold `..`
    return (
      path === '/' ||
      state.files[path]?.type === 'dir' ||
      state.mounts.some(({ target }) => target === path) ||
      (state.files[path] === undefined && Object.keys(state.files).some((name) => name.startsWith(below(path))))
    )
  }

  return {
    hostname: state.hostname,
    readFile: (path) => {
      const file = state.files[path]
      return file?.type === 'file' ? file.content : null
    },
    writeFile: (path, content, mode) => {
      for (let slash = path.indexOf('/', 1); slash > 0; slash = path.indexOf('/', slash + 1)) {
        const folder = path.slice(0, slash)
        if (!isFolder(folder)) state.files[folder] = { type: 'dir', content: '', mode: 0o755 }
      }
      state.files[path] = { type: 'file', content, mode }
    },
    rename: (from, to) => {
      for (const [path, file] of Object.entries(state.files)) {
        if (path !== from && !path.startsWith(below(from))) continue
        state.files[to + path.slice(from.length)] = file
        delete state.files[path]
      }
    },
    remove: (path) => {
      const isEmpty = !Object.keys(state.files).some((name) => name.startsWith(below(path)))
      if (isEmpty) delete state.files[path]
    },
    listDir: (path) => {
      if (!isFolder(path)) return null
      const inside = Object.keys(state.files).filter((name) => name.startsWith(below(path)) && name !== path)
      const names = inside.map((name) => name.slice(below(path).length).split('/')[0] ?? '')
      return [...new Set(names)].sort()
    },
    exists: (path) => state.files[path] !== undefined || isFolder(path),
    isFolder,
    makeFolder: (given) => {
      const path = posix.normalize(given)
      if (state.files[path] !== undefined) return 'File exists'
      state.files[path] = { type: 'dir', content: '', mode: 0o755 }
      return null
    },
    mounts: () => state.mounts,
    usage: (path) => usageOf(state, tools, path),
    run: (argv) => run(state, tools, argv),
  }
}

function run(state: SimState, tools: Tools, argv: readonly string[]): Ran {
  const [name = '', ...args] = argv
  const tool = tools[name]
  // No NFS server answers in the simulated network (the words of showmount: pvesm.jsonl n=208).
  if (tool === undefined) return { exitCode: 1, stdout: '', stderr: 'clnt_create: RPC: Unable to receive\n' }
  return tool(state, { args, stdin: '' })
}

function usageOf(state: SimState, tools: Tools, path: string): Usage | null {
  const mount = mountOf(state, path)
  if (mount === undefined) return null
  if (mount.fstype === 'zfs') {
    const { exitCode, stdout } = run(state, tools, [
      'zfs',
      'get',
      '-Hp',
      '-o',
      'value',
      'referenced,available',
      mount.source,
    ])
    const [used, available] = stdout.split('\n').map(Number)
    if (exitCode !== 0 || used === undefined || available === undefined) return null
    return { total: used + available, used, available }
  }
  const total = findDevice(state, mount.source)?.size ?? 2 ** 30
  const held = Object.entries(state.files)
    .filter(([name]) => mountOf(state, name)?.target === mount.target)
    .reduce((sum, [, file]) => sum + file.content.length, 0)
  const used = Math.min(total, baseUsage + Math.ceil(held / 4096) * 4096)
  return { total, used, available: total - used }
}

/** The mount that holds a path: the innermost one, and of several at one place the latest. */
function mountOf(state: SimState, path: string): Mounted | undefined {
  const holds = ({ target }: Mounted): boolean => target === '/' || path === target || path.startsWith(`${target}/`)
  const holding = state.mounts.filter(holds)
  const depth = Math.max(0, ...holding.map(({ target }) => target.length))
  return holding.findLast(({ target }) => target.length === depth)
}
