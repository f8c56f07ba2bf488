import assert from 'node:assert/strict'
import { storage, template } from '../lxc.ts'
import { configFile, declare, nothingToDo, refused, run, type Scenario, says, usualHost } from '../scenario.ts'
import type { Vm } from '../vm.ts'

const volume = '/quickOS/vm-disks/subvol-901-disk-1'

async function declareVolume(vm: Vm, size: number): Promise<void> {
  const zfs_volumes = [{ name: 'models', pool: storage, size_gb: size, mount_point: '/srv/models' }]
  const config = { zfs: usualHost, guests: { lxc_configs: { '901': { name: 'web', zfs_volumes } } } }
  await vm.write(configFile, `${JSON.stringify(config, null, 2)}\n`)
}

const refquota = (vm: Vm): Promise<string> => vm.run(`zfs get -Hp -o value refquota ${volume.slice(1)}`)

export const scenario: Scenario = {
  shows:
    'a container’s volume is allocated once, grown, found again after a reboot, and never replaced by an empty one',
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    await vm.run(`pct create 901 ${template} --rootfs ${storage}:1 --hostname web`)

    await declareVolume(vm, 1)
    await run(vm, 0)
    assert.equal(await refquota(vm), String(2 ** 30))
    await vm.run(`echo kept >${volume}/file`)
    await nothingToDo(vm)
    await declareVolume(vm, 2)
    await run(vm, 0)
    assert.equal(await refquota(vm), String(2 * 2 ** 30))
    await declareVolume(vm, 1)
    says(await refused(vm), "can't shrink: declared is 1 GiB, it is 2 GiB")

    await declareVolume(vm, 2)
    await vm.reboot()
    await nothingToDo(vm)
    await vm.run('pct set 901 --delete mp0 && rm -r /var/lib/phx')
    const attach = `pct set 901 -mp0 ${storage}:subvol-901-disk-1,mp=/srv/models`
    says(await refused(vm), attach)
    await vm.run(attach)
    await nothingToDo(vm)
    assert.equal(
      await vm.run(`cat ${volume}/file; zfs list -H -o name -r quickOS/vm-disks | grep -c subvol`),
      'kept\n2',
    )
  },
}
