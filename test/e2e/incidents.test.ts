/**
 * What went wrong in the shell scripts that phx replaces, through the command line, one test an incident, each bearing
 * its name. Those of single resources are in test/resources/incidents.test.ts.
 */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { Program } from './program.ts'
import { contentOf, diskA, diskB, diskC, Scene, snapshot, summaryOf, tank, withZfs } from './scene.ts'

const program = await Program.open()

/** Command lines that a run carried out, from its events. */
function commandsOf(out: string): readonly string[] {
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; argv?: readonly string[] })
  return events.flatMap(({ type, argv }) => (type === 'command-start' && argv ? [argv.join(' ')] : []))
}

test('safe mode that wiped an ext4 disk', async () => {
  const scene = new Scene(program)
  await scene.ext4(diskA)
  const before = scene.state
  assert.is((await scene.phx(['run'])).code, 3)
  assert.equal(scene.state, before)
})

test('safe mode that wiped a disk with a partition table, swap, or the label of an exported pool', async () => {
  for (const line of [`sgdisk -n 1:0:0 ${diskA}`, `mkswap ${diskA}`, `zpool create photos ${diskA}`]) {
    const scene = new Scene(program)
    await scene.sim(line)
    if (line.startsWith('zpool')) await scene.sim('zpool export photos')
    const before = scene.state
    const { code, out } = await scene.phx(['run'])
    assert.is(code, 3, line)
    assert.equal(scene.state, before, line)
    if (line.startsWith('zpool')) assert.match(out, 'photos')
  }
})

test('safe mode that refused blank disks, so that the first run needed a flag that wipes', async () => {
  const { code, out } = await new Scene(program).phx(['run', '--json'])
  assert.is(code, 0)
  assert.equal(
    commandsOf(out).filter((line) => line.startsWith('wipefs')),
    [],
  )
})

test('deleted root drive', async () => {
  const scene = new Scene(program)
  const partition = (await scene.sim('findmnt -n -o SOURCE /')).trim()
  for (const disk of [partition, partition.replace(/p?\d+$/, '')]) {
    scene.configure(withZfs(tank, { pools: [{ name: 'tank', raid_level: 'single', disks: [disk] }] }))
    const before = scene.state
    for (const way of ['--mode=safe', '--force-destructive', '--allow-destroy=zpool:tank', '--interactive'])
      assert.is((await scene.phx(['run', way], { stdin: 'tank\n' })).code, 3, `${disk} ${way}`)
    assert.equal(scene.state, before)
  }
})

test('raidz1, MIRROR and raidz2 silently made a stripe', async () => {
  const disks = [diskA, diskB, diskC]
  for (const [level, word] of [
    ['raidz1', 'raidz1'],
    ['RAIDZ1', 'raidz1'],
    ['MIRROR', 'mirror'],
    ['raidz', 'raidz1'],
  ] as const) {
    const scene = new Scene(program, { zfs: { pools: [{ name: 'tank', raid_level: level as 'raidz1', disks }] } })
    assert.is((await scene.phx(['run'])).code, 0, level)
    assert.equal(
      scene.state.pools[0]?.data.map((vdev) => vdev.type),
      [word],
      level,
    )
  }
  const scene = new Scene(program, { zfs: { pools: [{ name: 'tank', raid_level: 'raid5' as 'raidz1', disks }] } })
  assert.is((await scene.phx(['run'])).code, 4)
})

test('a pool accepted by its name alone', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  const before = scene.state
  const { code, out } = await scene.phx(['run'])
  assert.is(code, 3)
  assert.match(out, 'which is not the declared one')
  assert.equal(scene.state, before)
})

test("an administrator's PBS entry and every nfs entry removed by each setup", async () => {
  const scene = new Scene(program)
  assert.is((await scene.phx(['run'])).code, 0)
  const file = '/etc/pve/storage.cfg'
  const theirs =
    'pbs: backup-server\n\tdatastore store\n\tserver 192.0.2.9\n\tcontent backup\n\nnfs: nfs-media\n\texport /x\n\tpath /mnt/pve/nfs-media\n\tserver 192.0.2.8\n\tcontent iso\n\n'
  const mine = scene.state.files[file]?.content ?? ''
  await scene.sim(`sim write ${file}`, mine + theirs)
  const again = await scene.phx(['run', '--json', '--force-destructive'])
  assert.is(summaryOf(again.out).mutations, 0, again.out)
  const [kept] = tank.zfs?.datasets ?? []
  scene.configure(withZfs(tank, { datasets: kept ? [kept] : [] }))
  const fewer = await scene.phx(['run', '--json'])
  assert.equal(commandsOf(fewer.out), ['pvesm remove tank-files'])
  assert.match(scene.state.files[file]?.content ?? '', 'pbs: backup-server')
  assert.match(scene.state.files[file]?.content ?? '', 'nfs: nfs-media')
})

