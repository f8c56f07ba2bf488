/**
 * Whether a share can be written, by writing: a small file with a name of phx's own is made there and taken away again.
 * test(1) would only ask what the server thinks of permissions, and know nothing of a dataset that is read-only or full.
 * It changes somebody's data for a moment, so it is done when a share was just mounted, and never to look.
 */
import type { DeclaredShare } from '../../config/guests/shares.ts'
import type { Step } from '../../engine/resource.ts'
import type { CommandResult } from '../../host/host.ts'

/** A full pool, or a server that is slow to answer. */
const writingMs = 60_000

/** `who` is the guest: two of them may have the same share. `proved` is called when it went well. */
export function writeTest({ guestPath, squash }: DeclaredShare, who: string, proved: () => void): Step[] {
  const file = `${guestPath === '/' ? '' : guestPath}/.phx-write-test-${who}`
  let said: CommandResult | undefined
  return [
    {
      kind: 'command',
      // Its complaint is compared below; fsync: what the server can't keep it says only then.
      argv: ['env', 'LC_ALL=C', 'dd', `of=${file}`, 'conv=fsync', 'status=none'],
      stdin: Buffer.from('phx wrote this to see that it can, and takes it away again\n'),
      timeoutMs: writingMs,
      judge: (result) => {
        said = result
        return undefined
      },
    },
    // Whatever became of it: a file may be there of which nothing could be written.
    { kind: 'command', argv: ['rm', '-f', '--', file], timeoutMs: writingMs, judge: () => undefined },
    {
      kind: 'verify',
      what: `what is written to ${guestPath} is kept`,
      mend: [
        'on the host: exportfs -v, and zfs get readonly,quota,available of the dataset',
        `in the guest: touch ${file}`,
      ],
      check: async (_reader, tell) => {
        const why = said === undefined ? 'it was not tried' : faultIn(said)
        if (why === undefined) proved()
        if (why === undefined || !/Permission denied|Operation not permitted/.test(why)) return why
        if (squash === 'none') return `${why} (its export has no_root_squash, so root may write)`
        if (squash === 'all') return `${why} (its export has all_squash: everybody counts as the same one, who may not)`
        // Of root nothing follows for those who are to write there.
        proved()
        tell(
          `${guestPath}: root counts as nobody there, who may not write; others may, as owner and mode of the folder say\n`,
        )
        return undefined
      },
    },
  ]
}

function faultIn({ exitCode, stderr }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined
  return stderr.trim().split('\n').at(-1) || `dd ended with exit code ${exitCode}`
}
