import assert from 'node:assert/strict'
import * as lab from '../lxc.ts'
import { type Scenario, says } from '../scenario.ts'

const conf = '/etc/pve/lxc/901.conf'

export const scenario: Scenario = {
  shows: 'what changes behind phx’s back at a container is found, named and mended, and nothing else is touched',
  async run(vm) {
    await lab.prepare(vm)
    await lab.run(vm, 0)
    await lab.inside(vm, 'echo weights >/srv/models/weights')

    await vm.run(
      `pct stop 901 && sed -i 's/^memory: .*/memory: 300/; /^lxc.idmap: u 1000 /d' ${conf} && chown 0:0 ${lab.shared}`,
    )
    const found = JSON.stringify(await lab.plan(vm, 2))
    for (const word of ['memory', 'lxc.idmap: u 1000 1000 1', lab.shared, 'start container 901'])
      assert.ok(found.includes(word), `the plan names ${word}`)
    await lab.run(vm, 0)
    await lab.isAsDeclared(vm)
    assert.equal(await lab.inside(vm, 'cat /srv/models/weights'), 'weights')
    await lab.nothingToDo(vm)

    // While it runs: a new folder is put into it at once, a mount that was detached comes back with its bytes.
    await vm.run('pct set 901 --delete mp1')
    await vm.run('pct stop 901')
    await lab.run(vm, 0)
    await lab.isAsDeclared(vm)

    // What it needs to work.
    await lab.inside(vm, 'systemctl disable --now web && rm /etc/systemd/system/web.service')
    await vm.run("rm -f /root/application.sh && printf '#!/bin/sh\\necho cannot >&2\\nexit 3\\n' >/root/application.sh")
    says(await lab.run(vm, 1), 'exit code 3', 'cannot')
    await lab.writeScripts(vm)
    await lab.run(vm, 0)

    // Grown, never shrunk, and put in while it runs.
    const second = { host_path: `${lab.shared}-more`, container_path: '/srv/more' }
    await lab.declare(vm, { storage_size_gb: 2, mount_points: [...lab.mountPoints, second] })
    await lab.run(vm, 0)
    assert.equal(await vm.run(`zfs get -Hpo value refquota ${lab.volumes.slice(1)}/subvol-901-disk-0`), String(2 ** 31))
    assert.equal(await lab.inside(vm, 'findmnt -no SOURCE /srv/more'), 'quickOS/shared-prod-data[/web-more]')
    await lab.nothingToDo(vm)
    await vm.reboot()
    await lab.connect(vm)
    await lab.run(vm, 0)
    assert.equal(await lab.inside(vm, 'findmnt -no SOURCE /srv/more'), 'quickOS/shared-prod-data[/web-more]')
  },
}
