/**
 * Programs that are no tools of the simulation: scripts. What one does stands in its comments, one after the other:
 *
 *     # sim: says TEXT          on standard output
 *     # sim: complains TEXT     on standard error
 *     # sim: takes SECONDS      until what comes next
 *     # sim: writes PATH TEXT   TEXT becomes the file's only line
 *     # sim: runs TOOL ARGS…    a tool of the simulation
 *     # sim: exit CODE
 *
 * Without such comments it succeeds at once in a guest, whose scripts are its user's; on a host it is not simulated.
 */
import { standardFolders } from '../../path.ts'
import { followed, isFolder, tidy } from '../filesystem.ts'
import { placeOf } from '../guest/place.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { type Act, addJob, dropJob, finishJob } from './job.ts'

const shells = ['bash', 'dash', 'sh']

export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** Whether the path is one at which the system keeps its tools. */
export const isToolPath = (path: string): boolean => standardFolders.includes(path.slice(0, path.lastIndexOf('/')))

interface Script {
  readonly path: string
  /** Handed to a shell, it need not be executable. */
  readonly byShell: boolean
}

/** The script that a command line runs, if it runs one. */
function scriptIn(argv: readonly string[]): Script | undefined {
  const [first = '', second = ''] = argv
  if (shells.includes(baseName(first)))
    return second.startsWith('/') ? { path: tidy(second), byShell: true } : undefined
  return first.startsWith('/') && !isToolPath(first) ? { path: tidy(first), byShell: false } : undefined
}

/** What it will do from now on; undefined when it is not a script, and nor `sleep`, but a tool that answers at once. */
export function programOf(state: SimState, argv: readonly string[]): Act[] | ToolAnswer | undefined {
  if (baseName(argv[0] ?? '') === 'sleep') return [{ at: state.now + Number(argv[1]), kind: 'ends', exitCode: 0 }]
  const script = scriptIn(argv)
  if (script === undefined) return undefined
  const path = followed(state, script.path)
  const file = state.files[path]
  const said = script.byShell ? `${argv[0]}: ` : ''
  if (isFolder(state, path)) return answer(126, '', `${said}${script.path}: Is a directory\n`)
  if (file === undefined) return answer(127, '', `${said}${script.path}: No such file or directory\n`)
  if (!script.byShell && (file.mode & 0o111) === 0) return answer(126, '', `${script.path}: Permission denied\n`)
  if (!placeOf(state) && !file.content.includes('# sim: ')) return undefined
  return actsOf(file.content, state.now)
}

function actsOf(text: string, start: number): Act[] {
  const acts: Act[] = []
  let at = start
  for (const [, verb = '', rest = ''] of text.matchAll(/^\s*# sim: (\S+) ?(.*)$/gm)) {
    const [path = '', ...words] = rest.split(' ')
    if (verb === 'takes' && /^\d+$/.test(rest)) at += Number(rest)
    else if (verb === 'says' || verb === 'complains') acts.push({ at, kind: verb, text: `${rest}\n` })
    else if (verb === 'writes') acts.push({ at, kind: verb, path, text: words.join(' ') })
    else if (verb === 'runs') acts.push({ at, kind: verb, argv: rest.split(' ') })
    else if (verb === 'exit' && /^\d+$/.test(rest)) return [...acts, { at, kind: 'ends', exitCode: Number(rest) }]
    else throw new NotSimulated(`a script's comment: # sim: ${verb} ${rest}`)
  }
  return [...acts, { at, kind: 'ends', exitCode: 0 }]
}

/** Runs one to its end; undefined when it is none. */
export function runProgram(state: SimState, argv: readonly string[]): ToolAnswer | undefined {
  const program = programOf(state, argv)
  if (program === undefined || 'exitCode' in program) return program
  const job = addJob(state, { argv, left: program })
  finishJob(state, job)
  dropJob(state, job)
  return answer(job.end?.exitCode ?? 0, job.stdout, job.stderr)
}
