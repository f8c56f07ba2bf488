/**
 * phx's trial of an exports file, in a mount namespace of its own: unshare(1) with this one script. What it mounts is gone
 * with it, so the host is put back as it was.
 */
import type { SimFile, SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { exportfs } from './exportfs.ts'
import { etab } from './table.ts'

/** The same text as trialScript of lib/resources/nfs/exports-file.ts: anything else is not simulated. */
const script = `set -e
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

export const unshare: Tool = (state, { args }) => {
  const [candidate = ''] = args.slice(5)
  if (args.slice(0, 5).join('\0') !== ['--mount', 'sh', '-c', script, 'sh'].join('\0'))
    throw new NotSimulated('unshare with another script')
  const text = state.files[candidate]?.content
  if (text === undefined) return answer(1, '', `cp: cannot stat '${candidate}': No such file or directory\n`)
  return inNamespace(state, text)
}

function inNamespace(state: SimState, text: string) {
  const before: Record<string, SimFile> = { ...state.files }
  const empty: SimFile = { type: 'file', content: '', mode: 0o644 }
  for (const path of Object.keys(state.files)) {
    if (path === etab || path.startsWith('/etc/exports.d/')) delete state.files[path]
  }
  if (before['/etc/exports']?.type === 'file') state.files['/etc/exports'] = empty
  state.files['/etc/exports.d'] ??= { type: 'dir', content: '', mode: 0o755 }
  state.files['/etc/exports.d/phx.exports'] = { ...empty, content: text }
  const tried = exportfs(state, { args: ['-ra'], stdin: '' })
  const table = exportfs(state, { args: ['-s'], stdin: '' })
  state.files = before
  return answer(tried.exitCode, table.stdout, tried.stderr + table.stderr)
}
