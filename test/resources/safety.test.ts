/**
 * Searched with random hosts: whatever is on the disks, what destroys is called destructive, says what goes, touches
 * declared disks only, and nothing that is in use; what is called safe destroys nothing.
 */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Change, Step } from '../../lib/engine/resource.ts'
import { byId, disk, tank } from './hosts.ts'
import { type DiskFact, type Facts, planOn } from './rig.ts'

const serials = ['A', 'B', 'C', 'D']
const signature = fc.constantFrom('ext4', 'xfs', 'swap', 'LVM2_member', 'crypto_LUKS', 'gpt', 'zfs_member')
const signatures = fc.array(
  signature.map((type) => (type === 'zfs_member' ? { type, label: 'old', uuid: '77' } : { type })),
  { maxLength: 2 },
)
const place = fc.option(fc.constantFrom('/', '/srv', '[SWAP]'), { nil: undefined, freq: 6 })
const part = (n: number) =>
  fc.record({ on: signatures, mounted: place }).map(({ on, mounted }) => ({ n, on, ...(mounted ? { mounted } : {}) }))

const anyDisk = (serial: string, index: number): fc.Arbitrary<DiskFact | null> =>
  fc.option(
    fc
      .record({
        on: signatures,
        mounted: place,
        ro: fc.boolean().filter((ro) => !ro),
        held: fc.option(fc.constant({ type: 'lvm', path: '/dev/mapper/x' }), { nil: undefined, freq: 8 }),
        parts: fc.oneof(fc.constant([]), fc.tuple(part(1)), fc.tuple(part(1), part(2))),
      })
      .map(({ on, mounted, ro, held, parts }) =>
        disk(serial, `vd${'bcde'[index]}`, {
          on,
          ro,
          parts,
          ...(mounted ? { mounted } : {}),
          ...(held ? { held } : {}),
        }),
      ),
    { nil: null, freq: 8 },
  )

const anyDisks = fc.tuple(...serials.map(anyDisk)).map((disks) => disks.filter((one): one is DiskFact => one !== null))

const anyPool = fc.option(
  fc.record({
    name: fc.constantFrom('tank', 'other'),
    state: fc.constantFrom('ONLINE', 'DEGRADED', 'SUSPENDED'),
    vdevs: fc.constantFrom(
      ['mirror virtio-A virtio-B'],
      ['virtio-A'],
      ['virtio-C virtio-D'],
      ['raidz1 virtio-A virtio-C virtio-D'],
    ),
  }),
  { nil: null },
)

const anyHost: fc.Arbitrary<Facts> = fc.record({ disks: anyDisks, pool: anyPool }).map(({ disks, pool }) => {
  if (!pool) return { disks }
  const { name, state, vdevs } = pool
  return { disks, pools: { [name]: { state, vdevs } }, datasets: { [name]: {}, [`${name}/vm-100-disk-0`]: {} } }
})

const anyConfig = fc
  .constantFrom(
    { raid_level: 'mirror' as const, disks: ['A', 'B'] },
    { raid_level: 'single' as const, disks: ['A'] },
    { raid_level: 'raidz1' as const, disks: ['A', 'C', 'D'] },
    { raid_level: 'raid10' as const, disks: ['A', 'B', 'C', 'D'] },
  )
  .map(({ raid_level, disks }) => tank({ raid_level, disks: disks.map(byId) }))

const destroying = (step: Step): readonly string[] | undefined => {
  if (step.kind !== 'command') return undefined
  const [tool, verb] = step.argv
  return tool === 'wipefs' || tool === 'blockdev' || (tool === 'zpool' && verb === 'destroy') ? step.argv : undefined
}
const isBusy = (one: DiskFact): boolean =>
  one.mounted !== undefined || one.held !== undefined || (one.parts ?? []).some((each) => each.mounted !== undefined)
const isBlank = (one: DiskFact): boolean => (one.on ?? []).length === 0 && (one.parts ?? []).length === 0

function check(change: Change, facts: Facts, declared: readonly string[]): void {
  const destroys = change.steps.flatMap((step) => destroying(step) ?? [])
  if (change.risk !== 'destructive') assert.equal(destroys, [], change.summary)
  else assert.ok((change.loss?.victims.length ?? 0) > 0 && (change.loss?.typed.length ?? 0) > 0)
  const argvs = change.steps.flatMap((step) => (step.kind === 'command' ? [step.argv] : []))
  for (const argv of argvs) assert.not.ok(argv.includes('-f'), argv.join(' '))
  for (const argv of argvs.filter(([tool]) => tool === 'wipefs')) {
    const path = (argv.at(-1) ?? '').replace(/-part\d+$/, '')
    assert.ok(declared.includes(path), `${path} is not declared`)
    const wiped = facts.disks?.find((one) => one.id === path)
    assert.ok(wiped && !isBusy(wiped) && !isBlank(wiped), `${path} is in use or blank`)
  }
  for (const argv of argvs.filter(([tool, verb]) => tool === 'zpool' && verb === 'create')) {
    for (const path of argv.filter((word) => word.startsWith('/dev/'))) {
      const used = facts.disks?.find((one) => one.id === path)
      assert.ok(used && !isBusy(used), `${path} is in use or not there`)
      const wiped = change.steps.some((step) => step.kind === 'command' && step.argv.join(' ') === `wipefs -a ${path}`)
      assert.ok(isBlank(used) || wiped, `${path} would not be empty`)
    }
  }
}

test('what destroys says so, and touches declared disks that nobody uses', async () => {
  const property = fc.asyncProperty(anyHost, anyConfig, async (facts, config) => {
    const declared = config.zfs?.pools?.flatMap((pool) => pool.disks ?? []) ?? []
    for (const task of await planOn(config, facts)) {
      if (task.unreadable !== null || task.refusals.length > 0) {
        assert.equal(
          task.changes.filter((change) => change.resource.startsWith('zpool:')),
          [],
        )
      }
      for (const change of task.changes) check(change, facts, declared)
    }
  })
  await fc.assert(property, { numRuns: 400 })
})

test('a suspended pool is never touched', async () => {
  const suspended = anyHost.filter((facts) => facts.pools?.tank?.state === 'SUSPENDED')
  const property = fc.asyncProperty(suspended, anyConfig, async (facts, config) => {
    const planned = await planOn(config, facts)
    assert.equal(
      planned.flatMap((task) => task.changes),
      [],
    )
    assert.ok(planned.some((task) => task.unreadable?.includes('SUSPENDED')))
  })
  await fc.assert(property, { numRuns: 50 })
})

test.run()
