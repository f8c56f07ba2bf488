/** The teeth of the local transport: each test is something that zx alone, or a shell, would get wrong. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FileRefused } from '../lib/host/host.ts'
import { LocalHost } from '../lib/host/local.ts'
import { ending, outputLimit, runCommand } from '../lib/host/spawn.ts'

const folder = fs.mkdtempSync(join(tmpdir(), 'phx-local-'))
test.after(() => fs.rmSync(folder, { recursive: true, force: true }))

const path = (name: string): string => join(folder, name)
const host = new LocalHost()
/** Gives up soon: TERM, 200 ms, KILL, 200 ms. */
const impatient = new LocalHost(process.env, { ...ending, graceMs: 200, giveUpMs: 200 })
const sh = (script: string, ...args: string[]): string[] => ['bash', '-c', script, 'sh', ...args]
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
const within = async (ms: number, condition: () => boolean): Promise<boolean> => {
  const end = Date.now() + ms
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10))
  return condition()
}

test('an exit status is a result, with both streams apart', async () => {
  const result = await host.mutate(sh('echo out; echo err >&2; exit 3'))
  assert.is(result.exitCode, 3)
  assert.is(result.stdout, 'out\n')
  assert.is(result.stderr, 'err\n')
  assert.not(result.timedOut)
  assert.not(result.notFound)
})

test('arguments arrive as they are, whatever a shell would make of them', async () => {
  const hostile = [
    '$(id)',
    '`id`',
    '; id',
    '&& id',
    '"',
    "'",
    "$'\\x41'",
    '\\',
    '\\n',
    '*',
    '~',
    '',
    ' a  b ',
    '-n',
    '--',
    'a\nb\t\r\f\v',
    '!x',
    '{a,b}',
    '$HOME',
    'FOO=bar',
    '\u00fc€😀',
    '#',
    '> /x',
    '|',
    '%s',
    '\u001b[31m',
    '\u0007',
  ]
  const { stdout } = await host.mutate(['printf', '%s\\0', ...hostile])
  assert.equal(stdout.split('\0').slice(0, -1), hostile)
})

test('argv[0] is a tool on the PATH and nothing of the shell: no builtin, keyword, assignment or function', async () => {
  for (const word of ['FOO=bar', 'cd', 'if', 'exec', '$(id)', 'id; id', '-a', 'source']) {
    const result = await host.mutate([word, '/'])
    assert.is(result.exitCode, 127, word)
    assert.ok(result.notFound, word)
  }
  const echo = await host.mutate(['echo', '--version']) // the builtin would print its argument
  assert.match(echo.stdout, 'coreutils')
})

test('a NUL byte, an empty list and what is no text are refused before anything starts', async () => {
  const mark = path('nul')
  for (const argv of [['touch', `${mark}\0x`], [], [''], ['touch', undefined], ['touch', {}], ['touch', null]]) {
    try {
      await host.mutate(argv as string[])
      assert.unreachable(JSON.stringify(argv))
    } catch (error) {
      assert.match((error as Error).message, 'not a command')
    }
  }
  assert.not(fs.existsSync(mark))
})

test('a signal that is aborted already starts nothing', async () => {
  const result = await host.mutate(['touch', path('aborted')], { signal: AbortSignal.abort() })
  assert.is(result.exitCode, null)
  assert.match(result.stderr, 'not started')
  assert.not(fs.existsSync(path('aborted')))
})

test('a command that traps TERM and exits 0 at its deadline has timed out and succeeded in nothing', async () => {
  const result = await host.mutate(sh('trap "echo bye; exit 0" TERM; echo hi; while :; do sleep 0.05; done'), {
    timeoutMs: 300,
  })
  assert.ok(result.timedOut)
  assert.is(result.exitCode, null)
  assert.is(result.stdout, 'hi\nbye\n')
})

test('one that ignores TERM is killed with its children', async () => {
  const script = 'trap "" TERM; sleep 60 & echo $!; echo $$; wait; sleep 60'
  const started = Date.now()
  const result = await impatient.mutate(sh(script), { timeoutMs: 300 })
  assert.ok(result.timedOut)
  assert.is(result.exitCode, null)
  assert.is(result.signal, 'SIGKILL')
  assert.ok(Date.now() - started < 2000)
  for (const pid of result.stdout.trim().split('\n').map(Number)) assert.ok(await within(1000, () => !isAlive(pid)))
})

