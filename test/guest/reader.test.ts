/** The same answers as the local transport's, by commands alone, and nothing that could write. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GuestReader, type RunInside } from '../../lib/host/guest/reader.ts'
import { GuestUnreachable } from '../../lib/host/guest/unreachable.ts'
import { type CommandResult, readerOf } from '../../lib/host/host.ts'
import { LocalHost } from '../../lib/host/local.ts'
import { isReadOnly } from '../../lib/host/readonly.ts'
import { checkReader, furnish } from './contract.ts'

const folder = fs.mkdtempSync(join(tmpdir(), 'phx-inside-'))
test.after(() => fs.rmSync(folder, { recursive: true, force: true }))

/** As in a guest whose locale isn't C; without zx, whose start costs more than the commands. */
const here: RunInside = async (argv, timeoutMs) => {
  const [tool = '', ...args] = argv
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }
  const { status, signal, stdout, stderr } = spawnSync(tool, args, { env, encoding: 'utf8', timeout: timeoutMs })
  return { argv, exitCode: status, signal, stdout, stderr, durationMs: 1, timedOut: false, notFound: false }
}

const said = (more: Partial<CommandResult>): GuestReader =>
  new GuestReader('vm:8101', async (argv) => ({
    argv,
    exitCode: 0,
    signal: null,
    stdout: '',
    stderr: '',
    durationMs: 1,
    timedOut: false,
    notFound: false,
    ...more,
  }))

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it should have failed')
}

test('the same as the local transport says', async () => {
  const rooms = join(folder, 'rooms')
  fs.mkdirSync(rooms)
  furnish(rooms)
  await checkReader(new GuestReader('here', here), rooms)
})

test('absent in the words of GNU coreutils 9.1, uutils 0.0.30 and busybox 1.37', async () => {
  for (const stderr of [
    "stat: cannot statx '/x': No such file or directory\n",
    "stat: cannot stat '/x': No such file or directory (os error 2)\n",
    "stat: can't stat '/x': No such file or directory\n",
    "stat: cannot stat '/x/y': Not a directory (os error 20)\n",
  ]) {
    assert.is(await said({ exitCode: 1, stderr }).stat('/x'), undefined, stderr)
    assert.is(await said({ exitCode: 1, stderr }).hasTool('/x'), false, stderr)
  }
  for (const stderr of [
    'cat: /x: No such file or directory\n',
    "cat: '/no ne'$'\\n''x': No such file or directory\n",
    'cat: /x: No such file or directory (os error 2)\n',
    "cat: can't open '/x': No such file or directory\n",
  ])
    assert.is(await said({ exitCode: 1, stderr }).readFile('/x'), undefined, stderr)
  for (const stderr of ["find: '/x/': No such file or directory\n", 'find: /x/: Not a directory\n'])
    assert.is(await said({ exitCode: 1, stderr }).listDir('/x'), undefined, stderr)
})

test('any other failure is no absence', async () => {
  for (const more of [
    { exitCode: 1, stderr: 'cat: /x: Permission denied\n' },
    { exitCode: 1, stderr: 'cat: /x: Stale file handle\n' },
    { exitCode: 1, stderr: '' },
    { exitCode: 1, stderr: 'cat: /x: No such file or directory\n', stdout: 'half of it' },
    { exitCode: 2, stderr: 'cat: /x: No such file or directory\n' },
    { exitCode: 1, stderr: 'cat: /y: Input/output error\ncat: /x: No such file or directory\n' },
    { exitCode: null, signal: 'SIGKILL' },
    { exitCode: null, timedOut: true },
  ])
    assert.match((await failure(said(more).readFile('/x'))).message, "can't read /x in vm:8101: ")
  const denied = "stat: cannot statx '/x': Permission denied\n"
  assert.match((await failure(said({ exitCode: 1, stderr: denied }).hasTool('x'))).message, 'Permission denied')
})

test('a tool that the guest does not have is told from one that says 127 itself, in any language', async () => {
  const guest = (stat: Partial<CommandResult>): GuestReader =>
    new GuestReader('vm:8101', async (argv) => {
      const stderr = 'env: „dkms“: Datei oder Verzeichnis nicht gefunden\n'
      const more = argv.includes('stat') ? stat : { exitCode: 127, stderr }
      const blank = { signal: null, stdout: '', durationMs: 1, timedOut: false, notFound: false }
      return { argv, exitCode: 1, stderr: '', ...blank, ...more }
    })
  const absent = { stderr: "stat: cannot statx '/sbin/dkms': No such file or directory\n" }
  assert.ok((await guest(absent).query(['dkms', 'status'])).notFound)
  assert.not((await guest({ exitCode: 0, stdout: '81ed\n' }).query(['dkms', 'status'])).notFound)
  const broken = guest({ exitCode: 127, stderr: 'env: „stat“: …' })
  assert.match((await failure(broken.query(['dkms', 'status']))).message, "can't look for dkms in vm:8101")
})

test('the command runs in the C locale and finds what lies in sbin', async () => {
  const asked: string[][] = []
  const reader = new GuestReader('vm:8101', async (argv, timeoutMs) => {
    asked.push([...argv, String(timeoutMs)])
    return here(argv, timeoutMs)
  })
  await reader.query(['getent', 'group', 'root'], { timeoutMs: 1234 })
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  assert.equal(asked, [['env', 'LC_ALL=C', path, 'getent', 'group', 'root', '1234']])
})