test('an id matched by its prefix: shared-prod-data counted as present when only shared-prod-data-sync was', async () => {
  const [model] = tank.zfs?.datasets ?? []
  const named = (...names: string[]): PhxConfig =>
    withZfs(tank, { datasets: names.map((name) => ({ ...model, name, pool: 'tank' })) })
  const scene = new Scene(program, named('shared-prod-data-sync'))
  assert.is((await scene.phx(['run'])).code, 0)
  scene.configure(named('shared-prod-data-sync', 'shared-prod-data'))
  const { out } = await scene.phx(['run', '--json'])
  assert.equal(commandsOf(out), [
    'zfs create -o compression=lz4 -o quota=100G tank/shared-prod-data',
    'pvesm add zfspool tank-shared-prod-data --pool tank/shared-prod-data --content images',
  ])
})

test('pvesm set and zfs set of all properties on each run', async () => {
  const scene = new Scene(program)
  assert.is((await scene.phx(['run'])).code, 0)
  const before = scene.state
  for (const way of [[], ['--force-destructive'], ['--mode=interactive']]) {
    const { out } = await scene.phx(['run', '--json', ...way])
    assert.equal(commandsOf(out), [])
  }
  assert.equal(scene.state, before)
})

test('a dry run that mutated', async () => {
  const scene = new Scene(program)
  await scene.sim('true')
  const before = snapshot(scene.folder)
  for (const way of [[], ['--force-destructive'], ['setup', '--interactive'], ['--json']])
    assert.is((await scene.phx(['run', '--dry-run', ...way], { stdin: 'tank\n' })).code, 0)
  assert.equal(snapshot(scene.folder), before)
})

test('a state file with passwords as keys, readable by everyone', async () => {
  const secret = 'hunter2-in-a-file'
  const scene = new Scene(program)
  const file = join(scene.folder, 'samba.password')
  writeFileSync(file, `${secret}\n`)
  chmodSync(file, 0o600)
  const samba = { user: 'heads', password: { file }, shares: [] } as NonNullable<PhxConfig['samba']>
  scene.configure({ ...tank, samba })
  const { code, out, err } = await scene.phx(['run', '-v'], { variables: { PASSWORD: secret } })
  assert.is(code, 0, out + err)
  assert.not.match(out + err, secret)
  const state = join(scene.host, 'state')
  const names = readdirSync(state, { recursive: true, encoding: 'utf8' })
  assert.ok(names.some((name) => name.startsWith('stamps/')) && names.some((name) => name.startsWith('runs/')))
  for (const name of names) {
    const path = join(state, name)
    assert.is(statSync(path).mode & 0o077, 0, `${name} is for its owner alone`)
    if (statSync(path).isFile()) assert.not.match(readFileSync(path, 'utf8'), secret, name)
  }
  scene.configure({ ...tank, samba: { ...samba, password: secret } as unknown as NonNullable<PhxConfig['samba']> })
  const literal = await scene.phx(['run'])
  assert.is(literal.code, 4)
  assert.not.match(literal.out + literal.err, secret, 'a mistake does not quote the secret')
})

test('the tool that edits its own config', async () => {
  const scene = new Scene(program)
  const before = snapshot(scene.config.replace(/\/[^/]*$/, '')).filter((line) => line.startsWith('config.json'))
  assert.is((await scene.phx(['run'])).code, 0)
  assert.equal(
    snapshot(scene.folder).filter((line) => line.startsWith('config.json')),
    before,
  )
})

test('four tries of any command, zpool create too', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  await scene.sim('sim hold /tank/old')
  const { code, out } = await scene.phx(['run', '--force-destructive', '--json'])
  assert.is(code, 1)
  assert.equal(commandsOf(out), ['zpool destroy tank'])
  assert.is(contentOf(scene.state, diskB)?.label, null)
})

test('data that went to the root disk, since a storage was made before its dataset was mounted', async () => {
  const scene = new Scene(program)
  assert.is((await scene.phx(['run'])).code, 0)
  assert.match(
    scene.state.files['/etc/pve/storage.cfg']?.content ?? '',
    /path \/tank\/files\n[^:]*is_mountpoint (yes|1)/,
  )
  await scene.sim('zfs unmount tank/files')
  const { out } = await scene.phx(['run', '--json'])
  assert.equal(commandsOf(out), ['zfs mount tank/files'])
})

test.after(() => program.clean())
test.run()
