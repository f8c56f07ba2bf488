/**
 * The resources on the simulated host: what is planned is carried out step by step, and a second plan must be empty.
 * The example config first, then every starting state that a person can make with commands they know.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { compareTask, ForeseenSet, type PlannedTask } from '../../lib/engine/plan.ts'
import type { Change, Task } from '../../lib/engine/resource.ts'
import { revealed, Secret, type Secrets } from '../../lib/engine/secret.ts'
import { readerOf } from '../../lib/host/host.ts'
import { openSimulated, type SimulatedHost } from '../../lib/host/simulated/host.ts'
import { modules } from '../../tasks/index.ts'

/** Every secret of the example is this one, good as a password and as the hash of one. */
const secrets: Secrets = {
  resolve: async () => ({ ok: true, secret: new Secret(`$6$salt$${'x'.repeat(86)}`) }),
  redact: (text) => text,
}

const a = '/dev/disk/by-id/scsi-35000c50015ea71a2'
const b = '/dev/disk/by-id/scsi-35000c50015ea71a3'
const c = '/dev/disk/by-id/scsi-35000c50015ea71a4'
const d = '/dev/disk/by-id/virtio-LAB-BLK-0'

type Pool = NonNullable<NonNullable<PhxConfig['zfs']>['pools']>[number]
const tank = (over: Partial<Pool> = {}, datasets: NonNullable<PhxConfig['zfs']>['datasets'] = []): PhxConfig => ({
  zfs: { pools: [{ name: 'tank', raid_level: 'mirror', disks: [a, b], ...over }], datasets },
})

const tasksOf = (config: PhxConfig): Task[] =>
  modules.flatMap((module) => module.expand(config, []).filter(({ groups }) => groups.includes('setup')))

async function call(host: SimulatedHost, line: string, stdin?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.mutate(line.split(' '), stdin === undefined ? {} : { stdin })
  assert.is(exitCode, 0, `${line}: ${stderr}`)
  return stdout
}

async function plan(host: SimulatedHost, config: PhxConfig): Promise<PlannedTask[]> {
  const look = newLook(readerOf(host), secrets)
  const foreseen = new ForeseenSet()
  const planned: PlannedTask[] = []
  for (const task of tasksOf(config)) planned.push(await compareTask(task, undefined, look, foreseen))
  return planned
}

const changesOf = (planned: readonly PlannedTask[]): Change[] => planned.flatMap((task) => task.changes)
const refusalsOf = (planned: readonly PlannedTask[]): string[] =>
  planned.flatMap((task) => task.refusals.map((refusal) => refusal.why))

async function carryOut(host: SimulatedHost, change: Change, done: string[]): Promise<void> {
  for (const step of change.steps) {
    if (step.kind === 'verify') assert.is(await step.check(readerOf(host), () => {}), undefined, step.what)
    if (step.kind === 'write') await host.writeFile(step.file)
    if (step.kind === 'remove') await host.removeFile(step.path)
    if (step.kind !== 'command') continue
    const result = await host.mutate(step.argv, step.stdin ? { stdin: revealed(step.stdin) } : {})
    const why = step.judge ? step.judge(result) : result.exitCode === 0 ? undefined : result.stderr
    assert.is(why, undefined, step.argv.join(' '))
    done.push(step.argv.join(' '))
  }
}

/** Converges as the engine does, with every consent, and asserts that nothing is left to do. */
async function converge(host: SimulatedHost, config: PhxConfig): Promise<string[]> {
  const done: string[] = []
  for (const task of tasksOf(config)) {
    const compare = () => compareTask(task, undefined, newLook(readerOf(host), secrets), new ForeseenSet())
    let left = [...(await compare()).changes]
    for (let change = left.shift(); change; change = left.shift()) {
      await carryOut(host, change, done)
      if (change.reveals) left = [...(await compare()).changes]
    }
  }
  const again = await plan(host, config)
  assert.equal(
    again.flatMap((task) => task.unreadable ?? []),
    [],
  )
  assert.equal(refusalsOf(again), [])
  assert.equal(
    changesOf(again).map((change) => change.summary),
    [],
  )
  return done
}

const example = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'phoenix.config.json'), 'utf8'),
) as PhxConfig

test('the example config: pools, datasets and storages on blank disks, then nothing to do', async () => {
  const disks = example.zfs?.pools?.flatMap((pool) => pool.disks ?? []) ?? []
  const host = await openSimulated(null, disks)
  const done = await converge(host, example)
  assert.ok(done.some((line) => line.startsWith('zpool create ') && line.includes(' quickOS mirror ')))
  assert.is(done.filter((line) => line.startsWith('zfs create ')).length, example.zfs?.datasets?.length)
  assert.ok(done.some((line) => line.startsWith('pvesm add ')))
  assert.equal(await converge(host, example), [])
})