test('a child that ignores TERM is killed although the command itself obeyed', async () => {
  const result = await impatient.mutate(sh('(trap "" TERM; exec sleep 60) & echo $!; wait'), { timeoutMs: 300 })
  assert.ok(result.timedOut)
  const pid = Number(result.stdout)
  assert.ok(pid > 1)
  assert.ok(await within(1000, () => !isAlive(pid)))
})

test('one that no signal reaches (state D) is given up on', async () => {
  let told: number | undefined
  const deaf = new LocalHost(process.env, {
    graceMs: 50,
    giveUpMs: 50,
    kill: (pid) => {
      told = -pid
    },
  })
  const result = await deaf.mutate(['sleep', '60'], { timeoutMs: 100 })
  assert.ok(result.timedOut)
  assert.is(result.exitCode, null)
  assert.is(result.signal, null)
  assert.match(result.stderr, 'could not be killed and was left behind')
  assert.ok(result.durationMs < 2000)
  process.kill(told ?? Number.NaN, 'SIGKILL')
})

test('an abort ends a running command, and it did not succeed', async () => {
  const stop = new AbortController()
  const running = host.mutate(sh('trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'), { signal: stop.signal })
  setTimeout(() => stop.abort(), 200)
  const result = await running
  assert.is(result.exitCode, null)
  assert.not(result.timedOut)
})

test('a grandchild in a session of its own is not waited for, and it is said that it holds the output', async () => {
  const started = Date.now()
  const result = await host.mutate(sh('setsid sleep 60 & echo $!; exit 4'))
  assert.is(result.exitCode, 4)
  assert.ok(Date.now() - started < 5000)
  assert.match(result.stderr, 'still holds its output open')
  await host.mutate(['kill', result.stdout.trim()])
})

test('what is asked for its output is answered when that has ended, not when the command has', async () => {
  const env = { PATH: process.env.PATH ?? '' }
  const late = sh('(sleep 1; echo tank) & echo rpool')
  const whole = await runCommand({ argv: late, env, timeoutMs: 10_000, asksForOutput: true })
  assert.is(whole.stdout, 'rpool\ntank\n')
  const never = await runCommand({ argv: sh('sleep 60 & echo rpool'), env, timeoutMs: 300, asksForOutput: true })
  assert.ok(never.timedOut)
  assert.is(never.exitCode, null)
})

test('20 MiB of output: 16 are kept, and the cut is marked', async () => {
  const result = await host.mutate(['head', '-c', String(20 * 2 ** 20), '/dev/zero'])
  assert.is(result.exitCode, 0)
  assert.ok(result.stdout.endsWith(`\n[phx: output cut here, ${4 * 2 ** 20} more bytes]\n`))
  assert.is(result.stdout.indexOf('\n'), outputLimit)
})

test('a letter of several bytes survives wherever the pipe splits it', async () => {
  const { stdout } = await host.mutate(sh("printf '\\xe2\\x82'; sleep 0.1; printf '\\xac'"))
  assert.is(stdout, '€')
})

test('standard input is what was given, else empty', async () => {
  assert.is((await host.mutate(['cat'], { stdin: "secret'\n$x" })).stdout, "secret'\n$x")
  assert.is((await host.mutate(['cat'])).stdout, '')
  assert.is((await host.mutate(['cat'], { stdin: '' })).stdout, '')
  const unread = await host.mutate(['true'], { stdin: 'x'.repeat(2 ** 20) })
  assert.is(unread.exitCode, 0)
})

test('a tool that is not there is said to be missing; one that appears is found', async () => {
  const result = await host.mutate(['no-such-tool', 'x'])
  assert.is(result.exitCode, 127)
  assert.ok(result.notFound)
  const own = new LocalHost({ PATH: `${folder}:relative` })
  assert.not(await own.hasTool('newtool'))
  fs.writeFileSync(path('newtool'), '#!/bin/sh\nexit 127\n', { mode: 0o755 })
  assert.ok(await own.hasTool('newtool'))
  const found = await own.mutate(['newtool'])
  assert.is(found.exitCode, 127)
  assert.not(found.notFound)
})

