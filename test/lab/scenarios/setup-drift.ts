import assert from 'node:assert/strict'
import { nothingToDo, plan, run, type Scenario } from '../scenario.ts'
import * as lab from '../whole.ts'

/** What somebody does behind phx's back, and the resource that has to be found different. */
const drifts: readonly (readonly [resource: string, command: string])[] = [
  ['packages:initial-setup', 'apt-get -qy remove lab-tool'],
  ['timezone', 'timedatectl set-timezone Etc/UTC'],
  ['sysctl', 'sysctl -q -w vm.swappiness=60'],
  ['zfs-arc-max', 'echo 0 >/sys/module/zfs/parameters/zfs_arc_max'],
  ['file:/etc/sysctl.d/99-phx.conf', 'echo vm.swappiness=1 >>/etc/sysctl.d/99-phx.conf'],
  ['file:/etc/hosts', "sed -i '1i 127.0.1.1 lab' /etc/hosts"],
  ['file:/etc/resolv.conf', "sed -i 's/^nameserver.*/nameserver 192.0.2.1/' /etc/resolv.conf"],
  ['repositories', "sed -i '/^Enabled/d' /etc/apt/sources.list.d/pve-enterprise.sources"],
  ['account:ops', 'gpasswd -d ops video'],
  ['password:ops', "usermod -p '!' ops"],
  ['file:/etc/sudoers.d/phx-ops', 'chmod 0644 /etc/sudoers.d/phx-ops'],
  ['authorized-keys:ops', "sed -i '/A@desk/d' /home/ops/.ssh/authorized_keys"],
  ['proxmox-role:ops@pam:Administrator', 'pveum acl delete / --users ops@pam --roles Administrator'],
  ['dataset:quickOS/vm-disks', 'zfs set compression=off quickOS/vm-disks'],
  ['zpool:quickOS', 'zpool set autotrim=off quickOS'],
  ['storage:fastData-shared-backups', 'pvesm remove fastData-shared-backups'],
  [`feature-folder:${lab.featureFolder}`, `echo tampered >>${lab.featureFolder}/docker.sh`],
  ['lxc-volume:901/models', "sed -i '/^mp0:/s/,backup=1//' /etc/pve/lxc/901.conf"],
  ['export-root:/quickOS/shared-prod-data', `chmod 0700 ${lab.exported}`],
  ['file:/etc/exports.d/phx.exports', `exportfs -u 10.9.0.0/24:${lab.exported}`],
  ['unit:nfs-server.service', 'systemctl -q disable nfs-server'],
  ['file:/etc/samba/phx.conf', "sed -i 's/valid users = ops/valid users = media/' /etc/samba/phx.conf"],
  ['samba-user:media', "printf 'by-hand\\nby-hand\\n' | smbpasswd -s media"],
  ['unit:smbd.service', 'systemctl stop smbd'],
  ['samba-shares', 'true # as smbd is stopped'],
  ['ufw-rule:in 8006/tcp', 'ufw delete allow 8006/tcp'],
  ['ufw-policies', 'ufw default allow incoming'],
]

export const scenario: Scenario = {
  shows: 'one thing of every kind changed behind phx, all at once: a plan names each one, one run mends them all',
  async run(vm) {
    await lab.prepare(vm)
    await lab.writeTheirs(vm)
    await run(vm, 0, [], { timeoutSeconds: 900 })

    await vm.run(drifts.map(([, command]) => command).join('\n'), { timeoutSeconds: 120 })
    const planned = await plan(vm, 2)
    const named = planned.tasks.flatMap((task) => task.changes.map(({ resource }) => resource))
    assert.deepEqual([...new Set(named)].sort(), drifts.map(([resource]) => resource).sort())
    const changing = planned.tasks.filter(({ changes }) => changes.length > 0)
    assert.deepEqual(new Set(changing.map(({ reason }) => reason.standing)), new Set(['drifted']))

    await run(vm, 0, [], { timeoutSeconds: 600 })
    await nothingToDo(vm)
    assert.equal((await lab.onShare(vm, lab.secrets.ops, 'ls')).exitCode, 0)
    assert.match(await vm.run('exportfs -s; ufw status; dpkg-query -W lab-tool'), /10\.9\.0\.0.*8006.*lab-tool/s)
  },
}