test('what could write does not get as far as the guest', async () => {
  const reader = new GuestReader('vm:8101', async () => assert.unreachable('it was run') as never)
  for (const argv of [['rm', '-rf', '/'], ['sh', '-c', 'true'], ['find', '/x', '-delete'], ['env', 'true'], []])
    assert.match((await failure(reader.query(argv))).message, 'not a read-only command')
  assert.match((await failure(reader.readFile('-n'))).message, 'has to begin with /')
})

test('the list of commands that read is closed around those of a guest', () => {
  const listing = ['-mindepth', '1', '-maxdepth', '1', '-print0']
  for (const argv of [
    ['cat', '--', '/etc/fstab'],
    ['stat', '-L', '-c', '%f', '--', '/a', '/b'],
    ['find', '/etc/', ...listing],
    ['readlink', '-f', '-n', '--', '/etc'],
    ['tail', '-n', '40', '--', '/var/log/cloud-init.log'],
    ['tail', '-n', '+41', '--', '/var/log/phx/docker.log'],
    ['test', '-x', '/usr/bin/docker'],
    ['grep', '-qFx', 'yes', '/etc/x'],
    ['systemctl', 'is-active', 'docker.service'],
    ['cloud-init', 'status'],
    ['cloud-init', 'status', '--long'],
    ['cloud-init', 'status', '--format', 'json'],
  ])
    assert.ok(isReadOnly(argv), argv.join(' '))
  for (const argv of [
    ['cat'],
    ['cat', '/etc/fstab'],
    ['cat', '--'],
    ['cat', '--', 'relative'],
    ['stat', '/x'],
    ['stat', '-L', '-c', '%f', '/x'],
    ['stat', '-L', '-c', '%f', '--', '-x'],
    ['find', '/etc/', ...listing, '-delete'],
    ['find', '/etc/', '-delete', ...listing],
    ['find', '-delete', ...listing],
    ['find', '/etc/', '-exec', 'rm', '{}', ';'],
    ['find', '/etc/', '-fprint', '/x'],
    ['find', '/etc/', ...listing.slice(0, -1), '-fprint0', '/x'],
    ['readlink', '-f', '/x'],
    ['tail', '-f', '-n', '1', '--', '/x'],
    ['tail', '-n', '+1', '/x'],
    ['tail', '-n', '+', '--', '/x'],
    ['test', '-e', 'relative'],
    ['test', '-e', '/x', '-o', '-e', '/y'],
    ['grep', 'yes', '/x'],
    ['grep', '-q', '--include=*', '/x'],
    ['grep', '-q', 'yes', '/x', '/y'],
    ['systemctl', 'is-active', '--root=/x'],
    ['systemctl', 'restart', 'docker.service'],
    ['tail', '-n', '1', '-f', '/x'],
    ['cloud-init', 'clean'],
    ['cloud-init', 'status', '--wait'],
    ['cloud-init', 'init'],
  ])
    assert.not(isReadOnly(argv), argv.join(' '))
})

test('a container is looked into by lxc-attach, one process a question', async () => {
  const bin = join(folder, 'bin')
  const log = join(folder, 'log')
  fs.mkdirSync(bin)
  // As lxc 6.0.4 does for one that runs, and for one that doesn't.
  const script = `#!/bin/bash
printf '%s\\n' "$*" >>${log}
[ "$2" = 901 ] || { echo "lxc-attach: $2: ../src/lxc/attach.c: get_attach_context: 406 Connection refused - Failed to get init pid" >&2; exit 1; }
shift 3; exec "$@"\n`
  fs.writeFileSync(join(bin, 'lxc-attach'), script, { mode: 0o755 })
  const host = new LocalHost({ ...process.env, PATH: `${bin}:${process.env.PATH}` })
  fs.writeFileSync(join(folder, 'text'), 'inside\n')
  const running = readerOf(host).inside({ kind: 'lxc', id: '901' })
  assert.is(await running.readFile(join(folder, 'text')), 'inside\n')
  assert.match(fs.readFileSync(log, 'utf8'), /^-n 901 -- env LC_ALL=C PATH=\S+ cat -- \S+\/text\n$/)
  assert.is(await running.readFile(join(folder, 'none')), undefined)

  const stopped = host.inside({ kind: 'lxc', id: '902' })
  for (const look of [() => stopped.readFile('/etc/fstab'), () => stopped.hasTool('sh'), () => stopped.listDir('/')]) {
    const error = await failure(look())
    assert.instance(error, GuestUnreachable)
    assert.is((error as GuestUnreachable).why, 'no socket')
    assert.match(error.message, 'lxc:902: the container is not running')
  }
  await host.close()
})

test('a VM is looked into by its agent; one without is said to have none', async () => {
  const host = new LocalHost()
  const error = await failure(host.inside({ kind: 'vm', id: '999999998' }).stat('/'))
  assert.instance(error, GuestUnreachable)
  assert.match(error.message, 'vm:999999998: there is no /var/run/qemu-server/999999998.qga')
  for (const id of ['', '1', '../8101', '-n', '8101/..', '08101'])
    assert.throws(() => host.inside({ kind: 'vm', id }), /not the number of a guest/)
  const inner = host.inside({ kind: 'vm', id: '8101' })
  assert.throws(() => inner.inside({ kind: 'lxc', id: '901' }), 'vm:8101 is a guest')
  await host.close()
})

test.run()
