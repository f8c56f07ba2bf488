/** A change of an interface: what would be mistaken for its proof, what stays beside it, and what is said of one that is still tried. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { readerOf } from '../../lib/host/host.ts'
import { secondsIn } from '../../lib/resources/system/interface-trial.ts'
import { Interfaces } from '../../lib/resources/system/interfaces.ts'
import { dyingAt } from '../engine-scene.ts'
import { Scene } from './scene.ts'

const path = '/etc/network/interfaces'
const here = { name: 'vmbr0', address: '10.0.0.13/24', gateway: '10.0.0.1' }
const moved = { name: 'vmbr0', address: '10.0.0.20/24', gateway: '10.0.0.2' }
const declaring = (interfaces: NonNullable<PhxConfig['network']>['interfaces'] = moved): PhxConfig => ({
  network: { interfaces },
})
const inForce = (scene: Scene) => scene.host.state.network?.inForce.vmbr0

test("a gateway that is one of the host's own addresses is refused, or proves nothing", async () => {
  const scene = new Scene(declaring())
  await scene.write(path, `${scene.text(path)}\nauto vmbr1\niface vmbr1 inet static\n  address 10.0.0.2/30\n`)
  assert.match(await scene.refused(), "the gateway 10.0.0.2 of vmbr0 would be the host's own address (vmbr1)")

  const other = new Scene(declaring())
  await other.host.change((state) => {
    if (state.network) state.network.inForce.docker0 = { addresses: ['10.0.0.2/24'], gateway: null }
  })
  const [change] = (await new Interfaces([moved]).compare(newLook(readerOf(other.host)))).changes
  let wrong: string | undefined
  for (const step of change?.steps ?? []) {
    if (step.kind === 'write') await other.host.writeFile(step.file)
    if (step.kind === 'command') await other.host.mutate(step.argv)
    wrong = step.kind === 'verify' ? await step.check(readerOf(other.host), () => {}) : undefined
    if (wrong !== undefined) break
  }
  assert.is(wrong, 'the gateway 10.0.0.2 is an address of the host itself, so its answer proves nothing')
})

test('an address that another machine has is refused', async () => {
  for (const how of ['yes', 'arp']) {
    const scene = new Scene(declaring())
    await scene.sim(`sim answers 10.0.0.20 ${how}`)
    assert.match(await scene.refused(), '10.0.0.20 is in use by another machine (it answers ping or ARP)')
    await scene.sim('sim answers 10.0.0.20 no')
    await scene.converge()
  }
  const twin = new Scene(declaring())
  await twin.write(path, `${twin.text(path)}\nauto vmbr1\niface vmbr1 inet static\n  address 10.0.0.20/30\n`)
  assert.match(await twin.refused(), 'vmbr1 has the address 10.0.0.20 already')
})

const dual = (text = ''): string =>
  text.replace('source ', 'iface vmbr0 inet6 static\n\taddress fd00::0013\n\tnetmask 64\n\tgateway fd00::1\n\nsource ')

test('a bridge with IPv4 and IPv6: the one changes, the other one stays, in the file and in force', async () => {
  const scene = new Scene(declaring())
  await scene.write(path, dual(scene.text(path)))
  await scene.sim('ifreload -a')
  const before = scene.text(path) ?? ''
  await scene.converge()
  assert.equal(inForce(scene), { addresses: ['10.0.0.20/24', 'fd00::0013/64'], gateway: '10.0.0.2' })
  assert.is(scene.text(path), before.replace('10.0.0.13/24', '10.0.0.20/24').replace('10.0.0.1\n', '10.0.0.2\n'))
})

test('a bridge with IPv4 and IPv6 where ifupdown2 makes one of both is left alone', async () => {
  const scene = new Scene(declaring())
  await scene.write(path, dual(scene.text(path)))
  await scene.write('/etc/network/ifupdown2/ifupdown2.conf', 'ifaceobj_squash=1\n')
  assert.equal(await scene.summaries(), [])
  assert.match(await scene.notes(), 'it has IPv6 too')
})

/** As it is when a run was cut off while the change was tried. */
async function beingTried(): Promise<Scene> {
  const scene = new Scene(declaring())
  const { host } = dyingAt(scene.host, 3, true)
  await scene.run(1, host).catch(() => undefined)
  assert.is(inForce(scene)?.addresses[0], '10.0.0.20/24')
  return scene
}

test('a change that is still tried is said, with the time that is left', async () => {
  const scene = await beingTried()
  assert.match(await scene.notes(), /only being tried: phx-network-rollback\.timer takes it back in 1[12]\d s/)
  await scene.sim('sim wait 100')
  assert.match(await scene.notes(), /takes it back in [12]?\d s/)
  await scene.sim('sim wait 30')
  assert.not.match(await scene.notes(), 'tried')
  assert.is(inForce(scene)?.addresses[0], '10.0.0.13/24')
})

test('declared back meanwhile: there is something to do as long as the kernel has the other address', async () => {
  const scene = await beingTried()
  scene.config = declaring(here)
  const [change] = (await scene.task()).changes
  assert.equal(change?.fields, [
    {
      field: 'vmbr0 in force',
      from: '10.0.0.20/24, gateway 10.0.0.2',
      to: '10.0.0.13/24, gateway 10.0.0.1',
    },
  ])
  await scene.sim('sim wait 200')
  await scene.nothingToDo()
})

test('nothing takes it back any more: phx does', async () => {
  const scene = await beingTried()
  scene.config = declaring(here)
  await scene.sim('systemctl stop phx-network-rollback.timer')
  assert.not.match(await scene.notes(), 'tried')
  const { commands } = await scene.converge()
  assert.equal(commands, ['ifup vmbr0'])
  assert.equal(inForce(scene), { addresses: ['10.0.0.13/24'], gateway: '10.0.0.1' })
  assert.is(scene.text('/run/phx-interfaces'), undefined)
})

test('an ordinary look starts no process for it', async () => {
  const scene = new Scene(declaring(here))
  const asked: string[] = []
  const reader = readerOf(scene.host)
  const query: typeof reader.query = (argv, options) => {
    asked.push(argv.join(' '))
    return reader.query(argv, options)
  }
  assert.equal((await new Interfaces([here]).compare(newLook({ ...reader, query }))).changes, [])
  assert.equal(asked, [])
})

test("systemd's spans of time", () => {
  assert.is(secondsIn('1h 2min 3.5s\n'), 3723.5)
  assert.is(secondsIn('1w 2d 500ms'), 777600.5)
  assert.is(secondsIn('infinity'), undefined)
  assert.is(secondsIn(''), undefined)
})

test.run()
