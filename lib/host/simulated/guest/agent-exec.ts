/** guest-exec and guest-exec-status. What has been told of a process that has ended is forgotten (seen: qemu-ga 10.0.13). */
import { mountOnDemand } from '../disk-tools/fstab.ts'
import type { SimState } from '../model.ts'
import { isCutOff } from '../nfs/mount.ts'
import type { AgentAnswer, JsonObject } from '../pve/qm/machine.ts'
import { type Act, addJob, advanceJobs, dropJob } from '../system/job.ts'
import { baseName, isToolPath, programOf } from '../system/program.ts'
import { callTool, hasTool, isKnownTool } from '../tools.ts'

export const refused = (desc: string): AgentAnswer => ({ error: { class: 'GenericError', desc } })

export function execute(system: SimState, args: JsonObject): AgentAnswer {
  const path = String(args.path)
  const argv = [path, ...(Array.isArray(args.arg) ? args.arg.map(String) : [])]
  const stdin = Buffer.from(String(args['input-data'] ?? ''), 'base64').toString('utf8')
  mountOnDemand(system, argv)
  const fault = whyNotStarted(system, argv)
  if (fault !== undefined) return refused(`Failed to execute child process \u201c${path}\u201d (${fault})`)
  const program = programOf(system, commandIn(argv))
  const hangs = isCutOff(system, argv)
  const isScript = program !== undefined && !('exitCode' in program)
  const job = addJob(system, { argv, left: hangs ? [] : isScript ? program : atOnce(system, argv, stdin) })
  advanceJobs(system)
  return { return: { pid: job.pid } }
}

/** What env(1) runs. */
const commandIn = (argv: readonly string[]): readonly string[] =>
  baseName(argv[0] ?? '') === 'env'
    ? argv.slice(1).filter((word, index, all) => isBehindSettings(word, index, all))
    : argv

const isSetting = (word: string): boolean => /^[A-Za-z_]\w*=/.test(word)
const isBehindSettings = (word: string, index: number, all: readonly string[]): boolean =>
  !isSetting(word) || all.slice(0, index).some((before) => !isSetting(before))

function whyNotStarted(system: SimState, argv: readonly string[]): string | undefined {
  const [path = ''] = argv
  const name = isToolPath(path) ? baseName(path) : path
  if (isKnownTool(name)) return hasTool(system, name) ? undefined : 'No such file or directory'
  const program = programOf(system, argv)
  if (program === undefined || !('exitCode' in program)) return undefined
  return program.exitCode === 127 ? 'No such file or directory' : 'Permission denied'
}

/** A tool does its work when it is called. */
function atOnce(system: SimState, argv: readonly string[], stdin: string): Act[] {
  const { now: at } = system
  const { exitCode, stdout, stderr } = callTool(system, argv, stdin)
  system.now = at
  return [
    { at, kind: 'says', text: stdout },
    { at, kind: 'complains', text: stderr },
    { at, kind: 'ends', exitCode },
  ]
}

export function statusOf(system: SimState, pid: number): AgentAnswer {
  const job = system.jobs?.find((each) => each.pid === pid && each.unit === undefined)
  // The format string of its message lacks a percent sign (qga/commands.c of QEMU 10).
  if (!job) return refused('PID ld does not exist')
  const { end } = job
  if (!end) return { return: { exited: false } }
  dropJob(system, job)
  const output = (name: 'out' | 'err', text: string): JsonObject =>
    text === '' ? {} : { [`${name}-data`]: Buffer.from(text).toString('base64'), [`${name}-truncated`]: false }
  return {
    return: {
      ...(end.exitCode === undefined ? { signal: end.signal ?? 0 } : { exitcode: end.exitCode }),
      ...output('err', job.stderr),
      ...output('out', job.stdout),
      exited: true,
    },
  }
}
