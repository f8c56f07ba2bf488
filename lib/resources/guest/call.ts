/** Commands inside a guest: by the QEMU guest agent in a virtual machine (`qm guest exec`), by `pct exec` in a container. */
import type { Step } from '../../engine/resource.ts'
import type { Argv, CommandResult, GuestRef } from '../../host/host.ts'
import { guestName } from '../probes/guests.ts'

type Command = Step & { kind: 'command' }

/** Milliseconds that `qm guest exec` may take on top of what it waits for; `pct exec` waits for nothing itself. */
const spareMs = 60_000

/** The same command, inside the guest. */
export function commandIn(
  guest: GuestRef,
  { argv, timeoutMs = 600_000, stdin, judge, again, mend }: Omit<Command, 'kind'>,
): Command {
  return {
    kind: 'command',
    argv: argvIn(guest, argv, timeoutMs, stdin !== undefined),
    timeoutMs: guest.kind === 'vm' ? timeoutMs + spareMs : timeoutMs,
    ...(stdin === undefined ? {} : { stdin }),
    ...(again === undefined ? {} : { again }),
    ...(mend === undefined ? {} : { mend }),
    judge: (said) => {
      const result = resultIn(guest, argv, said)
      if (typeof result === 'string') return result
      if (judge) return judge(result)
      return result.exitCode === 0 ? undefined : failure(result)
    },
  }
}

export function argvIn({ kind, id }: GuestRef, argv: Argv, timeoutMs: number, hasStdin: boolean): Argv {
  if (kind === 'lxc') return ['pct', 'exec', id, '--', ...argv]
  const timeout = String(Math.ceil(timeoutMs / 1000))
  return ['qm', 'guest', 'exec', id, '--timeout', timeout, ...(hasStdin ? ['--pass-stdin', '1'] : []), '--', ...argv]
}

/**
 * What the command itself said, or why there is no telling. `qm guest exec` ends with 0 whatever became of it, also when
 * it still runs: only an `exitcode` says that it has ended (facts: host-tools, 4.9).
 */
function resultIn({ kind, id }: GuestRef, argv: Argv, said: CommandResult): CommandResult | string {
  if (kind === 'lxc') return { ...said, argv }
  if (said.exitCode !== 0) return said.stderr.trim() || `qm guest exec ended with exit code ${said.exitCode}`
  const answer = parsed(said.stdout)
  if (answer === undefined)
    return `what qm guest exec ${id} printed is no answer of an agent: ${said.stdout.slice(0, 200)}`
  const { exitcode, signal, 'out-data': stdout = '', 'err-data': stderr = '' } = answer
  if (exitcode === undefined && signal === undefined) return `${argv[0]} still runs in ${guestName({ kind, id })}`
  return {
    ...said,
    argv,
    exitCode: exitcode ?? null,
    signal: signal === undefined ? null : String(signal),
    stdout: String(stdout),
    stderr: String(stderr),
  }
}

/** Of `guest-exec-status` (QEMU Guest Agent Protocol Reference), its texts decoded by qm. */
interface Answer {
  readonly exitcode?: number
  readonly signal?: number
  readonly 'out-data'?: string
  readonly 'err-data'?: string
}

function parsed(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Answer) : undefined
  } catch {
    return undefined
  }
}

function failure({ argv, exitCode, signal, stderr, stdout }: CommandResult): string {
  const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by signal ${signal}`
  const words = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n')
  return `${argv[0]} ${how}${words === '' ? '' : `: ${words}`}`
}
