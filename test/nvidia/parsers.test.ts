/** What the nvidia step reads, in the forms that the tools and the kernel print. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseConfig } from '../../lib/config/load.ts'
import { candidateIn } from '../../lib/resources/nvidia/apt-driver.ts'
import { isBuiltFor, parseDkms } from '../../lib/resources/nvidia/dkms.ts'
import { upstreamVersion, versionLoaded } from '../../lib/resources/nvidia/installed.ts'
import { knownNotToBuild } from '../../lib/resources/nvidia/pairs.ts'

test('dkms status', () => {
  const modules = parseDkms(
    [
      'nvidia/580.76.05, 6.17.2-1-pve, x86_64: installed',
      'nvidia/580.76.05, 6.14.11-4-pve, x86_64: installed (Differences between built and installed modules)',
      'nvidia/580.76.05, 6.17.4-1-pve, x86_64: built',
      'nvidia/580.76.05, 6.8.12-9-pve, x86_64: installed (Original modules exist)',
      'zfs/2.3.4: added',
      '',
    ].join('\n'),
  )
  assert.is(modules.length, 5)
  const built = ['6.17.2-1-pve', '6.14.11-4-pve', '6.17.4-1-pve', '6.8.12-9-pve', '6.5.0-1-pve'].map((kernel) =>
    isBuiltFor(modules, kernel),
  )
  assert.equal(built, [true, false, false, true, false])
  assert.equal(modules.at(-1), { name: 'zfs', version: '2.3.4', kernel: null, state: 'added', isIntact: true })
})

test('/proc/driver/nvidia/version, of both kinds of modules', () => {
  const proprietary = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025\n'
  const open =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.76.05  Release Build  (dvs-builder@U22-I3)  Mon Jul 28\n'
  assert.is(versionLoaded(`${proprietary}GCC version:  gcc version 14.2.0\n`), '550.163.01')
  assert.is(versionLoaded(open), '580.76.05')
  assert.is(versionLoaded(''), null)
})

test('apt-cache policy', () => {
  const policy =
    'nvidia-open-kernel-dkms:\n  Installed: (none)\n  Candidate: 550.163.01-2\n  Version table:\n     550.163.01-2 500\n'
  assert.is(candidateIn(policy), '550.163.01')
  assert.is(candidateIn('x:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n'), null)
  assert.is(candidateIn(''), null)
  assert.is(upstreamVersion('1:580.76.05-0ubuntu1'), '580.76.05')
})

test('which pairs are known not to build', () => {
  assert.ok(knownNotToBuild('550.163.01', '6.17.13-2-pve'))
  assert.ok(knownNotToBuild('555.58.02', '7.0.0-1-pve'))
  assert.is(knownNotToBuild('550.163.01', '6.14.11-4-pve'), undefined)
  assert.is(knownNotToBuild('580.76.05', '6.17.13-2-pve'), undefined)
})

test('validate: a runfile of another version than the declared one', () => {
  const problems = (declared: object): string[] =>
    parseConfig(JSON.stringify({ nvidia_driver: declared }), 'c.json').problems.map(({ message }) => message)
  const url = 'https://example.com/NVIDIA-Linux-x86_64-570.133.07.run'
  assert.equal(problems({ version: '580.76.05', runfile_url: url }), [
    'this is driver 570.133.07, declared is version 580.76.05',
  ])
  assert.equal(problems({ version: '570.133.07', runfile_url: url }), [])
  assert.equal(problems({ packages: ['nvidia-smi'] }), ['the runfile needs no packages'])
})

test.run()
