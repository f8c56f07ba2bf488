import assert from 'node:assert/strict'
import * as lab from '../lxc.ts'
import { declare, run, type Scenario, usualHost } from '../scenario.ts'

const { shared, storage, template, volumes } = lab

export const scenario: Scenario = {
  shows:
    'the lab’s own pct: containers are real ones of LXC, on real datasets, with the ids, mounts and devices that are set',
  async run(vm) {
    await declare(vm, usualHost)
    await run(vm, 0)
    await lab.connect(vm)
    await vm.run(`install -d -o 100000 -g 100000 ${shared} && echo host >${shared}/file`)
    const net = 'name=eth0,bridge=vmbr0,ip=10.9.0.91/24'
    await vm.run(
      `pct create 901 ${template} --rootfs ${storage}:1 --hostname web --net0 ${net} --memory 256 --dev0 path=/dev/fuse,gid=44`,
    )
    assert.equal(await vm.run(`stat -c %u:%g ${volumes}/subvol-901-disk-0/usr/bin/env`), '100000:100000')
    await vm.run(`pct set 901 -mp0 ${storage}:1,mp=/srv/models -mp1 ${shared},mp=/srv/shared,ro=1`)
    assert.equal((await vm.attempt('pct exec 901 -- true')).exitCode, 255)
    await vm.run('pct start 901 && test -d /sys/fs/cgroup/lxc/901')
    await lab.isUp(vm)
    assert.equal(
      await lab.inside(
        vm,
        "findmnt -no SOURCE,OPTIONS /srv/shared | cut -d, -f1; stat -c '%u:%g' /dev/fuse /srv/models",
      ),
      'quickOS/shared-prod-data[/web] ro\n0:44\n0:0',
    )

    // Standard input and output are the command's own, and so is its exit code.
    const bytes = 'head -c 3000000 /dev/urandom >/run/bytes'
    await vm.run(
      `${bytes}; pct exec 901 -- dd of=/root/bytes status=none </run/bytes; pct push 901 /run/bytes /root/pushed`,
    )
    const sums = await vm.run(
      `sha256sum </run/bytes; cd ${volumes}/subvol-901-disk-0/root && sha256sum <bytes && sha256sum <pushed`,
    )
    assert.equal(new Set(sums.split('\n')).size, 1)
    assert.equal((await vm.attempt('pct exec 901 -- sh -c "exit 7"')).exitCode, 7)

    // Into one that runs, at a folder that isn't there yet.
    await vm.run(`mkdir ${shared}-more && pct set 901 -mp2 ${shared}-more,mp=/srv/more`)
    assert.equal(await lab.inside(vm, 'findmnt -no SOURCE /srv/more'), 'quickOS/shared-prod-data[/web-more]')

    await lab.inside(vm, 'echo before >/root/file')
    await vm.run('pct shutdown 901 --timeout 60 && pct set 901 --delete mp1,mp2 && pct snapshot 901 s1')
    assert.equal(
      await vm.run('pct status 901; ls /sys/fs/cgroup/lxc | grep 901; grep -l lxc/901/rootfs /proc/*/mounts; true'),
      'status: stopped',
    )
    const file = `${volumes}/subvol-901-disk-0/root/file`
    await vm.run(`echo after >${file}; pct rollback 901 s1 --start 1`)
    assert.equal(await lab.inside(vm, 'cat /root/file'), 'before')
    await vm.run('pct clone 901 902 --snapname s1 --hostname copy && pct start 902')
    assert.equal(
      await vm.run('lxc-attach -n 902 -- sh -c "hostname; cat /root/file; ls -d /srv/models"'),
      'copy\nbefore\n/srv/models',
    )

    await vm.run('pct destroy 901 --force 1 && pct stop 902 && pct destroy 902')
    assert.equal(await vm.run(`zfs list -H -o name -r ${volumes.slice(1)}; pct list`), volumes.slice(1))
  },
}
