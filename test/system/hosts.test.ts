/** /etc/hosts: what goes along when the node's name moves, what others wrote, and whose address it names. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { dyingAt } from '../engine-scene.ts'
import { Scene } from './scene.ts'

const here = { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' }
const moved = { name: 'vmbr0', address: '10.0.0.20/24', gateway: '10.0.0.2' }
const network = (interfaces: object, more: object = {}): PhxConfig =>
  ({ network: { interfaces: [interfaces], ...more } }) as PhxConfig
const block = (...lines: string[]): string =>
  ['# phx begin initial-setup', ...lines, '# phx end initial-setup', ''].join('\n')

async function hostsOf(config: PhxConfig, text?: string): Promise<Scene> {
  const scene = new Scene(config)
  if (text !== undefined) await scene.write('/etc/hosts', text)
  return scene
}

const fields = async (scene: Scene): Promise<unknown[]> =>
  (await scene.task()).changes
    .filter(({ resource }) => resource === 'file:/etc/hosts')
    .flatMap((one) => one.fields)
    .filter(({ to }) => !String(to).startsWith('# phx '))

test('the long name goes along with the short one, the comment stays with what is left', async () => {
  const scene = await hostsOf(network(here), '127.0.1.1 pve.example.internal pve git.local # mine\n')
  assert.equal(await fields(scene), [
    { field: 'line', from: '127.0.1.1 pve.example.internal pve git.local # mine', to: null },
    { field: 'line', from: null, to: '127.0.1.1 git.local # mine' },
    { field: 'line', from: null, to: '10.0.0.13 pve.example.internal pve' },
  ])
  await scene.converge()
  assert.is(scene.text('/etc/hosts'), `127.0.1.1 git.local # mine\n${block('10.0.0.13 pve.example.internal pve')}`)
  await scene.nothingToDo()
})

test('a line of which only its comment is left', async () => {
  const scene = await hostsOf(network(here), '127.0.0.1 localhost\n127.0.1.1\tpve.lan pve  # set by hand\n')
  await scene.converge()
  assert.is(scene.text('/etc/hosts'), `127.0.0.1 localhost\n# set by hand\n${block('10.0.0.13 pve.lan pve')}`)
})

test('a line of others that would lose the long name hands its names over', async () => {
  const scene = await hostsOf(network(here), '127.0.1.1 pve.lan pve\n10.0.0.13 pve nas # both\n')
  await scene.converge()
  assert.is(scene.text('/etc/hosts'), `10.0.0.13 nas # both\n${block('10.0.0.13 pve.lan pve')}`)
  await scene.nothingToDo()
})

test("a declared domain wins over the line's", async () => {
  const scene = await hostsOf({ ...network(here), domain_name: 'new.internal' }, '127.0.1.1 pve.old.internal pve\n')
  await scene.converge()
  assert.is(scene.text('/etc/hosts'), block('10.0.0.13 pve.new.internal pve'))
})

test('renamed without a declared domain: that of the old line is kept', async () => {
  const scene = await hostsOf(network(here, { hostname: 'phoenix' }), '127.0.1.1 pve.lan pve # Debian\n')
  await scene.run()
  assert.is(scene.text('/etc/hosts'), `# Debian\n${block('10.0.0.13 phoenix.lan phoenix pve.lan pve')}`)
  const named = await hostsOf(network(here, { hostname: 'phoenix' }))
  await named.run()
  assert.match(named.text('/etc/hosts') ?? '', '\n10.0.0.13 phoenix.example.internal phoenix\n')
  await named.sim('sim reboot')
  await named.run()
  await named.nothingToDo()
})

test('renamed without a declared address: the one that its old name has', async () => {
  const scene = await hostsOf({ network: { hostname: 'phoenix' } })
  await scene.run()
  assert.match(scene.text('/etc/hosts') ?? '', '\n10.0.0.13 phoenix.example.internal phoenix\n')
})

test('a stock host is given another address: its name follows once that was kept, and goes back with it', async () => {
  const scene = await hostsOf(network(moved))
  await scene.write('/etc/hosts', `${scene.text('/etc/hosts')}10.0.0.9 pve.backup.lan backup # another machine\n`)
  assert.match(await scene.notes(), 'pve is named at 10.0.0.20 once an interface has that address')
  assert.is((await scene.summaries()).length, 1)
  await scene.converge()
  const others = '127.0.0.1 localhost.localdomain localhost\n10.0.0.9 pve.backup.lan backup # another machine\n'
  assert.is(scene.text('/etc/hosts'), `${others}${block('10.0.0.20 pve.example.internal pve')}`)
  assert.is(await scene.notes(), '')
  await scene.nothingToDo()
  scene.config = network(here)
  await scene.converge()
  assert.is(scene.text('/etc/hosts'), `${others}${block('10.0.0.13 pve.example.internal pve')}`)
  await scene.nothingToDo()
})

test('cut off at every change: /etc/hosts never names an address that was not kept', async () => {
  for (const hostname of ['pve', 'phoenix']) {
    for (let nth = 1, died = true; died; nth++) {
      const scene = await hostsOf(network(moved, { hostname }))
      const { host, hasDied } = dyingAt(scene.host, nth, true)
      await scene.run(1, host).catch(() => undefined)
      died = hasDied()
      await scene.sim('sim wait 300')
      const isKept = scene.text('/etc/network/interfaces')?.includes('10.0.0.20') === true
      const hosts = scene.text('/etc/hosts') ?? ''
      if (!isKept) assert.not.match(hosts, '10.0.0.20')
      await scene.run()
      assert.not.match(scene.text('/etc/hosts') ?? '', '10.0.0.13', `the old line is left behind, cut off at ${nth}`)
      const names =
        hostname === 'pve' ? 'pve.example.internal pve' : 'phoenix.example.internal phoenix pve.example.internal pve'
      assert.match(scene.text('/etc/hosts') ?? '', `\n10.0.0.20 ${names}\n`)
    }
  }
})

test('in a cluster the line is not moved', async () => {
  const scene = await hostsOf(network(moved))
  await scene.write('/etc/pve/corosync.conf', 'nodelist {\n  node {\n    ring0_addr: 10.9.9.9\n  }\n}\n')
  assert.match(await scene.refused(), 'has pve at 10.0.0.13, the config at 10.0.0.20, and the node is in a cluster')
})

test('an interface that is left alone keeps its address in /etc/hosts', async () => {
  for (const text of [undefined, '127.0.0.1 localhost\n127.0.1.1 pve.lan pve\n']) {
    const scene = await hostsOf(network(moved), text)
    await scene.sim('sim remove-tool ifreload')
    const before = scene.text('/etc/hosts')
    await scene.run()
    assert.is(scene.text('/etc/hosts'), before)
    assert.match(await scene.notes(), 'phx leaves it alone')
  }
})

test.run()
