/** `writeFile` of the simulated host: beside its place, checked, and then put there. */
import { FileRefused, type FileToWrite, refusalOf } from '../host.ts'
import { isFolder, makeFolders, parentOf, writeText } from './filesystem.ts'
import type { SimState } from './model.ts'
import { ended } from './result.ts'
import { callTool } from './tools.ts'

/** Files that phx writes go into folders that packages made; here those that are missing are made with them. */
export function makeParent(state: SimState, path: string): string | null {
  return isFolder(state, parentOf(path)) ? null : makeFolders(state, parentOf(path))
}

/** A refusal leaves the state as it was: the candidate lies beside the file while it is checked, and is gone again. */
export function replaceText(state: SimState, path: string, file: FileToWrite): string | FileRefused | null {
  const candidate = path.replace(/[^/]+$/, (name) => `.${name}.phx-new`)
  const failed = writeText(state, candidate, file.content, file.mode)
  const written = state.files[candidate]
  if (failed !== null || written === undefined) return failed
  written.mode = file.mode
  if (file.owner !== undefined) {
    const owned = callTool(state, ['chown', '--no-dereference', file.owner, candidate])
    if (owned.exitCode !== 0) return owned.stderr
  }
  if (file.check) {
    const argv = file.check.argv.map((word) => (word === '%s' ? candidate : word))
    const result = ended(argv, callTool(state, argv))
    const why = (file.check.judge ?? refusalOf)(result)
    if (why !== undefined) {
      delete state.files[candidate]
      return new FileRefused(why, result)
    }
  }
  delete state.files[candidate]
  if (isFolder(state, path)) return 'Is a directory'
  state.files[path] = written
  delete state.symlinks?.[path]
  return null
}
