/** What the step reads: apt's sources, policy and keys, releases of kernels, interfaces, locks. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reader } from '../../lib/host/host.ts'
import { aptHolder } from '../../lib/resources/package/apt-lock.ts'
import { parsePolicy } from '../../lib/resources/probes/apt.ts'
import { byRelease } from '../../lib/resources/probes/kernels.ts'
import { parseInterfaces } from '../../lib/resources/system/interfaces.ts'
import { keyFingerprints } from '../../lib/resources/system/openpgp.ts'
import { entriesIn, listPrefix, switched } from '../../lib/resources/system/sources.ts'
import { recorded } from '../resources/rig.ts'

test('apt-cache policy, as a real one answered: nothing for a package it has never heard of', () => {
  const { stdout } = recorded('services.jsonl', 53, ['apt-cache', 'policy', 'ufw', 'nosuch'])
  assert.equal([...parsePolicy(stdout)], [['ufw', '0.36.2-9']])
  assert.equal([...parsePolicy('gone:\n  Installed: 1\n  Candidate: (none)\n')], [])
})

const stanzas = `# Proxmox
Types: deb
URIs: http://a.example/x
Suites: one
Components: main
  contrib
# in between
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb-src
URIs: http://a.example/y

Enabled: No
Types: deb deb-src
URIs: http://b.example/ http://c.example/
Suites: two three
`

test('stanzas: continued lines, comments, sources of sources left out', () => {
  const [first, second, ...more] = entriesIn('/x.sources', stanzas)
  assert.equal(first?.components, ['main', 'contrib'])
  assert.equal([first?.isOn, first?.from], [true, 0])
  assert.equal([second?.isOn, second?.uris.length, second?.suites], [false, 2, ['two', 'three']])
  assert.equal(more, [])
})

test('switching changes one line, inside the stanza, and back again', () => {
  const [first, second] = entriesIn('/x.sources', stanzas)
  if (!first || !second) return assert.unreachable()
  const off = switched(stanzas, first, false)
  assert.is(off, stanzas.replace('# Proxmox\n', '# Proxmox\nEnabled: no\n'))
  assert.is(entriesIn('/x.sources', off)[0]?.isOn, false)
  assert.is(switched(stanzas, second, true), stanzas.replace('Enabled: No', 'Enabled: yes'))
  const noEnd = 'Types: deb\nURIs: http://a.example/\nSuites: ./'
  const [only] = entriesIn('/x.sources', noEnd)
  assert.is(only && switched(noEnd, only, false), `Enabled: no\n${noEnd}`)
})

test('one-line entries: options, comments, what is commented out', () => {
  const text =
    '# see sources.list(5)\n deb [signed-by=/k arch=amd64] http://a.example one main # mine\n#deb cdrom:[x]/ two\n# deb http://b.example/ two main\ndeb-src http://a.example one main\n'
  const found = entriesIn('/x.list', text)
  assert.equal(
    found.map(({ isOn, uris, components, from }) => [isOn, uris[0], components, from]),
    [
      [true, 'http://a.example', ['main'], 1],
      [false, 'cdrom:[x]/', [], 2],
      [false, 'http://b.example/', ['main'], 3],
    ],
  )
  const [first] = found
  const off = first && switched(text, first, false)
  assert.match(off ?? '', '\n#  deb [signed-by=/k arch=amd64] http://a.example one main # mine\n')
})

test('names of lists, as apt writes them', () => {
  // The first two seen in /var/lib/apt/lists of Debian, the third in the lab.
  assert.is(
    listPrefix('http://deb.debian.org/debian/', 'trixie-updates'),
    'deb.debian.org_debian_dists_trixie-updates_',
  )
  assert.is(listPrefix('https://deb.example.com/node_20.x', 'nodistro'), 'deb.example.com_node%5f20.x_dists_nodistro_')
  assert.is(listPrefix('file:/srv/apt', './'), '_srv_apt_._')
})

test('releases of kernels', () => {
  const sorted = ['6.17.10-1-pve', '6.8.12-4-pve', '6.17.2-1-pve', '6.17.2-2-pve'].sort(byRelease)
  assert.equal(sorted, ['6.8.12-4-pve', '6.17.2-1-pve', '6.17.2-2-pve', '6.17.10-1-pve'])
})

test('interfaces: address with its length or with a mask, IPv6 apart', () => {
  const text = `auto vmbr0
iface vmbr0 inet static
  address 10.0.0.13/24
  gateway 10.0.0.1
iface vmbr0 inet6 static
  address fd00::1/64
iface eno2 inet static
  address 10.1.0.1
  netmask 255.255.254.0
iface eno3 inet dhcp
`
  assert.equal(Object.fromEntries(parseInterfaces(text)), {
    vmbr0: { address: '10.0.0.13/24', gateway: '10.0.0.1' },
    eno2: { address: '10.1.0.1/23', gateway: null },
    eno3: { address: null, gateway: null },
  })
})

test('keys: a text that is none, one that is cut off', () => {
  assert.equal(keyFingerprints('no key'), [])
  const cut = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEY865UxYJKwYBBAHaRw8B\n-----END PGP PUBLIC KEY BLOCK-----\n`
  assert.equal(keyFingerprints(cut), ['unreadable'])
})

test('who holds the lock: of several processes with locks the one that has a file of apt open', async () => {
  const files: Readonly<Record<string, string>> = {
    '/proc/locks':
      '1: FLOCK  ADVISORY  WRITE 12 fe:00:9 0 EOF\n2: POSIX  ADVISORY  READ  13 fe:00:9 0 EOF\n3: POSIX  ADVISORY  WRITE 14 fe:00:9 0 EOF\n4: POSIX  ADVISORY  WRITE 15 fe:00:8 0 EOF\n5: -> POSIX  ADVISORY  WRITE 16 fe:00:8 0 EOF\n',
    '/proc/15/comm': 'apt-get\n',
  }
  const links: Readonly<Record<string, string>> = {
    '/proc/14/fd/3': '/run/x',
    '/proc/15/fd/5': '/var/lib/apt/lists/lock',
  }
  const reader: Pick<Reader, 'readFile' | 'listDir' | 'realpath'> = {
    readFile: async (path) => files[path],
    listDir: async (path) =>
      Object.keys(links)
        .filter((one) => one.startsWith(`${path}/`))
        .map((one) => one.slice(path.length + 1)),
    realpath: async (path) => links[path],
  }
  assert.is(await aptHolder(reader as Reader), 'process 15 (apt-get)')
})

test.run()
