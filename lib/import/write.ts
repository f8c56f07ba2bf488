/** Writes the new config: whole or not at all, never over a file that somebody may still need. */
import { closeSync, fsyncSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export type Written =
  | { readonly outcome: 'written' | 'same' }
  /** Nothing was written. */
  | { readonly outcome: 'refused'; readonly message: string; readonly mend: readonly string[] }

export function writeConfig(path: string, text: string, sources: readonly string[], force: boolean): Written {
  try {
    const present = textAt(path)
    if (present === text) return { outcome: 'same' }
    if (present !== undefined && sources.some((source) => realpathSync(source) === realpathSync(path))) {
      return refused(`${path} is one of the files that were read, and stays as it is`, ['name another file with -o'])
    }
    if (present !== undefined && !force) {
      const mend = ['name another file with -o, or write over this one with --force']
      return refused(`${path} is there already, and what is in it would be lost`, mend)
    }
    replace(path, text)
    return { outcome: 'written' }
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    if (code === 'ENOENT')
      return refused(`there is no folder ${dirname(path)}`, ['make it, or name another file with -o'])
    if (code === 'EISDIR')
      return refused(`${path} is a folder`, [`name the file in it: -o ${path}/phoenix.config.json`])
    return refused(`the config could not be written to ${path}: ${message}`, ['name another file with -o'])
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function replace(path: string, text: string): void {
  const beside = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(beside, 'wx', 0o644)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

function refused(message: string, mend: readonly string[]): Written {
  return { outcome: 'refused', message, mend }
}
