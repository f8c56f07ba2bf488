import assert from 'node:assert/strict'
import * as lab from '../lxc.ts'
import { configFile, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'

/** Bytes and owners on the host of what is written inside, and who may not write. */
async function idsAreMapped(vm: Vm): Promise<void> {
  await lab.inside(vm, 'echo weights >/srv/models/weights; echo root >/srv/shared/by-root')
  assert.ok(await lab.mayDo(vm, 'worker', 'echo page >/srv/shared/page'))
  assert.equal(
    await vm.run(`cd ${lab.shared} && stat -c '%n %u:%g' . page by-root && cat page`),
    '. 1000:1000\npage 1000:1000\nby-root 100000:100000\npage',
  )
  const volume = `${lab.volumes}/subvol-901-disk-1`
  assert.equal(await vm.run(`stat -c %u:%g ${volume} ${volume}/weights`), '100000:100000\n100000:100000')
  await vm.run(`echo secret >${lab.shared}/of-the-host && chmod 600 ${lab.shared}/of-the-host`)
  assert.ok(!(await lab.mayDo(vm, 'root', 'cat /srv/shared/of-the-host')), 'root of the container is not the host’s')
  assert.ok(!(await lab.mayDo(vm, 'nobody', 'touch /srv/shared/of-nobody')))
  assert.ok(!(await lab.mayDo(vm, 'worker', 'touch /srv/models/of-worker')))
}

export const scenario: Scenario = {
  shows:
    'a container made, set up and looked at from both sides; a second run changes nothing; destroyed but for what is kept',
  async run(vm) {
    await lab.prepare(vm)
    await lab.run(vm, 0)
    await lab.isAsDeclared(vm)
    await idsAreMapped(vm)
    await lab.nothingToDo(vm)

    const unasked = await vm.phx(['destroy', 'lxc:901', '-c', configFile, '--json'])
    assert.equal(unasked.exitCode, 3)
    says(unasked, 'subvol-901-disk-0')
    await lab.isAsDeclared(vm)
    const asked = await vm.phx(['destroy', 'lxc:901', '-c', configFile, '--json', '--allow-destroy', 'lxc:901'])
    assert.equal(asked.exitCode, 0)
    await nothingIsLeft(vm)

    await lab.run(vm, 0)
    assert.equal(await lab.inside(vm, 'cat /srv/models/weights /srv/shared/page'), 'weights\npage')
    await lab.nothingToDo(vm)
  },
}

/** But for the volume that is to be kept, with its bytes and its owner, and what the host owns. */
async function nothingIsLeft(vm: Vm): Promise<void> {
  const places = ['/etc/pve/lxc', '/sys/fs/cgroup/lxc', '/sys/fs/cgroup/lxc.monitor']
  const found = await vm.run(`find ${places.join(' ')} -name '901*'; ip -br link show type veth; pgrep -x lxc-start
    grep 901-disk-0 /proc/*/mounts; pct list; true`)
  assert.equal(found, '')
  const datasets = await vm.run(`zfs list -H -o name -r ${lab.volumes.slice(1)}`)
  const [, kept = '', ...others] = datasets.split('\n')
  assert.match(kept, /models/)
  assert.deepEqual(others, [])
  assert.equal(await vm.run(`cat /${kept}/weights; stat -c %u:%g /${kept}/weights`), 'weights\n100000:100000')
  assert.equal(await vm.run(`cat ${lab.shared}/page`), 'page')
}