test('a plan of pools, storages and what lies on them is what is then carried out', async () => {
  const disks = example.zfs?.pools?.flatMap((pool) => pool.disks ?? []) ?? []
  const host = await openSimulated(null, disks)
  // Installing a package brings things to light that no plan can know: it is there already.
  await host.mutate(['apt-get', 'update']) // fails in part: no subscription
  await call(host, 'apt-get install -y nfs-kernel-server')
  const { zfs, proxmox_storage_ids, vm_features, guests, network } = example
  const config = { zfs, proxmox_storage_ids, vm_features, guests, network } as PhxConfig
  const planned = changesOf(await plan(host, config)).flatMap((change) =>
    change.steps.flatMap((step) => (step.kind === 'command' ? [step.argv.join(' ')] : [])),
  )
  assert.equal(await converge(host, config), planned)
})

test('a property and a storage changed behind phx are set right, and nothing else', async () => {
  const datasets = [
    {
      name: 'vms',
      pool: 'tank',
      properties: 'compression=lz4,quota=1G',
      proxmox_storage_type: 'zfspool',
      storage_class: 'direct',
      proxmox_content_type: 'images',
    },
  ] as const
  const config = tank({}, [...datasets])
  const host = await openSimulated(null, [a, b])
  await converge(host, config)
  await call(host, 'zfs set compression=off tank/vms')
  await call(host, 'pvesm set tank-vms --content rootdir')
  assert.equal(await converge(host, config), [
    'zfs set compression=lz4 tank/vms',
    'pvesm set tank-vms --content images',
  ])
})

test('an unmounted dataset is mounted again', async () => {
  const config = tank({}, [{ name: 'a', pool: 'tank' }])
  const host = await openSimulated(null, [a, b])
  await converge(host, config)
  await call(host, 'zfs unmount tank/a')
  assert.equal(await converge(host, config), ['zfs mount tank/a'])
  await call(host, 'zfs unmount tank/a')
  const moved = tank({}, [{ name: 'a', pool: 'tank', properties: 'mountpoint=/srv/a' }])
  const done = await converge(host, moved)
  assert.is(done[0], 'zfs set mountpoint=/srv/a tank/a')
})

const occupied: readonly (readonly [string, readonly string[]])[] = [
  ['ext4 on the disk', [`mkfs.ext4 -q -F ${a}`]],
  ['swap on the disk', [`mkswap ${a}`]],
  ['a partition table', [`sgdisk -n 1:0:+500M ${a}`]],
  ['ext4 on a partition', [`sgdisk -n 1:0:+500M ${a}`, 'udevadm settle', `mkfs.ext4 -q -F ${a}-part1`]],
  ['ext4 over a partition table', [`sgdisk -n 1:0:+500M ${a}`, 'udevadm settle', `mkfs.ext4 -q -F ${a}`]],
  ['an exported pool', [`zpool create old ${a}`, 'zpool export old']],
  ['a destroyed pool', [`zpool create old ${a}`, 'zpool destroy old']],
  ['the spare of an exported pool', [`zpool create old ${d} spare ${a}`, 'zpool export old']],
]
for (const [name, scene] of occupied) {
  test(`${name}: a destructive change, and empty when it is carried out`, async () => {
    const host = await openSimulated(null, [a, b, d])
    for (const line of scene) await call(host, line)
    const [change, ...more] = changesOf(await plan(host, tank()))
    assert.equal(more, [])
    assert.is(change?.risk, 'destructive')
    assert.match(change?.loss?.victims.join('\n') ?? '', a)
    assert.not.ok(
      change?.steps.some((step) => step.kind === 'command' && step.argv.join(' ').includes(`wipefs -a ${b}`)),
    )
    await converge(host, tank())
  })
}

const busy: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['mounted', [`mkfs.ext4 -q -F ${a}`, 'mkdir -p /srv/x', `mount ${a} /srv/x`], /mounted on \/srv\/x/],
  ['swap in use', [`mkswap ${a}`, `swapon ${a}`], /swap in use/],
  ['a member of another pool', [`zpool create other ${a}`], /member of pool other/],
  ['a spare of another pool', [`zpool create other ${d} spare ${a}`], /member of pool other/],
]
for (const [name, scene, why] of busy) {
  test(`${name}: refused, whoever agrees`, async () => {
    const host = await openSimulated(null, [a, b, d])
    for (const line of scene) await call(host, line)
    const planned = await plan(host, tank())
    assert.match(refusalsOf(planned).join('\n'), why)
    assert.equal(changesOf(planned), [])
  })
}

