/**
 * The shapes of guest-exec and guest-exec-status, as seen of qemu-ga 7.2.22 (Debian 12) and 10.0.13 (Debian 13); both
 * give the same. Fields come in any order; a process that writes nothing has no `out-data`, and one whose child still
 * holds its output open has not `exited`. What has been told is forgotten: asked once more, the pid is unknown.
 */
import { constants } from 'node:os'
import type { Argv, CommandResult } from '../host.ts'

/** Of a process that has ended. */
export interface ExecStatus {
  readonly exitcode?: number
  readonly signal?: number
  readonly 'out-data'?: string
  readonly 'err-data'?: string
  readonly 'out-truncated'?: boolean
  readonly 'err-truncated'?: boolean
}

interface Ran {
  readonly argv: Argv
  readonly durationMs: number
}

export function idOf(told: unknown): number {
  const { pid } = told as { readonly pid?: unknown }
  if (typeof pid !== 'number') throw new Error(`guest-exec answered without a pid: ${JSON.stringify(told)}`)
  return pid
}

/** null as long as it runs. */
export function statusOf(told: unknown): ExecStatus | null {
  const status = told as ExecStatus & { readonly exited?: unknown }
  if (typeof status.exited !== 'boolean')
    throw new Error(`guest-exec-status answered without \`exited\`: ${JSON.stringify(told).slice(0, 200)}`)
  return status.exited ? status : null
}

/** The agent keeps 16 MiB of each output (qga/commands.c) and drops the rest: a short text would pass for the whole. */
export function resultOf(
  { guest, argv, durationMs }: Ran & { readonly guest: string },
  status: ExecStatus,
): CommandResult {
  if (status['out-truncated'] === true || status['err-truncated'] === true)
    throw new Error(
      `${guest}: ${argv.join(' ')} wrote more than the 16 MiB that the guest agent keeps; its end is lost`,
    )
  return {
    argv,
    // An exit code that is missing is no 0: a signal ended it, or the agent doesn't know.
    exitCode: status.exitcode ?? null,
    signal: status.signal === undefined ? null : nameOf(status.signal),
    stdout: decoded(status['out-data']),
    stderr: decoded(status['err-data']),
    durationMs,
    timedOut: false,
    notFound: false,
  }
}

export function givenUp({ argv, durationMs }: Ran, note: string): CommandResult {
  const stderr = `phx: time is up; ${note}`
  return { argv, exitCode: null, signal: null, stdout: '', stderr, durationMs, timedOut: true, notFound: false }
}

const decoded = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString('utf8')

function nameOf(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`
}
