/** What services.jsonl's lab had of accounts, and what its recorder did in the background. */
import { keepRows, rowsOf } from '../../lib/host/simulated/accounts/database.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import type { RecordedCall } from './transcript.ts'

/** dnsmasq and a drop-in of ZFS, which Proxmox VE's blank host has not; a bare /etc/hosts, and the day of the recording. */
export function makeLabAccounts(state: SimState): void {
  state.now = Date.parse('2026-11-21T07:00:00Z') / 1000
  state.files['/etc/hosts'] = { type: 'file', content: '127.0.0.1 localhost\n', mode: 0o644 }
  const rows = rowsOf(state, 'passwd')
  const at = rows.findIndex(([name]) => name === 'sshd')
  keepRows(
    state,
    'passwd',
    rows.toSpliced(at, 0, 'dnsmasq:x:996:65534:dnsmasq:/var/lib/misc:/usr/sbin/nologin'.split(':')),
  )
  state.files['/etc/sudoers.d/zfs'] = { type: 'file', content: '# ZFS\n', mode: 0o440 }
}

/** `setpriv --reuid USER …` keeps a process of that account; one of the Python scripts holds the lock on /etc/passwd. */
export function backgroundAccounts(state: SimState, { argv }: RecordedCall): void {
  if (argv[0] === 'setpriv') callTool(state, ['sim', 'run-as', argv[argv.indexOf('--reuid') + 1] ?? ''])
  if (argv.at(-1)?.includes('/etc/.pwd.lock')) callTool(state, ['sim', 'hold-accounts'])
}