test('a tool that can not be started says why: its interpreter is gone, its words are too many', async () => {
  const own = new LocalHost({ PATH: folder })
  fs.writeFileSync(path('orphan'), '#!/no/such/interpreter\n', { mode: 0o755 })
  const orphan = await own.mutate(['orphan'])
  assert.is(orphan.exitCode, 127)
  assert.not(orphan.notFound)
  assert.match(orphan.stderr, "can't start orphan: spawn orphan ENOENT")
  const tooMany = await own.mutate(['true', 'x'.repeat(2 ** 22)])
  assert.is(tooMany.exitCode, 126)
  assert.match(tooMany.stderr, "can't start true: spawn E2BIG")
})

test('the environment is a short list: C locale, sbin on the PATH, nothing that steers tools, bash or zx', async () => {
  const steered = new LocalHost({
    PATH: '/usr/bin:/bin',
    HOME: '/root',
    LC_ALL: 'de_DE.UTF-8',
    ZPOOL_VDEV_NAME_GUID: '1',
    BASH_ENV: '/dev/null',
    ZX_PREFIX: 'echo INJECTED;',
  })
  const { stdout } = await steered.mutate(['env'])
  const names = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0])
    .sort()
  assert.equal(names, ['HOME', 'LC_ALL', 'PATH'])
  assert.match(stdout, 'LC_ALL=C\n')
  assert.match(stdout, /PATH=.*\/usr\/sbin/)
})

test('ZX_* in the environment of phx changes nothing', async () => {
  const code = `
    const { LocalHost } = await import(${JSON.stringify(new URL('../lib/host/local.ts', import.meta.url).href)})
    const result = await new LocalHost().mutate(['echo', 'hi'])
    console.log(JSON.stringify(result.stdout))`
  const script = path('zx.mts')
  fs.writeFileSync(script, code)
  const env = {
    ...process.env,
    ZX_PREFIX: 'echo INJECTED;',
    ZX_POSTFIX: '; echo LATE',
    ZX_VERBOSE: 'true',
    ZX_SHELL: '/bin/false',
    ZX_TIMEOUT: '1',
    ZX_PREFER_LOCAL: 'true',
  }
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    env,
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data
    })
  await once(child, 'close')
  assert.is(said, '"hi\\n"\n')
})

test('a command is in a process group of its own, so Ctrl-C does not reach it', async () => {
  const { stdout } = await host.mutate(sh('ps -o pid=,pgid=,sid= -p $$'))
  const [pid, group, session] = stdout.trim().split(/\s+/)
  assert.is(group, pid)
  assert.is(session, pid)
})

test('commands run side by side and keep their answers apart', async () => {
  const started = Date.now()
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, index) => host.mutate(sh('sleep 0.3; echo "$1"; exit "$1"', String(index)))),
  )
  assert.equal(
    results.map(({ stdout, exitCode }) => [stdout, exitCode]),
    results.map((_, index) => [`${index}\n`, index]),
  )
  assert.ok(Date.now() - started < 4000)
})

test('query refuses what could write, before it starts', async () => {
  for (const argv of [
    ['touch', path('query')],
    ['zpool', 'create', 'x'],
    ['pvesm', 'status'],
  ]) {
    let refused = false
    try {
      await host.query(argv)
    } catch (error) {
      refused = /not a read-only command/.test((error as Error).message)
    }
    assert.ok(refused, argv.join(' '))
  }
  assert.not(fs.existsSync(path('query')))
})

test('reading: absent is undefined, anything else that fails rejects', async () => {
  fs.mkdirSync(path('dir'))
  fs.writeFileSync(path('dir/b'), 'text')
  fs.writeFileSync(path('dir/a'), '')
  fs.symlinkSync('nowhere', path('dangling'))
  fs.symlinkSync('dir/b', path('link'))
  assert.is(await host.readFile(path('dir/b')), 'text')
  assert.is(await host.readFile(path('none')), undefined)
  assert.is(await host.readFile(path('dir/b/c')), undefined)
  assert.equal(await host.listDir(path('dir')), ['a', 'b'])
  assert.is(await host.listDir(path('none')), undefined)
  assert.is(await host.listDir(path('dir/b')), undefined)
  assert.is(await host.realpath(path('link')), fs.realpathSync(path('dir/b')))
  assert.is(await host.realpath(path('dangling')), undefined)
  let code: unknown
  await host.readFile(path('dir')).catch((error) => {
    code = error.code
  })
  assert.is(code, 'EISDIR')
})

