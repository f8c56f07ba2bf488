import assert from 'node:assert/strict'
import { carryOut, type Scenario, says } from '../scenario.ts'
import * as lab from '../vm-8101.ts'

export const scenario: Scenario = {
  shows:
    'a machine made from an image into a real Debian: share, files, feature; nothing to do twice, nor after its reboot; destroyed',
  async run(vm) {
    await lab.prepare(vm)
    await lab.make(vm)
    await lab.isAsDeclared(vm)
    await lab.isSettled(vm)
    await lab.isSettled(vm)

    await lab.inside(vm, 'systemctl reboot')
    await vm.run('sleep 3')
    await lab.awaitAgent(vm)
    await lab.inside(vm, 'systemctl is-system-running --wait')
    await lab.planned(vm, 0)
    await lab.isAsDeclared(vm)
    await lab.keepsSecrets(vm)

    says(await carryOut(vm, 3, ['destroy', lab.target]), 'scsi0', 'fastData-vm-disks:vm-8101-disk-0')
    await lab.isAsDeclared(vm)
    await carryOut(vm, 0, ['destroy', lab.target, '--allow-destroy', lab.target])
    const left = `zfs list -H -o name -t all -r fastData/vm-disks; ls /etc/pve/qemu-server /run/qemu-server /run/lab-qm
      ip netns; ip -br link | grep tap; systemctl list-units --all --no-legend 'lab-vm-*'; machinectl --no-legend
      grep -c 8101 /proc/mounts; ls /var/lib/phx/stamps | grep 8101; ls /fastData/features/vm-features /fastData/files/snippets | grep 8101`
    assert.equal(
      await vm.run(`{ ${left}; } | cat`),
      ['fastData/vm-disks', '/etc/pve/qemu-server:', '', '/run/lab-qm:', '', '/run/qemu-server:', '0'].join('\n'),
    )
  },
}
