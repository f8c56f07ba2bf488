/**
 * Random configs on random hosts with random faults. What has to hold, whatever they are:
 * without consent nothing that was there is lost; a refusal touched nothing; what the config doesn't name is never
 * touched, whoever agreed; reading changes nothing; the plan is what the run does; the second run is empty.
 *
 * PHX_PROPERTY_RUNS sets how many worlds are tried, PHX_PROPERTY_SEED repeats a series.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answer } from '../../lib/host/simulated/tool.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { config, type Fault, fault, hostAfter, policy, poolsOf, precious, scene, World } from './world.ts'

const numRuns = Number(process.env.PHX_PROPERTY_RUNS ?? 150)
const seed = process.env.PHX_PROPERTY_SEED
const parameters = { numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) }

type Document = {
  zfs: { settings?: { allow_destructive_operations: unknown }; pools: { name: string; disks: string[] }[] }
}

const order = (world: World, fault: Fault): void => {
  if (fault === null) return
  const broken = answer(1, '', 'ordered to fail\n')
  // Every tool that phx changes the host with; the n-th call of each goes wrong.
  for (const tool of ['zpool', 'zfs', 'wipefs', 'pvesm']) {
    for (const verb of tool === 'wipefs'
      ? [['-a']]
      : [['create'], ['destroy'], ['set'], ['import', '-d'], ['mount'], ['add'], ['remove']]) {
      const one = fault.kind === 'hang' ? { kind: 'hang' as const } : { kind: fault.kind, answer: broken }
      world.host.orders.add([tool, ...verb], one, fault.nth)
    }
  }
}

function inTemp<T>(body: (state: StateFolder) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'phx-property-'))
  return body(new StateFolder(join(folder, 'state'))).finally(() => rmSync(folder, { recursive: true, force: true }))
}

test('safety, on random worlds', async () => {
  const seen = { valid: 0, refused: 0, changed: 0, destroyed: 0, failed: 0 }
  await fc.assert(
    fc.asyncProperty(scene, config, policy, fault, (calls, document, consents, wrong) =>
      inTemp(async (state) => {
        const world = new World(hostAfter(calls), document, state)
        if (!world.isValid) return
        seen.valid += 1
        const { zfs } = document as Document
        const setting = zfs.settings?.allow_destructive_operations
        const agreedTo = (pool: string): boolean => {
          if (setting === false) return false
          if (consents.mode === 'force-destructive' || setting === true) return true
          return (
            consents.allow.includes(`zpool:${pool}`) || (Array.isArray(setting) && setting.includes(`zpool:${pool}`))
          )
        }
        const before = structuredClone(world.host.state)
        const text = JSON.stringify(before)

        const planned = await world.plan(consents)
        await world.status(consents)
        assert.is(JSON.stringify(world.host.state), text, 'plan and status changed the host')
        assert.throws(() => readdirSync(state.path), /ENOENT/, 'plan and status changed the state folder')

        order(world, wrong)
        const first = await world.run(consents)
        const after = world.host.state
        if (first.summary.exitCode === 3) {
          seen.refused += 1
          assert.is(JSON.stringify(after), text, 'a refused run changed the host')
        }
        if (first.summary.exitCode === 1) seen.failed += 1
        if (first.summary.mutations > 0) seen.changed += 1
        if (first.commands.some((line) => /^(wipefs|zpool destroy)/.test(line))) seen.destroyed += 1
        assert.is(first.summary.mutations, first.commands.length)

        checkNothingLost(before, after, zfs.pools, agreedTo)
        for (const line of first.commands) {
          assert.not(/^zpool (create|add|export|import) .*-f\b/.test(line), `forced: ${line}`)
          if (/^(wipefs|zpool destroy|zpool labelclear)/.test(line)) {
            assert.ok(
              zfs.pools.some(({ name }) => agreedTo(name)),
              `destroys without consent: ${line}`,
            )
          }
          assert.not(/^(zfs destroy|sgdisk|mkfs|dd|blkdiscard)/.test(line), `phx has no business with: ${line}`)
        }

        if (wrong === null && first.summary.exitCode === 0) {
          const reveals = planned.tasks.some((task) => task.changes.some(({ reveals }) => reveals))
          const intended = planned.tasks.flatMap((task) =>
            task.changes.flatMap(({ steps }) =>
              steps.flatMap((step) => (step.kind === 'command' ? [step.argv.join(' ')] : [])),
            ),
          )
          if (!reveals) assert.equal([...first.commands].sort(), intended.sort(), 'the plan is not what the run did')
        }
        // Orders that were not used up would hit the next run: it gets a host of its own.
        const calm = new World(
          new (world.host.constructor as typeof import('../../lib/host/simulated/host.ts').SimulatedHost)(
            structuredClone(after),
            null,
          ),
          document,
          state,
        )
        const second = await calm.run(consents)
        checkNothingLost(after, calm.host.state, zfs.pools, agreedTo)
        if (wrong === null && first.summary.exitCode === 0)
          assert.equal(second.commands, [], 'the second run did something')
        if (second.summary.exitCode === 0) {
          const settled = JSON.stringify(calm.host.state)
          const third = await calm.run(consents)
          assert.is(third.summary.exitCode, 0)
          assert.equal(third.commands, [])
          assert.is(JSON.stringify(calm.host.state), settled)
          for (const { reason } of await calm.status(consents)) assert.is(reason.standing, 'up to date')
        }
      }),
    ),
    parameters,
  )
  // A search that never meets the interesting cases proves nothing.
  if (numRuns >= 100) {
    for (const [what, count] of Object.entries(seen))
      assert.ok(count >= numRuns / 60, `${what}: only ${count} of ${numRuns} worlds`)
  }
  console.log(`worlds: ${JSON.stringify(seen)}`)
})

type State = World['host']['state']

function checkNothingLost(
  before: State,
  after: State,
  declared: readonly { name: string; disks: readonly string[] }[],
  agreedTo: (pool: string) => boolean,
): void {
  const nowOn = precious(after)
  const ownerOf = (ids: readonly string[]): string | undefined =>
    declared.find((pool) => pool.disks.some((path) => ids.includes(path.slice('/dev/disk/by-id/'.length))))?.name
  const members = memberSerials(before)
  const busy = busySerials(before)
  for (const { serial, ids } of before.disks) {
    const owner = ownerOf(ids)
    const inPool = members.get(serial)
    // A disk may lose what is on it only for a pool that was agreed to: by being declared for it, or a member of it.
    const mayLose =
      owner !== undefined && agreedTo(owner) && !busy.has(serial) && (inPool === undefined || inPool === owner)
    const mayGoWithPool = inPool !== undefined && declared.some(({ name }) => name === inPool) && agreedTo(inPool)
    if (mayLose || mayGoWithPool) continue
    for (const line of precious(before).get(serial) ?? []) {
      assert.ok(nowOn.get(serial)?.includes(line), `${serial} lost: ${line}`)
    }
  }
  const pools = poolsOf(after)
  for (const [guid, { name, content }] of poolsOf(before)) {
    const now = pools.get(guid)
    const overwritten = before.disks.some(({ serial, ids }) => {
      const owner = ownerOf(ids)
      return (
        owner !== undefined &&
        agreedTo(owner) &&
        labelsOf(before, serial).includes(guid) &&
        members.get(serial) === undefined
      )
    })
    const replaced = declared.some((pool) => pool.name === name) && agreedTo(name)
    if (replaced || overwritten) continue
    assert.ok(now, `pool ${name} (${guid}) is gone`)
    for (const line of content) assert.ok(now.content.includes(line), `pool ${name} lost: ${line}`)
  }
}

/** Serial of each disk that is a member of an imported pool, with the pool's name. */
function memberSerials(state: State): Map<string, string> {
  const imported = new Map(
    state.pools.filter(({ presence }) => presence === 'imported').map(({ guid, name }) => [guid, name]),
  )
  return new Map(
    state.disks.flatMap(({ serial }): [string, string][] => {
      const pool = labelsOf(state, serial)
        .map((guid) => imported.get(guid))
        .find((name) => name !== undefined)
      return pool === undefined ? [] : [[serial, pool]]
    }),
  )
}

function labelsOf(state: State, serial: string): string[] {
  const disk = state.disks.find((one) => one.serial === serial)
  const contents = disk ? [disk.content, ...(disk.table?.partitions ?? []).map(({ content }) => content)] : []
  return contents.flatMap(({ label }) => label?.poolGuid ?? [])
}

/** Disks that are mounted, swap, or not there. */
function busySerials(state: State): Set<string> {
  const nodes = [...state.mounts.map(({ source }) => source), ...state.swaps]
  const isBusy = ({ kname, present }: State['disks'][number]): boolean =>
    !present ||
    nodes.some(
      (node) =>
        node === `/dev/${kname}` ||
        (node.startsWith(`/dev/${kname}`) && /^p?\d+$/.test(node.slice(`/dev/${kname}`.length))),
    )
  return new Set(state.disks.filter(isBusy).map(({ serial }) => serial))
}

test.run()
