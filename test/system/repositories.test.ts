/** Repositories: the forms of Proxmox VE 9 and 8, what is switched in others' files, keys, lists. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { HostSettings } from '../../lib/config/generated/types.ts'
import { Scene } from './scene.ts'

type Repositories = NonNullable<HostSettings['repositories']>

const sceneOf = (repositories: Repositories): Scene => new Scene({ host: { repositories } })
const own = '/etc/apt/sources.list.d/phx.sources'
const enterprise = '/etc/apt/sources.list.d/pve-enterprise.sources'
const ceph = '/etc/apt/sources.list.d/ceph.sources'

/** Debian's signing key of bookworm's stable releases, as its keyring package has it. */
const debianKey = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS/xcRfwEQWzr
crf6AEq0SURlYmlhbiBTdGFibGUgUmVsZWFzZSBLZXkgKDEyL2Jvb2t3b3JtKSA8
ZGViaWFuLXJlbGVhc2VAbGlzdHMuZGViaWFuLm9yZz6IlgQTFggAPhYhBE1k/sEZ
wgKQZ9bnkfjSWFuHg9SBBQJjzrlTAhsDBQkPCZwABQsJCAcCBhUKCQgLAgQWAgMB
Ah4BAheAAAoJEPjSWFuHg9SBSgwBAP9qpeO5z1s5m4D4z3TcqDo1wez6DNya27QW
WoG/4oBsAQCEN8Z00DXagPHbwrvsY2t9BCsT+PgnSn9biobwX7bDDg==
=5NZE
-----END PGP PUBLIC KEY BLOCK-----
`
const debianFingerprint = '4D64FEC119C2029067D6E791F8D2585B8783D481'

test('enterprise off inside its stanza, no-subscription on, lists fetched once', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription', ceph: 'no-subscription' })
  const { commands } = await scene.converge()
  assert.equal(commands, ['env DEBIAN_FRONTEND=noninteractive apt-get -q update'])
  for (const path of [enterprise, ceph]) assert.match(scene.text(path) ?? '', /^Enabled: no\nTypes: deb\nURIs: https/)
  assert.match(
    scene.text(own) ?? '',
    'URIs: http://download.proxmox.com/debian/pve\nSuites: trixie\nComponents: pve-no-subscription\n',
  )
  assert.match(
    scene.text(own) ?? '',
    'URIs: http://download.proxmox.com/debian/ceph-squid\nSuites: trixie\nComponents: no-subscription\n',
  )
  assert.equal(await scene.sim('apt-get -q update').then((said) => said.includes('Err')), false)
})

test("the forgotten Ceph repository: without it declared it stays on, and apt's complaint is of it alone", async () => {
  const scene = sceneOf({ proxmox: 'no-subscription' })
  await scene.converge()
  assert.not.match(scene.text(ceph) ?? '', 'Enabled: no')
})

test('a repository that someone has already is used, and phx writes none', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription' })
  const theirs = `# by the web interface
Types: deb
URIs: http://download.proxmox.com/debian/pve/
Suites: trixie
Components: pve-no-subscription
Signed-By: /usr/share/keyrings/proxmox-archive-keyring.gpg
`
  await scene.write('/etc/apt/sources.list.d/proxmox.sources', theirs, 0o640)
  await scene.converge()
  assert.is(scene.text(own), undefined)
  assert.is(scene.text('/etc/apt/sources.list.d/proxmox.sources'), theirs)
})

test('one that is switched off is switched on in its place, mode and comments as they were', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription' })
  const theirs = (enabled: string): string => `# by the web interface
Types: deb
Enabled: ${enabled}
URIs: http://download.proxmox.com/debian/pve
Suites: trixie
Components: pve-no-subscription

