import assert from 'node:assert/strict'
import { declare, run, type Scenario, usualHost } from '../scenario.ts'

const storage = 'quickOS-vm-disks'
const folder = '/quickOS/vm-disks'
const template = '/srv/guest/debian-13.tar.zst'

export const scenario: Scenario = {
  shows:
    'the lab’s own pct: containers are real ones of LXC, on real datasets, with the ids and mounts that are declared',
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    await vm.run('ip link add vmbr0 type bridge && ip address add 10.9.0.1/24 dev vmbr0 && ip link set vmbr0 up')
    await vm.run(
      'install -d -o 100000 -g 100000 /quickOS/shared-prod-data/web && echo host >/quickOS/shared-prod-data/web/file',
    )
    const net = 'name=eth0,bridge=vmbr0,ip=10.9.0.91/24,gw=10.9.0.1'
    await vm.run(
      `pct create 901 ${template} --rootfs ${storage}:1 --hostname web --net0 ${net} --memory 256 --unprivileged 1`,
    )
    assert.equal(await vm.run(`stat -c %u:%g ${folder}/subvol-901-disk-0/usr/bin/env`), '100000:100000')
    assert.equal(await vm.run('pct status 901'), 'status: stopped')

    await vm.run(`pct set 901 -mp0 ${storage}:1,mp=/srv/models -mp1 /quickOS/shared-prod-data/web,mp=/srv/web`)
    assert.equal(await vm.run(`stat -c %u:%g ${folder}/subvol-901-disk-1`), '100000:100000')
    await vm.run('pct start 901')
    assert.equal(await vm.run('pct status 901'), 'status: running')
    await vm.run('test -d /sys/fs/cgroup/lxc/901')
    await vm.run(
      'until lxc-attach -n 901 -- systemctl is-system-running | grep -qE "running|degraded"; do sleep 1; done',
    )
    const look = `hostname; findmnt -no SOURCE,FSTYPE / ; findmnt -no SOURCE /srv/models; stat -c %U /srv/models /srv/web; cat /srv/web/file; ip -4 -br address show eth0; cat /sys/fs/cgroup/memory.max; systemctl --failed --no-legend`
    console.log(await vm.run(['pct', 'exec', '901', '--', 'sh', '-c', look]))
    console.log(
      (
        await vm.attempt(
          'ip -br address; lxc-attach -n 901 -- ip address; lxc-attach -n 901 -- networkctl; cat /var/lib/lxc/901/*.log; cat /sys/fs/cgroup/lxc/901/memory.max; lxc-attach -n 901 -- systemd-analyze blame | head; journalctl -b | tail -20; lxc-attach -n 901 -- systemd-analyze;lxc-attach -n 901 -- journalctl -b | tail -20',
        )
      ).stdout,
    )
    for (const one of vm.log) if (typeof one !== 'string') console.log(one.seconds, one.command)
  },
}
