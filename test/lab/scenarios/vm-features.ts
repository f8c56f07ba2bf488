import assert from 'node:assert/strict'
import type { PhxConfig } from '../../../lib/config/generated/types.ts'
import { configFile, nothingToDo, plan, refused, run, type Scenario, says, usualHost } from '../scenario.ts'
import type { Vm } from '../vm.ts'

const carrier = '/quickOS/features'
const folder = `${carrier}/vm-features/8101`
const script = (text: string): string => `#!/bin/sh\necho ${text}\n`

const config = (features: string[]): PhxConfig => ({
  zfs: {
    ...usualHost,
    datasets: [
      ...(usualHost.datasets ?? []),
      { name: 'features', pool: 'quickOS' },
      {
        ...{ name: 'files', pool: 'fastData', storage_class: 'shared' },
        ...{ proxmox_storage_type: 'dir', proxmox_content_type: 'snippets' },
      },
    ],
  },
  network: { nfs_server: '10.9.0.1' },
  vm_features: { export: carrier, scripts: 'scripts' },
  guests: { vms: [{ vmid: 8101, name: 'docker-host', features, network_config: { ip: '10.9.0.101/24' } }] },
})

const declare = (vm: Vm, features: string[]): Promise<void> =>
  vm.write(configFile, `${JSON.stringify(config(features), null, 2)}\n`)

const listing = (vm: Vm): Promise<string> => vm.run(`cd ${folder} && stat -c '%n %a %U' * .`)
const whole = 'docker.sh 755 root\nmanifest.json 644 root\n. 755 root'

/** The machine's place in the network, and another one, each with its own address. */
async function plugGuests(vm: Vm): Promise<void> {
  await vm.run(`ip link add br-lab type bridge && ip address add 10.9.0.1/24 dev br-lab && ip link set br-lab up`)
  for (const [name, address] of [
    ['guest', '10.9.0.101'],
    ['other', '10.9.0.102'],
  ]) {
    await vm.run(`ip netns add ${name} && ip link add v-${name} type veth peer name eth0 netns ${name} &&
      ip link set v-${name} master br-lab up && ip -n ${name} link set lo up && ip -n ${name} link set eth0 up &&
      ip -n ${name} address add ${address}/24 dev eth0`)
  }
}

/** What a client there does with the folder mounted at /mnt; its mounts are its own. */
const asGuest = (vm: Vm, name: string, line: string) =>
  vm.attempt(['ip', 'netns', 'exec', name, 'sh', '-c', `mount -t nfs4 10.9.0.1:${folder} /mnt && ${line}`], {
    timeoutSeconds: 180,
  })

export const scenario: Scenario = {
  shows:
    'feature scripts: exactly the declared ones, on the dataset and never underneath, readable by their machine alone',
  async run(vm) {
    await vm.run('mkdir -p /root/scripts')
    await vm.write('/root/scripts/docker.sh', script('docker'))
    await vm.write('/root/scripts/feature_install_tools.sh', script('tools'))
    await declare(vm, ['base_setup', 'docker'])
    await plugGuests(vm)
    await run(vm, 0)
    assert.equal(await listing(vm), whole)
    assert.equal(await vm.run(`${folder}/docker.sh`), 'docker')
    assert.equal(await vm.run('head -1 /fastData/files/snippets/vendor-8101.yaml'), '#cloud-config')
    await nothingToDo(vm)

    const mine = await asGuest(vm, 'guest', 'sh /mnt/docker.sh && ! touch /mnt/left && ! rm -f /mnt/docker.sh')
    assert.equal(mine.exitCode, 0, mine.stderr)
    assert.match(mine.stdout, /^docker$/m)
    const others = await asGuest(vm, 'other', 'true')
    assert.notEqual(others.exitCode, 0, 'another machine must not mount it')

    await vm.run(`cd ${folder}; echo tampered >>docker.sh; touch left.sh; chmod 777 .; chmod 600 manifest.json`)
    const drift = JSON.stringify(await plan(vm, 2))
    for (const name of ['docker.sh', 'left.sh', 'manifest.json'])
      assert.ok(drift.includes(name), `the plan names ${name}`)
    await run(vm, 0)
    assert.equal(await listing(vm), whole)
    assert.equal(await vm.run(`cat ${folder}/docker.sh`), script('docker').trim())

    await vm.run('zfs set canmount=noauto quickOS/features && zfs unmount quickOS/features')
    says(await refused(vm), 'its property canmount is noauto', folder)
    const alone = await vm.phx(['run', 'vm-features:8101', '-c', configFile, '--json', '--no-deps'])
    assert.notEqual(alone.exitCode, 0)
    assert.equal(await vm.run(`ls -A ${carrier}`), '', 'nothing on the file system underneath')
    await vm.run('zfs set canmount=on quickOS/features && zfs mount quickOS/features')
    await nothingToDo(vm)

    await declare(vm, ['tools'])
    await run(vm, 0)
    assert.equal(await vm.run(`ls ${folder}`), 'manifest.json\ntools.sh')
    assert.equal(await vm.run('ls /fastData/files/snippets'), '')
    await declare(vm, [])
    await run(vm, 0)
    assert.equal(await vm.run(`ls -A ${carrier}/vm-features`), '')
    await nothingToDo(vm)
  },
}
