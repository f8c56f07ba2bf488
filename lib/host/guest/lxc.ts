/** The inside of a container by lxc-attach, as `pct exec` does it: one process a call, and no Perl around it. */
import type { Argv, CommandResult } from '../host.ts'
import type { RunInside } from './reader.ts'
import { GuestUnreachable } from './unreachable.ts'

export type RunOnHost = (argv: Argv, timeoutMs: number) => Promise<CommandResult>

export function attachTo(id: string, run: RunOnHost): RunInside {
  return async (argv, timeoutMs) => {
    const result = await run(['lxc-attach', '-n', id, '--', ...argv], timeoutMs)
    const guest = `lxc:${id}`
    if (result.notFound) throw new GuestUnreachable(guest, 'no socket', 'there is no lxc-attach on this host')
    // Exit codes of lxc-attach's own can't be told from the command's, its log lines can (seen: lxc 6.0.4, exit 1,
    // `lxc-attach: 999: ../src/lxc/attach.c: get_attach_context: 406 Connection refused - Failed to get init pid`).
    if (result.exitCode !== 0 && result.stderr.startsWith(`lxc-attach: ${id}: `)) throw failed(guest, id, result.stderr)
    return result
  }
}

function failed(guest: string, id: string, stderr: string): GuestUnreachable {
  const said = stderr.trim()
  return said.includes('Failed to get init pid')
    ? new GuestUnreachable(guest, 'no socket', `the container is not running (pct status ${id}): ${said}`)
    : new GuestUnreachable(guest, 'closed', `lxc-attach could not run a command in it: ${said}`)
}