test('another layout of that name: destroyed and made anew only as a destructive change', async () => {
  const host = await openSimulated(null, [a, b, c])
  await call(host, `zpool create tank ${a} ${c}`)
  await call(host, 'zfs create tank/photos')
  await call(host, 'zfs snapshot tank/photos@monday')
  const [change] = changesOf(await plan(host, tank()))
  assert.is(change?.action, 'replace')
  assert.is(change?.risk, 'destructive')
  assert.match(change?.loss?.victims.join('\n') ?? '', /1 snapshot\ndataset tank\/photos/)
  await converge(host, tank())
})

test('a way without loss leads where it says it does', async () => {
  const cases: readonly (readonly [string, PhxConfig])[] = [
    [`zpool create tank ${a}`, tank()],
    [`zpool create tank mirror ${a} ${b} ${c}`, tank()],
    [`zpool create tank mirror ${a} ${c}`, tank()],
    [`zpool create tank mirror ${a} ${b}`, tank({ raid_level: 'raid10', disks: [a, b, c, d] })],
    [`zpool create tank mirror ${a} ${b} mirror ${c} ${d}`, tank()],
  ]
  for (const [made, config] of cases) {
    const host = await openSimulated(null, [a, b, c, d])
    await call(host, made)
    const planned = await plan(host, config)
    assert.is(changesOf(planned)[0]?.action, 'replace', made)
    const hint = planned
      .flatMap((task) => task.notes.map((note) => note.text))
      .find((text) => text.includes('by hand: '))
    assert.ok(hint, made)
    for (const line of hint.split('by hand: ')[1]?.split(' && ') ?? []) await call(host, line)
    assert.equal(await converge(host, config), [], made)
  }
})

test('log, cache and spare vdevs alone never destroy a pool, and the commands for them lead where they say', async () => {
  const cases: readonly (readonly [string, PhxConfig])[] = [
    [`zpool create tank mirror ${a} ${b}`, tank({ spares: [c], cache: [d] })],
    [`zpool create tank mirror ${a} ${b} log ${c} spare ${d}`, tank()],
    [`zpool create tank mirror ${a} ${b} cache ${c}`, tank({ spares: [c] })],
    [`zpool create tank mirror ${a} ${b} spare ${c}`, tank({ cache: [c] })],
    [`zpool create tank mirror ${a} ${b} log ${c}`, tank({ log: { raid_level: 'mirror', disks: [c, d] } })],
  ]
  for (const [made, config] of cases) {
    const host = await openSimulated(null, [a, b, c, d])
    await call(host, made)
    const planned = await plan(host, config)
    assert.equal(changesOf(planned), [], made)
    const [refusal] = planned.flatMap((task) => task.refusals)
    assert.match(refusal?.why ?? '', 'never a reason to destroy it')
    assert.ok((refusal?.fields.length ?? 0) > 0, 'with the table')
    const commands = (refusal?.mend ?? []).flatMap((line) => line.split('by hand, without loss: ')[1] ?? [])
    assert.ok(commands.length > 0, made)
    for (const line of commands) await call(host, line)
    assert.equal(await converge(host, config), [], made)
  }
})

test('an exported pool is imported on request, and its datasets are compared then', async () => {
  const datasets = [{ name: 'a', pool: 'tank', properties: 'compression=lz4' }]
  const host = await openSimulated(null, [a, b])
  await converge(host, tank({}, datasets))
  await call(host, 'zfs set compression=off tank/a')
  await call(host, 'zpool export tank')
  assert.match(refusalsOf(await plan(host, tank({}, datasets))).join(), /never makes a pool over one of the same name/)
  const done = await converge(host, tank({ import: true }, [...datasets, { name: 'b', pool: 'tank' }]))
  assert.match(done[0] ?? '', /^zpool import -d \/dev\/disk\/by-id \d+$/)
  assert.equal(done.slice(1), ['zfs set compression=lz4 tank/a', 'zfs create tank/b'])
})

test('a pulled disk: degraded and said so, never different; a suspended pool: not looked at', async () => {
  const host = await openSimulated(null, [a, b, d])
  await converge(host, tank())
  await call(host, `sim unplug ${a}`)
  const planned = await plan(host, tank())
  assert.equal([...changesOf(planned), ...refusalsOf(planned)], [])
  assert.match(planned.flatMap((task) => task.notes.map((note) => note.text)).join(), /degraded/)

  const single = tank({ raid_level: 'single', disks: [d] })
  const other = await openSimulated(null, [d])
  await converge(other, single)
  await call(other, `sim unplug ${d}`)
  const [task] = await plan(other, single)
  assert.match(task?.unreadable ?? '', /SUSPENDED/)
})

test('after a reboot with the disks in another order nothing is to be done', async () => {
  const config = tank({ disks: [a, d] }, [{ name: 'a', pool: 'tank' }])
  const host = await openSimulated(null, [a, d, c])
  await converge(host, config)
  await call(host, 'sim reboot')
  assert.equal(await converge(host, config), [])
})

test.run()
