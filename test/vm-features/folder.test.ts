/** The folder of a machine on the simulated host: exactly what is declared, by root, on the dataset. */
import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declared, folder, type Scene, scene, script, vm } from './scene.ts'

async function converged(...args: ConstructorParameters<typeof Scene>): Promise<Scene> {
  const host = scene(...args)
  await host.run(0)
  assert.is((await host.run(0)).summary.mutations, 0)
  return host
}

test('from blank disks: the scripts, their modes, a manifest with fingerprints, and nothing else of the config', async () => {
  const host = await converged(declared([vm({ features: ['docker', 'tools'] })]), {
    'docker.sh': script('docker 1'),
    'feature_install_tools.sh': script('tools'),
    'unused.sh': script('nobody names it'),
  })
  assert.equal(await host.below(folder), ['docker.sh', 'manifest.json', 'tools.sh'])
  assert.is(await host.sim(`cat ${folder}/docker.sh`), script('docker 1'))
  assert.is(host.state.files[`${folder}/docker.sh`]?.mode, 0o755)
  assert.is(host.state.files[folder]?.mode, 0o755)
  const manifest = JSON.parse(await host.sim(`cat ${folder}/manifest.json`)) as Record<string, unknown>
  const sha256 = createHash('sha256').update(script('docker 1')).digest('hex')
  assert.equal(Object.keys(manifest), ['about', 'format', 'vmid', 'features'])
  assert.equal((manifest.features as unknown[])[0], { name: 'docker', file: 'docker.sh', sha256 })
})

test('drift is found by the plan and mended: content, mode, owner, an extra file, the folder itself', async () => {
  const host = await converged(declared())
  const drifts: readonly (readonly [string, string, RegExp])[] = [
    [`sim write ${folder}/docker.sh`, 'changed', /docker\.sh/],
    [`chmod 0644 ${folder}/docker.sh`, '', /mode of docker\.sh/],
    [`chown nobody:nogroup ${folder}/docker.sh`, '', /owner of docker\.sh/],
    [`sim write ${folder}/left.sh`, 'someone else', /left\.sh/],
    [`sim write ${folder}/manifest.json`, '{}', /manifest\.json/],
    [`chmod 0777 ${folder}`, '', /mode of/],
    [`rm -r ${folder}`, '', /folder/],
  ]
  for (const [line, stdin, field] of drifts) {
    await host.sim(line, stdin)
    const { changes, reason } = await host.task()
    assert.match(changes.flatMap(({ fields }) => fields.map((one) => one.field)).join(), field, line)
    assert.is(reason.standing, 'drifted', line)
    await host.run(0)
    assert.is((await host.run(0)).summary.mutations, 0, line)
    assert.equal(await host.below(folder), ['docker.sh', 'manifest.json'], line)
    assert.is(await host.sim(`cat ${folder}/docker.sh`), script('docker 1'), line)
  }
})

test('a changed script is sent, one that is no longer named goes', async () => {
  const host = await converged(declared([vm({ features: ['docker', 'tools'] })]), {
    'docker.sh': script('docker 1'),
    'tools.sh': script('tools'),
  })
  host.put('vm-features/docker.sh', script('docker 2'))
  host.declare(declared())
  assert.is((await host.task()).reason.standing, 'inputs changed')
  await host.run(0)
  assert.is(await host.sim(`cat ${folder}/docker.sh`), script('docker 2'))
  assert.equal(await host.below(folder), ['docker.sh', 'manifest.json'])
})

test('an unmounted dataset: mounted first, or nothing is written underneath', async () => {
  const host = await converged(declared())
  await host.sim('zfs unmount tank/features')
  const alone = await host.run(1, 'vm-features:8101', '--no-deps')
  assert.match(alone.said, 'tank/features is not mounted at /tank/features: it would be written on tank')
  assert.equal(alone.commands, [])
  assert.equal(await host.below('/tank/features'), [])

  assert.equal((await host.run(0)).commands, [], 'the zfs task mounts it, and all is there')
  assert.equal(await host.below(folder), ['docker.sh', 'manifest.json'])

  await host.sim('zfs set canmount=noauto tank/features')
  await host.sim('zfs unmount tank/features')
  const never = await host.run(3)
  assert.match(never.said, 'its property canmount is noauto')
  assert.equal(await host.below('/tank/features'), [])
})

test('a link on the share leads nowhere', async () => {
  const host = await converged(declared([]))
  await host.sim('mkdir -p /tank/features/vm-features')
  host.declare(declared())
  await host.link(folder, '/etc')
  const { said } = await host.run(3)
  assert.match(said, `${folder} leads to /etc: phx writes nothing through a link on a share`)
  assert.is(host.state.files['/etc/docker.sh'], undefined)
})

test('a folder that someone else made stays as it is', async () => {
  const host = await converged(declared([]))
  await host.sim(`mkdir -p ${folder}`)
  await host.sim(`sim write ${folder}/notes`, 'mine')
  host.declare(declared())
  const { said } = await host.run(3)
  assert.match(said, `${folder} is there with notes in it, and was not made by phx`)
  assert.is(await host.sim(`cat ${folder}/notes`), 'mine')
})

test('what is no longer declared goes: features, machine, section; others stay', async () => {
  for (const config of [
    declared([vm({ features: [] }), vm({ vmid: 8102, name: 'other' })]),
    declared([vm({ vmid: 8102, name: 'other' })]),
  ]) {
    const host = await converged(declared([vm(), vm({ vmid: 8102, name: 'other' })]))
    await host.sim(`sim write ${folder}/left.sh`, 'in the way')
    host.declare(config)
    const { commands } = await host.run(0)
    assert.equal(commands, [`rmdir ${folder}`])
    assert.equal(await host.below('/tank/features/vm-features'), ['8102'])
    assert.is((await host.run(0)).summary.mutations, 0)
  }
  const host = await converged(declared())
  const { vm_features: _, ...without } = declared()
  host.declare(without)
  await host.run(0)
  assert.equal(await host.below('/tank/features/vm-features'), [])
})

test('a machine that is no longer declared, while the dataset is not mounted: mounted first, then its folder goes', async () => {
  const host = await converged(declared([vm(), vm({ vmid: 8102, name: 'other' })]))
  await host.sim('zfs unmount tank/features')
  host.declare(declared([vm({ vmid: 8102, name: 'other' })]))
  await host.run(0)
  assert.equal(await host.below('/tank/features/vm-features'), ['8102'])
  assert.is((await host.run(0)).summary.mutations, 0)
})

test('the export moved: made at the new place, gone from the old one', async () => {
  const host = await converged(declared())
  host.declare(declared([vm()], { vm_features: { export: '/tank/features/moved' } }))
  await host.run(0)
  assert.equal(await host.below('/tank/features/moved/vm-features/8101'), ['docker.sh', 'manifest.json'])
  assert.equal(await host.below('/tank/features/vm-features'), [])
})

test.run()
