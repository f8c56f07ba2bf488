import assert from 'node:assert/strict'
import type { Vm as DeclaredVm } from '../../../lib/config/generated/types.ts'
import { carryOut, planOf, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'
import * as lab from '../vm-8101.ts'

const common = { cores: 1, memory_mb: 128, storage_pool: 'fastData-vm-disks' }
const template: DeclaredVm = {
  ...common,
  ...{ vmid: 9000, name: 'debian-template', is_template: true, template_image: lab.image },
  user_config: { username: 'ops' },
}
const clone = (vmid: number, address: string): DeclaredVm => ({
  ...common,
  ...{ vmid, name: `clone-${vmid}`, clone_from_vmid: 9000, linked_clone: true, snapshots: { final_form: false } },
  ...{ network_config: { ip: `${address}/24` }, user_config: { username: 'ops' } },
})
const clones = [clone(8102, '10.9.0.102'), { ...clone(8103, '10.9.0.103'), dependencies: ['vm:8102'] }]

const run = (vm: Vm, exitCode: number, ...words: string[]) => carryOut(vm, exitCode, words, { timeoutSeconds: 900 })

/** What makes it a machine of its own. */
const identity = (vm: Vm, id: number): Promise<string> =>
  lab.inside(
    vm,
    `cat /etc/machine-id /proc/sys/kernel/hostname; ip -4 -o address show eth0 | grep -o '10.9.0[^ ]*/24'`,
    id,
  )

export const scenario: Scenario = {
  shows: 'a template from an image, and two linked clones of it that start in their order, each a machine of its own',
  async run(vm) {
    await lab.prepare(vm)
    await lab.declare(vm, template, ...clones)
    await run(vm, 0, 'run', 'guests')
    const [one = '', other = ''] = await Promise.all([identity(vm, 8102), identity(vm, 8103)])
    assert.match(one, /^[0-9a-f]{32}\nclone-8102\n10\.9\.0\.102\/24$/)
    assert.match(other, /^[0-9a-f]{32}\nclone-8103\n10\.9\.0\.103\/24$/)
    assert.notEqual(one.slice(0, 32), other.slice(0, 32), 'each has a machine-id of its own')
    await vm.run('ip netns exec vm-8102 ping -c 1 -W 5 10.9.0.103')
    const base = 'fastData/vm-disks/base-9000-disk-0@__base__'
    assert.equal(await vm.run('zfs list -H -o origin -r fastData/vm-disks | grep -v "^-$"'), `${base}\n${base}`)
    assert.equal(await vm.run('grep "^start" /run/qm-calls'), 'start 9000\nstart 8102\nstart 8103')
    const again = await run(vm, 0, 'run', 'guests')
    assert.equal(again.summary.mutations, 0, 'the second run changes nothing')

    says(await run(vm, 3, 'destroy', 'vm:9000', '--allow-destroy', 'vm:9000'), 'vm:8102 and vm:8103')
    await run(vm, 0, 'stop', 'vm:8102')
    assert.equal(
      await vm.run('ls /run/qemu-server; grep "^shutdown" /run/qm-calls | cut -d" " -f2'),
      '9000\n8103\n8102',
    )
    await planOf(vm, 'guests', 2)
    await run(vm, 0, 'start', 'vm:8103')
    await planOf(vm, 'guests', 0)
  },
}