Types: deb
URIs: http://deb.example.com/
Suites: ./
`
  const path = '/etc/apt/sources.list.d/proxmox.sources'
  await scene.write(path, theirs('false'), 0o640)
  await scene.converge()
  assert.is(scene.text(path), theirs('yes'))
  assert.is(scene.host.state.files[path]?.mode, 0o640)
})

test('PVE 8: one-line forms are read, and the line of a .list gives way to the stanza of a .sources, never both', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription' })
  await scene.write('/etc/os-release', 'VERSION_CODENAME=bookworm\n')
  await scene.host.change((state) => {
    for (const path of [enterprise, ceph]) delete state.files[path]
  })
  const list = '/etc/apt/sources.list.d/pve-enterprise.list'
  const more = '/etc/apt/sources.list'
  await scene.write(list, 'deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n')
  await scene.write(more, '# Proxmox\ndeb http://download.proxmox.com/debian/pve bookworm pve-no-subscription # mine\n')
  await scene.converge()
  assert.is(scene.text(list), '# deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n')
  assert.is(scene.text(own), undefined, 'the line that is there does')

  const stanza =
    'Types: deb\nURIs: http://download.proxmox.com/debian/pve\nSuites: bookworm\nComponents: pve-no-subscription\n'
  await scene.write('/etc/apt/sources.list.d/proxmox.sources', stanza)
  await scene.converge()
  assert.match(
    scene.text(more) ?? '',
    '# deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription # mine',
  )
  assert.is(scene.text('/etc/apt/sources.list.d/proxmox.sources'), stanza)
})

test('a stanza that mixes repositories is refused', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription' })
  await scene.write(
    enterprise,
    'Types: deb\nURIs: http://download.proxmox.com/debian/pve\nSuites: trixie\nComponents: pve-no-subscription pve-test\n',
  )
  assert.match(await scene.refused(), 'mixes several repositories')
})

test('without a subscription the enterprise repository is refused by its server, and phx says what to declare', async () => {
  const scene = sceneOf({ proxmox: 'enterprise', ceph: 'none' })
  const { summary } = await scene.run(1)
  assert.match(
    summary.tasks[0]?.why ?? '',
    'this host has no subscription for it; declare "proxmox": "no-subscription"',
  )
})

test('cut off before the lists came, the next run fetches them', async () => {
  const scene = sceneOf({ proxmox: 'no-subscription', ceph: 'none' })
  const update = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', 'update']
  scene.host.orders.add(update, { kind: 'hang' })
  await scene.run(1)
  assert.match(scene.text(own) ?? '', 'no-subscription')
  assert.equal(await scene.summaries(), ['fetch the package lists of http://download.proxmox.com/debian/pve'])
  await scene.converge()
})

const extra = { name: 'node', uris: ['https://deb.example.com/node_20.x'], suites: ['nodistro'], components: ['main'] }
const url = 'https://deb.example.com/key.asc'

test('an extra repository comes with its key, checked before apt sees it', async () => {
  const scene = sceneOf({ extra: [{ ...extra, key_url: url, key_fingerprint: debianFingerprint }] })
  await scene.sim(`sim serve ${url}`, debianKey)
  await scene.converge()
  assert.is(scene.text('/etc/apt/keyrings/phx-node.asc'), debianKey)
  assert.match(scene.text(own) ?? '', 'Signed-By: /etc/apt/keyrings/phx-node.asc')
})

test('another key, or a second key beside the right one, is never put in place', async () => {
  for (const [served, fingerprint] of [
    [debianKey, 'A'.repeat(40)],
    [debianKey + debianKey, debianFingerprint],
    ['<html>not found</html>', debianFingerprint],
  ] as const) {
    const scene = sceneOf({ extra: [{ ...extra, key_url: url, key_fingerprint: fingerprint }] })
    await scene.sim(`sim serve ${url}`, served)
    const { summary } = await scene.run(1)
    assert.match(summary.tasks[0]?.why ?? '', `could not be verified that the key is ${fingerprint}`)
    assert.is(scene.text('/etc/apt/keyrings/phx-node.asc'), undefined)
    assert.is(scene.text(own), undefined)
  }
})

test('a key on the host that is another one is refused', async () => {
  const key_file = '/usr/share/keyrings/node.asc'
  const scene = sceneOf({ extra: [{ ...extra, key_file, key_fingerprint: 'B'.repeat(40) }] })
  assert.match(await scene.refused(), 'is not on the host')
  await scene.write(key_file, debianKey)
  assert.match(await scene.refused(), 'is not the key that is declared')
  scene.config = { host: { repositories: { extra: [{ ...extra, key_file, key_fingerprint: debianFingerprint }] } } }
  await scene.converge()
})

test.run()
