/** A host with shares on a pool, a client that reaches them, and a look for passwords where none may be: for the Samba scenarios. */
import assert from 'node:assert/strict'
import type { Samba } from '../../lib/config/generated/types.ts'
import { disks } from './disks.ts'
import { configFile, pool, untouched } from './scenario.ts'
import type { CommandResult } from './shell.ts'
import type { Vm } from './vm.ts'

export const passwords = { heads: 'Marker-Geheim-7', media: 'Märker Anders%8$x' } as const
export const changedPassword = 'Marker-Neu-9'

const secretFile = (user: string): string => `/etc/phx/secrets/${user}`

export const setSecret = (vm: Vm, user: string, password: string): Promise<void> =>
  vm.write(secretFile(user), `${password}\n`, '600')

export async function setSecrets(vm: Vm): Promise<void> {
  await vm.run('install -d -m 0700 /etc/phx/secrets')
  for (const [user, password] of Object.entries(passwords)) await setSecret(vm, user, password)
}

/** The user's own form beside the full one; `hidden` is listed for nobody. */
export const usualShares: Samba = {
  user: 'heads',
  password: { file: secretFile('heads') },
  users: [{ username: 'media', password: { file: secretFile('media') } }],
  shares: [
    { name: 'prod-data', path: 'fastData/data', options: 'browseable=yes writable=yes', valid_users: ['heads'] },
    { name: 'Media', path: '/fastData/media', read_only: true },
    { name: 'hidden', path: '/fastData/media', browsable: false, valid_users: ['heads'] },
  ],
}

export async function declareSamba(vm: Vm, samba: Samba | null): Promise<void> {
  const zfs = {
    pools: [pool('fastData', 'single', [disks.blk0])],
    datasets: [
      { name: 'data', pool: 'fastData' },
      { name: 'media', pool: 'fastData' },
    ],
  }
  await vm.write(configFile, `${JSON.stringify({ zfs, ...(samba && { samba }) }, null, 2)}\n`)
}

/** smbclient with the password in a file: on a command line it would be found below. */
export async function asUser(
  vm: Vm,
  user: string,
  password: string,
  share: string,
  command: string,
): Promise<CommandResult> {
  await vm.write('/root/login', `username = ${user}\npassword = ${password}\n`, '600')
  return vm.attempt(['smbclient', `//localhost/${share}`, '-A', '/root/login', '-c', command])
}

export async function works(vm: Vm, user: string, password: string, share = 'prod-data'): Promise<void> {
  const result = await asUser(vm, user, password, share, 'ls')
  assert.equal(result.exitCode, 0, `${user} on ${share}: ${result.stdout}${result.stderr}`)
}

export async function fails(vm: Vm, status: string, ...login: [user: string, password: string, share?: string]) {
  const [user, password, share = 'prod-data'] = login
  const result = await asUser(vm, user, password, share, 'ls')
  assert.notEqual(result.exitCode, 0, `${user} on ${share} should be refused`)
  assert.match(`${result.stdout}${result.stderr}`, new RegExp(status))
}

export const listed = async (vm: Vm): Promise<string[]> =>
  [...(await vm.run('smbclient -gNL localhost')).matchAll(/^Disk\|([^|]+)\|/gm)].map(([, name = '']) => name)

const traces = `cd /; sha256sum etc/samba/*.conf var/lib/samba/private/passdb.tdb; stat -c '%Y %U %a %n' etc/samba/* fastData/*
  grep -c . etc/passwd; systemctl show -p MainPID,ActiveEnterTimestamp smbd`

/** Runs once more: no command that changes the host, the same smbd, every file as it was. */
export const sambaIsSettled = (vm: Vm): Promise<void> => untouched(vm, traces)

/** Collects command lines and environments of all processes, as often as this machine can, until told to stop. */
export async function watchProcesses(vm: Vm): Promise<void> {
  await vm.write(
    '/root/watch',
    `#!/bin/sh
: >/run/seen
while [ ! -e /run/seen.stop ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >>/run/seen 2>/dev/null; done
`,
    '755',
  )
  await vm.run(
    'rm -f /run/seen.stop; setsid /root/watch >/dev/null 2>&1 </dev/null & until [ -s /run/seen ]; do sleep 0.1; done',
  )
}

/** No password in what processes were called with, nor in anything that was kept; the words that must be there prove the look. */
export async function noSecretSeen(vm: Vm, printed: string, ...seen: readonly string[]): Promise<void> {
  await vm.run('touch /run/seen.stop; sleep 1')
  for (const word of seen) await vm.run(['grep', '-aqF', '-e', word, '/run/seen'])
  for (const password of [...Object.values(passwords), changedPassword]) {
    assert.ok(!printed.includes(password), 'a password in what phx printed')
    const places = '/run/seen /var/lib/phx /etc/samba /var/log /run/log /tmp /etc/passwd /etc/shadow'
    const found = await vm.run(`grep -rlaF -e "$(cat)" ${places} 2>/dev/null; true`, { stdin: password })
    assert.equal(found, '', `a password stands in ${found}`)
  }
}
