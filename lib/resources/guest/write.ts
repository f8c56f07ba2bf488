/** A file written by commands alone, for where a host's own way doesn't reach: beside its place, whole, and then there in one step. */
import type { Step } from '../../engine/resource.ts'
import { Secret } from '../../engine/secret.ts'
import type { FileToWrite } from '../../host/host.ts'

/** `qm guest exec --pass-stdin` takes at most 1 MiB (facts: host-tools, 4.9). */
const partBytes = 1024 * 1024

export interface WrittenFile extends Pick<FileToWrite, 'path' | 'mode' | 'owner' | 'check'> {
  readonly content: Buffer | Secret
}

/** The same name each time, so that a run that was cut off leaves no second one; run-parts and sudo pass over it. */
const besides = (path: string): string => {
  const slash = path.lastIndexOf('/')
  return `${path.slice(0, slash)}/.${path.slice(slash + 1)}.phx-new`
}

export function writeSteps({ path, mode, owner = 'root:root', check, content }: WrittenFile): Step[] {
  const [user = 'root', group = 'root'] = owner.split(':')
  const temporary = besides(path)
  // Empty and with its mode first: not for a moment can anybody else read what is written into it.
  const empty = ['install', '-o', user, '-g', group, '-m', octal(mode), '/dev/null', temporary]
  const append = ['dd', `of=${temporary}`, 'oflag=append', 'conv=notrunc,fsync', 'status=none']
  return [
    { kind: 'command', argv: empty },
    ...partsOf(content).map((stdin): Step => ({ kind: 'command', argv: append, stdin })),
    ...(check ? [checked(check, temporary)] : []),
    { kind: 'command', argv: ['mv', '-fT', temporary, path] },
  ]
}

export const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

const checked = ({ argv, judge }: NonNullable<FileToWrite['check']>, temporary: string): Step => ({
  kind: 'command',
  argv: argv.map((word) => (word === '%s' ? temporary : word)),
  ...(judge ? { judge } : {}),
})

function partsOf(content: Buffer | Secret): (Buffer | Secret)[] {
  if (content instanceof Secret) return [content]
  const count = Math.ceil(content.length / partBytes)
  return Array.from({ length: count }, (_, index) => content.subarray(index * partBytes, (index + 1) * partBytes))
}
