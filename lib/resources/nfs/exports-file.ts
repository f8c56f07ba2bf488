/** The text of phx's file below /etc/exports.d, and how it is tried before it goes live. */
import { writtenOptions } from '../../config/export-options.ts'
import type { DeclaredEntry } from '../../config/nfs.ts'
import type { CommandResult, FileCheck } from '../../host/host.ts'
import { parseTable } from '../probes/exports.ts'
import { type KnownNames, missingFrom } from './table.ts'

/** What would end a word or begin a comment, in octal (exports(5)). */
const escaped = (text: string): string =>
  [...text].map((char) => (/[\s"#\\]/.test(char) ? octal(char.charCodeAt(0)) : char)).join('')

const octal = (code: number): string => `\\${code.toString(8).padStart(3, '0')}`

/** One line a path and client: of two clients in one parenthesis exportfs would make one name. */
export const exportLines = (entries: readonly DeclaredEntry[]): string[] =>
  entries.map(
    ({ path, client, options }) => `${escaped(path)} ${client}(${writtenOptions(options).map(escaped).join(',')})`,
  )

/**
 * exportfs has no dry run, and of a file with a mistake it takes the lines before it and withdraws those after it (seen:
 * services.jsonl scenes 4 and 58). So it is run in a mount namespace of its own, with an empty table and with the
 * candidate as the only file; what the server works from is not touched (facts: host-tools 4.4). Then it prints the table
 * that came of it.
 */
export const trialScript = `set -e
mount -t tmpfs tmpfs /var/lib/nfs
mkdir /var/lib/nfs/exports.d
cp "$1" /var/lib/nfs/exports.d/phx.exports
: >/var/lib/nfs/exports
: >/var/lib/nfs/etab
mount --bind /var/lib/nfs/exports.d /etc/exports.d
test ! -f /etc/exports || mount --bind /var/lib/nfs/exports /etc/exports
rc=0
exportfs -ra || rc=$?
exportfs -s
exit $rc`

/** Without any /etc/exports exportfs complains and goes on with the other files (seen: services.jsonl scene 13). */
const harmless = /can't open \/etc\/exports for reading/

export const complaintsIn = (stderr: string): string[] =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !harmless.test(line))

/** The check of the file: every complaint refuses it, and so does an entry that did not come of it, whatever the exit code. */
export function trialOf(entries: readonly DeclaredEntry[], known: KnownNames): FileCheck {
  return {
    argv: ['unshare', '--mount', 'sh', '-c', trialScript, 'sh', '%s'],
    judge({ exitCode, stdout, stderr }: CommandResult) {
      const complaints = complaintsIn(stderr)
      if (complaints.length > 0) return [...new Set(complaints)].join('; ')
      const missing = missingFrom(parseTable(stdout), entries, known)
      if (missing.length > 0) return `exportfs takes it without a word, yet would not export ${missing.join(', ')}`
      return exitCode === 0 || harmless.test(stderr) ? undefined : `exportfs -ra ended with exit code ${exitCode}`
    },
  }
}
