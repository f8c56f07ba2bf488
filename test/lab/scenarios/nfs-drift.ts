import assert from 'node:assert/strict'
import * as lab from '../nfs.ts'
import { plan, run, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'

const file = '/etc/exports.d/phx.exports'

/** What is done behind phx's back, and what the plan then says of it. Several at once: every run costs half a minute here. */
const drifts: readonly (readonly [string, readonly string[]])[] = [
  [
    `sed -i 's/(ro,/(rw,no_root_squash,/' ${file} && exportfs -ra && exportfs -o rw,no_subtree_check '*:/fastData/data' &&
      chown root:root /fastData/data`,
    [`bring ${file} up to date`, '/fastData/data *', 'set owner nobody, group nogroup of /fastData/data'],
  ],
  ['exportfs -ua', ['bring the table of exports up to date']],
  [
    'rpc.nfsd 0',
    ["restart nfs-server.service, which is active but does not serve: the kernel's server has no threads"],
  ],
  [`systemctl disable --now nfs-server; rm ${file}`, ['enable and start nfs-server.service', `write ${file}`]],
  ['apt-get -y -q remove nfs-kernel-server', ['install nfs-kernel-server']],
]

async function mended(vm: Vm): Promise<void> {
  await run(vm, 0)
  await lab.assertExported(vm)
  await lab.works(vm, '/fastData/data', 'touch /mnt/client/again')
}

export const scenario: Scenario = {
  shows: 'NFS exports that drift are found by the plan and mended; what goes names who uses it; others stay',
  async run(vm) {
    await lab.connectClient(vm)
    await lab.declareNfs(vm, lab.usualExports)
    await run(vm, 0)
    for (const [command, words] of drifts) {
      await vm.run(command, { timeoutSeconds: 300 })
      const said = await lab.planned(vm)
      for (const word of words) assert.ok(said.includes(word), `the plan should say: ${word}`)
      await mended(vm)
    }
    await lab.fails(vm, '/fastData/media', 'touch /mnt/client/file', /Read-only/)

    // An unmounted dataset: nobody gets the folder underneath, not even before phx has looked.
    await vm.run('zfs unmount fastData/media && mkdir -p /fastData/media && touch /fastData/media/underneath')
    await lab.fails(vm, '/fastData/media', 'ls /mnt/client/underneath', /No such file|access denied|not permitted/)
    await vm.run('rm /fastData/media/underneath')
    await mended(vm)
    await lab.nfsIsSettled(vm)

    // Two are no longer declared; the client has one of them mounted.
    await vm.run('exportfs -o ro,sync,no_subtree_check 10.99.0.8:/mnt')
    assert.equal((await lab.holdMount(vm, '/fastData/data')).exitCode, 0)
    await lab.declareNfs(vm, lab.usualExports.slice(1, 2))
    const { tasks } = await plan(vm, 2)
    const change = tasks.flatMap((task) => task.changes).find(({ resource }) => resource === `file:${file}`)
    assert.equal(change?.risk, 'disruptive')
    assert.ok(
      change?.fields.some(({ from }) => from === `${lab.client} (/fastData/data)`),
      JSON.stringify(change?.fields),
    )
    says(await run(vm, 0), 'remove nfs storage nfs-data')
    await lab.letGo(vm)
    await lab.assertExported(vm, ['/fastData/media  10.77.0.0/24', '/mnt  10.99.0.8'])
    await lab.fails(vm, '/fastData/data', 'true', /access denied|not permitted|No such file/)
    await lab.works(vm, '/fastData/media', 'ls /mnt/client')
    assert.doesNotMatch(await vm.run('cat /etc/pve/storage.cfg /proc/mounts'), /nfs-data/)
    await lab.nfsIsSettled(vm)

    await lab.declareNfs(vm, [])
    await run(vm, 0)
    await lab.assertExported(vm, ['/mnt  10.99.0.8'])
    // zfs.exports.lock is ZFS's own.
    assert.equal(await vm.run('ls /etc/exports.d/*.exports 2>/dev/null || true'), '')
  },
}