test('writing: whole, with its mode, over what a killed run left, and nothing stays beside it', async () => {
  const target = path('etc/exports')
  fs.mkdirSync(path('etc'))
  fs.writeFileSync(path('etc/.exports.phx-new'), 'half a fi')
  const inode = () => fs.statSync(target).ino
  await host.writeFile({ path: target, content: 'one\n', mode: 0o644 })
  const before = inode()
  await host.writeFile({ path: target, content: 'zwei ü\n', mode: 0o640 })
  assert.is(fs.readFileSync(target, 'utf8'), 'zwei ü\n')
  assert.is(fs.statSync(target).mode & 0o7777, 0o640)
  assert.is.not(inode(), before)
  assert.equal(fs.readdirSync(path('etc')), ['exports'])
})

test('a failed write leaves the old file, and says which file and why', async () => {
  fs.mkdirSync(path('etc2/busy/x'), { recursive: true })
  for (const target of [path('etc2/busy'), path('absent/file')]) {
    let message = ''
    await host.writeFile({ path: target, content: 'x', mode: 0o600 }).catch((error) => {
      message = error.message
    })
    assert.match(message, `can't write ${target}: `)
  }
  assert.equal(fs.readdirSync(path('etc2')), ['busy'])
})

test('a check sees the candidate with its mode, and what it refuses leaves everything as it was', async () => {
  const target = path('checked')
  await host.writeFile({ path: target, content: 'good\n', mode: 0o640 })
  const check = {
    argv: ['sh', '-c', 'stat -c %a "$1"; grep -q good "$1" || { echo "line 1 is bad" >&2; exit 3; }', 'sh', '%s'],
  }
  await host.writeFile({ path: target, content: 'good again\n', mode: 0o640, check })
  assert.is(fs.readFileSync(target, 'utf8'), 'good again\n')
  let refused: unknown
  await host.writeFile({ path: target, content: 'evil\n', mode: 0o640, check }).catch((error) => {
    refused = error
  })
  assert.instance(refused, FileRefused)
  assert.is((refused as FileRefused).message, 'line 1 is bad')
  assert.is((refused as FileRefused).result.stdout, '640\n')
  assert.is(fs.readFileSync(target, 'utf8'), 'good again\n')
  // A tool that only warns is judged by what it says.
  const judge = ({ stdout }: { stdout: string }) => (stdout.includes('600') ? 'mode 600 is not what I want' : undefined)
  await host.writeFile({ path: target, content: 'good\n', mode: 0o600, check: { ...check, judge } }).catch((error) => {
    refused = error
  })
  assert.is((refused as FileRefused).message, 'mode 600 is not what I want')
  assert.equal(
    fs.readdirSync(path('')).filter((name) => name.includes('phx-new')),
    [],
  )
})

test('owner, stat and removal', async () => {
  const target = path('owned')
  const own = `${process.getuid?.()}:${process.getgid?.()}`
  await host.writeFile({ path: target, content: '12345', mode: 0o4750, owner: own })
  const { mode, uid, gid } = fs.statSync(target)
  assert.equal(await host.stat(target), { type: 'file', mode: 0o4750, uid, gid, size: 5 })
  assert.is(mode & 0o7777, 0o4750)
  assert.is((await host.stat(path('')))?.type, 'dir')
  assert.is((await host.stat('/dev/null'))?.type, 'other')
  assert.is(await host.stat(path('none')), undefined)
  let message = ''
  await host
    .writeFile({ path: path('none'), content: '', mode: 0o600, owner: 'nobody-of-that-name' })
    .catch((error) => {
      message = error.message
    })
  assert.match(message, 'invalid user')
  assert.is(fs.existsSync(path('none')), false)
  await host.removeFile(target)
  await host.removeFile(target)
  assert.is(fs.existsSync(target), false)
})

test.run()
