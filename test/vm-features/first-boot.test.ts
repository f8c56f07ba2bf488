/** The snippet for a machine's first boot, and what the nfs step exports for it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { automountUnit, firstBoot } from '../../lib/config/first-boot.ts'
import { featureExports } from '../../lib/config/vm-features.ts'
import { carrier, declared, folder, Scene, script, vm, withSnippets } from './scene.ts'

const snippet = '/tank/files/snippets/vendor-8101.yaml'
const based = vm({ features: ['base_setup', 'docker'] })

/** What YAML makes of it, as far as these texts go: keys, and lists whose entries are words or lists in JSON. */
function parsed(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  let list: unknown[] = []
  for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#'))) {
    const [, key, value] = /^(\w+):(?: (.+))?$/.exec(line) ?? []
    const [, entry] = /^ {2}- (.+)$/.exec(line) ?? []
    if (key !== undefined) {
      list = []
      found[key] = value ?? list
    } else if (entry !== undefined) list.push(entry.startsWith('[') ? JSON.parse(entry) : entry)
    else assert.unreachable(`no YAML: ${line}`)
  }
  return found
}

test('incident: 22 comment lines above #cloud-config, so that cloud-init passed over the file', async () => {
  const host = new Scene(withSnippets([based]))
  await host.run(0)
  const text = await host.sim(`cat ${snippet}`)
  assert.is(text.split('\n')[0], '#cloud-config')
  assert.match(text.split('\n')[1] ?? '', "phx's file: written from")
  const { packages, mounts, runcmd } = parsed(text)
  assert.equal(packages, ['nfs-common', 'qemu-guest-agent'])
  const options = 'ro,_netdev,nofail,x-systemd.automount,noauto'
  assert.equal(mounts, [[`10.0.0.13:${folder}`, '/mnt/vm-features', 'nfs', options, '0', '0']])
  assert.equal((runcmd as unknown[]).at(-1), ['systemctl', 'start', 'mnt-vm\\x2dfeatures.automount'])
  assert.is((await host.run(0)).summary.mutations, 0)

  await host.sim(`sim write ${snippet}`, text.replace('nfs-common', 'nfs-client'))
  await host.run(0)
  assert.is(await host.sim(`cat ${snippet}`), text)
  host.declare(withSnippets([vm()]))
  await host.run(0)
  assert.is(host.state.files[snippet], undefined)
})

test('without a storage for snippets it is shown, and nothing is written', async () => {
  const host = new Scene(declared([based]))
  await host.run(0)
  const { notes, changes } = await host.task()
  assert.equal(changes, [])
  assert.match(notes[0]?.text ?? '', 'no declared dir storage takes snippets')
  assert.match(notes[0]?.text ?? '', '\n#cloud-config\npackage_update: true\n')
})

test('without an address under which the host is reached, it mounts nothing', () => {
  assert.equal(Object.keys(parsed(firstBoot(null).join('\n'))), ['package_update', 'packages', 'runcmd'])
  assert.is(automountUnit('/mnt/vm-features'), 'mnt-vm\\x2dfeatures.automount')
})

test('each folder is exported to its machine alone, read-only, when its address is known', () => {
  const config = declared([vm(), vm({ vmid: 8102, name: 'b', network_config: { ip: 'dhcp' } }), vm({ features: [] })])
  assert.equal(featureExports(config), [
    { path: folder, clients: ['10.0.0.101'], options: ['ro', 'sync', 'no_subtree_check'] },
  ])
})

test('validate: a feature without a script, two scripts for one, and one that is no text', async () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, number, RegExp])[] = [
    [{}, 4, /there is no script for the feature docker.*write docker\.sh \(or feature_install_docker\.sh\) into/s],
    [{ 'docker.sh': script(''), 'feature_install_docker.sh': script('') }, 4, /are both in/],
    [{ 'docker.sh': '#!/bin/bash\n\0' }, 4, /is no text/],
    [{ 'docker.sh': 'apt-get install docker\n' }, 0, /does not say what runs it/],
    [{ 'docker.sh': script('') }, 0, /^/],
  ]
  for (const [scripts, code, said] of cases) {
    const host = new Scene(declared([based]), scripts)
    const answer = await host.phx('validate')
    assert.is(answer.code, code, answer.out + answer.err)
    assert.match(answer.out + answer.err, said)
  }
})

test('validate: an export on no dataset, or on a share that others write', async () => {
  const host = new Scene(declared([vm()], { vm_features: { export: '/srv/features' } }))
  const elsewhere = await host.phx('validate')
  assert.is(elsewhere.code, 4)
  assert.match(elsewhere.out + elsewhere.err, '/srv/features lies on no declared dataset')
  host.declare(
    declared([vm()], { nfs: { exports: [{ path: carrier, clients: ['10.0.0.0/24'], options: 'rw,sync' }] } }),
  )
  const shared = await host.phx('validate')
  assert.match(shared.out + shared.err, 'its clients could change what other machines run as root')
})

test.run()
