/** What cloud-init is told: the drive follows the configuration, and what the guest has not taken up yet is said. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseGuestConf } from '../../lib/resources/probes/guest-conf.ts'
import { key, scene } from './scene.ts'

const moved = { network_config: { ip: '10.0.0.101/16', gw: '10.0.0.1' } }
const of = (commands: readonly string[], verb: string) => commands.filter((line) => line.startsWith(`qm ${verb}`))

test('another address reaches the drive of a running machine, and is said to wait for its next start', async () => {
  const one = await scene()
  await one.converge()
  one.declare(moved)
  const { commands } = await one.converge()
  assert.equal(of(commands, 'cloudinit'), ['qm cloudinit update 8101'])
  assert.equal(of(commands, 'reboot'), [])
  const note =
    'VM 8101 is without the address 10.0.0.101/16 (it has 10.0.0.101/24): cloud-init sees to it at its next start'
  assert.match(await one.notes(), note)
  await one.sim('qm reboot 8101')
  await one.sim('sim wait 60')
  assert.not.match(await one.notes(), 'is without')
  await one.nothingToDo()
})

test('where a restart is allowed the guest has the new account and key at once', async () => {
  const one = await scene()
  await one.converge()
  const other = key
    .replace('admin@desk', 'other@desk')
    .replace('AAAAC3NzaC1lZDI1NTE5AAAAIJ8V6', 'AAAAC3NzaC1lZDI1NTE5AAAAIJ8V7')
  one.declare({ restart: 'allowed', user_config: { username: 'ops', ssh_public_keys: [key, other] } })
  const { commands } = await one.converge()
  assert.is(of(commands, 'reboot').length, 1)
  assert.match(await one.inside('cat /home/ops/.ssh/authorized_keys'), 'other@desk')
  assert.not.match(await one.notes(), 'is without')
})

test('a setting that somebody changed beside phx is put back, on the drive too', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm set 8101 --searchdomain evil.example')
  const [change] = (await one.changes()).filter(({ resource }) => resource === 'vm:8101/cloud-init-drive')
  assert.equal(
    change?.fields.map(({ field, from, to }) => [field, from, to]),
    [['searchdomain', null, 'evil.example']],
  )
  await one.converge()
  assert.not.match(one.text('/etc/pve/qemu-server/8101.conf') ?? '', 'special:cloudinit')
})

test('a password on the drive is shown to nobody', async () => {
  const one = await scene()
  await one.converge()
  const path = '/etc/pve/qemu-server/8101.conf'
  const [live = '', ...snapshots] = (one.text(path) ?? '').split('\n\n')
  const told = 'cipassword: $5$now$hunter22\n\n[special:cloudinit]\ncipassword: $5$before$hunter21'
  await one.write(path, [`${live}\n${told}`, ...snapshots].join('\n\n'))
  const [change] = await one.changes()
  assert.equal(
    change?.fields.map(({ field, from, to }) => [field, from, to]),
    [['cipassword', '[secret]', '[secret]']],
  )
  assert.not.match(JSON.stringify(await one.plan()), /hunter2|\$5\$/)
  await one.converge()
  assert.not.match(one.stateTexts(), /hunter2|\$5\$/)
})

test('the section of a configuration that Proxmox VE keeps for it is no snapshot', () => {
  const conf = parseGuestConf(
    'ciuser: ops\n[special:cloudinit]\nadded: searchdomain\nciuser: eve\n\n[before]\nciuser: old\n',
  )
  assert.equal(
    [...conf.drive],
    [
      ['added', 'searchdomain'],
      ['ciuser', 'eve'],
    ],
  )
  assert.equal([...conf.snapshots.keys()], ['before'])
})

test.run()
