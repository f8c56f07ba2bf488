/** What the tools print, read: each text is a recording of the real one (services.jsonl), or was seen in the lab's Debian. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DeclaredShare } from '../../lib/config/samba.ts'
import type { CommandResult } from '../../lib/host/host.ts'
import { parseListeners } from '../../lib/resources/probes/listeners.ts'
import { parseSambaUsers } from '../../lib/resources/probes/samba-users.ts'
import { parseSessions } from '../../lib/resources/probes/smb-sessions.ts'
import { parseServed } from '../../lib/resources/probes/smb-shares.ts'
import { ntHash } from '../../lib/resources/samba/nt-hash.ts'
import { servicesIn, sharesCheck, wholeCheck } from '../../lib/resources/samba/testparm.ts'
import { recorded } from '../resources/rig.ts'

function scene(number: number, line: string, nth = 0): CommandResult {
  const argv = line.split(' ')
  const { rc, stdout, stderr } = recorded('services.jsonl', number, argv, nth)
  return { argv, exitCode: rc, signal: null, stdout, stderr, durationMs: 1, timedOut: false, notFound: false }
}

const complaint = (result: CommandResult): string | undefined => sharesCheck.judge?.(result)

test('pdbedit -Lw: hash and flags of each user', () => {
  const alice = parseSambaUsers(scene(24, 'pdbedit -Lw').stdout).get('alice')
  assert.is(alice?.hash?.reveal(), ntHash('Throwaway1'))
  assert.is(alice?.isDisabled, false)
  assert.is(parseSambaUsers(scene(25, 'pdbedit -Lw').stdout).get('alice')?.isDisabled, true)
  assert.is(parseSambaUsers(scene(25, 'pdbedit -Lw', 1).stdout).get('alice')?.isDisabled, false)
})

test('pdbedit -Lw: one whose Unix account is gone, and one without a password', () => {
  const gone = scene(25, 'pdbedit -Lw -u alice')
  assert.is(parseSambaUsers(gone.stdout).get('alice')?.hash?.reveal(), ntHash('Throwaway1'))
  const none =
    'bob:1000:NO PASSWORDXXXXXXXXXXXXXXXXXXXXX:E0FBA38268D0EC66EF1CB452D5885E53:[NU         ]:LCT-6B017E72:\n'
  assert.is(parseSambaUsers(none).get('bob')?.hash, null)
})

test('a hash shows itself in no text', () => {
  const accounts = parseSambaUsers(scene(24, 'pdbedit -Lw').stdout)
  assert.not.match(JSON.stringify([...accounts]), ntHash('Throwaway1'))
})

test('testparm: an unknown parameter is a complaint, although its exit code is 0', () => {
  const result = scene(57, 'testparm -s')
  assert.is(result.exitCode, 0)
  assert.match(complaint(result) ?? '', 'Unknown parameter encountered: "bogus option"')
})

test('testparm: a bad value, a share without a path, no closing bracket', () => {
  assert.match(complaint(scene(21, 'testparm -s')) ?? '', 'value is not boolean!')
  assert.match(complaint(scene(21, 'testparm -s', 1)) ?? '', "Ignoring invalid value 'bogus'")
  assert.match(complaint(scene(22, 'testparm -s')) ?? '', 'gave no reason')
  assert.match(complaint(scene(22, 'testparm -s', 1)) ?? '', 'No path in service data')
})

test('testparm: what is said of every good file is no complaint', () => {
  assert.is(complaint(scene(20, 'testparm -s')), undefined)
  assert.is(complaint(scene(20, 'testparm -s', 1)), undefined)
  assert.is(complaint(scene(57, 'testparm -s', 2)), undefined)
})

test('testparm: the shares that it read, with their paths', () => {
  const services = servicesIn(scene(20, 'testparm -s', 1).stdout)
  assert.equal(
    services.map(({ name }) => name),
    ['global', 'data'],
  )
  assert.is(services[1]?.parameters.get('path'), '/srv/data')
})

test('the whole: a share that another section took over, or that was not read', () => {
  const share = (name: string, path: string) => ({ name, path }) as DeclaredShare
  const judge = (shares: DeclaredShare[]) => wholeCheck(shares).judge?.(scene(57, 'testparm -s', 1))
  assert.is(judge([share('DATA', '/srv/other')]), undefined)
  assert.match(judge([share('data', '/srv/data')]) ?? '', 'it reads /srv/other')
  assert.match(judge([share('gone', '/srv/data')]) ?? '', 'no share gone')
})

const said = (exitCode: number, stdout: string): CommandResult => ({
  ...{ argv: [], exitCode, signal: null, stdout, stderr: '', durationMs: 1, timedOut: false, notFound: false },
})

// Samba 4.22.11 of the lab's Debian 13.
const listed = `Disk|print$|Printer Drivers
Disk|data|
IPC|IPC$|IPC Service (Samba 4.22.11-Debian-4.22.11+dfsg-0+deb13u1)
Disk|nobody|Home Directories
SMB1 disabled -- no workgroup available
`

test('smbclient -gNL: what is served', () => {
  assert.equal(parseServed(said(0, listed)).shares, ['print$', 'data', 'nobody'])
})

test('smbclient -gNL: nobody answers, and somebody who lists nothing', () => {
  const refused = 'do_connect: Connection to localhost failed (Error NT_STATUS_CONNECTION_REFUSED)\n'
  assert.is(parseServed(said(1, refused)).answers, false)
  const closed = parseServed(said(1, 'tree connect failed: NT_STATUS_ACCESS_DENIED\n'))
  assert.is(closed.answers, true)
  assert.is(closed.shares, null)
  assert.is(parseServed(said(0, scene(29, 'smbclient -L 127.0.0.1 -N').stdout)).answers, true)
})

test('smbstatus -j: who is on which share', () => {
  const text = `{"timestamp": "2026-11-21T11:19:09.218958+0000", "version": "4.22.11", "smb_conf": "/etc/samba/smb.conf",
    "sessions": {"392642091": {"session_id": "392642091", "server_id": {"pid": "118"}, "uid": 1000, "gid": 1000,
      "username": "alice", "groupname": "alice", "remote_machine": "127.0.0.1", "hostname": "ipv4:127.0.0.1:60778"}},
    "tcons": {"2492986102": {"service": "data", "server_id": {"pid": "118"}, "tcon_id": "2492986102",
      "session_id": "392642091", "machine": "127.0.0.1"}}, "open_files": {}}`
  assert.equal(parseSessions(text), [{ share: 'data', user: 'alice', machine: '127.0.0.1' }])
  assert.equal(parseSessions('{"sessions": {}, "tcons": {}}'), [])
})

test('/proc/net/tcp: ports on which something listens', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:008B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1041156 1 00000000ec929c7c 100 0 0 10 0
   1: 00000000:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1041155 1 000000006e1c9d57 100 0 0 10 0
   2: 0100007F:86B6 0100007F:0016 06 00000000:00000000 03:00001700 00000000     0        0 0 3 00000000c2caf5d9
`
  assert.equal(parseListeners(text), [139, 445])
})

test.run()
