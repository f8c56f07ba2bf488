/**
 * A reader of one moment: what was asked once is not asked again, and who could not be reached once is not tried again.
 * For a look, which is thrown away before anything is changed.
 */
import { GuestUnreachable } from './guest/unreachable.ts'
import type { Reader } from './host.ts'

export function remembering(reader: Reader): Reader {
  const answers = new Map<string, Promise<unknown>>()
  let unreachable: GuestUnreachable | null = null
  const once = <T>(question: readonly unknown[], ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(question)
    const known = answers.get(key) as Promise<T> | undefined
    if (known !== undefined) return known
    const answer = unreachable === null ? ask() : Promise.reject<T>(unreachable)
    answer.catch((error: unknown) => {
      if (error instanceof GuestUnreachable) unreachable ??= error
    })
    answers.set(key, answer)
    return answer
  }
  return Object.freeze<Reader>({
    name: reader.name,
    query: (argv, options) => once(['query', argv, options], () => reader.query(argv, options)),
    readFile: (path) => once(['readFile', path], () => reader.readFile(path)),
    stat: (path) => once(['stat', path], () => reader.stat(path)),
    listDir: (path) => once(['listDir', path], () => reader.listDir(path)),
    realpath: (path) => once(['realpath', path], () => reader.realpath(path)),
    hasTool: (tool) => once(['hasTool', tool], () => reader.hasTool(tool)),
    inside: (guest) => reader.inside(guest),
  })
}
