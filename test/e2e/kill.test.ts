/**
 * kill -9 of phx itself at every single moment at which it writes state or changes the host. After each: nothing
 * half done is called done, safe mode loses nothing more, the same consent converges, and then there is nothing to do.
 */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { main } from '../../lib/cli/main.ts'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Standing } from '../../lib/engine/events.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { modules } from '../../tasks/index.ts'
import { stampsIn } from '../stamps.ts'
import { Captured } from './captured.ts'
import { killPreload } from './kill-preload.ts'
import { Program, twoAtATime } from './program.ts'
import { contentOf, diskA, diskB, diskC, diskD, Scene, summaryOf, tank } from './scene.ts'

/** Besides tank, whose disk A holds ext4: pool data, which exists with another layout and a file in it. */
const config: PhxConfig = {
  zfs: {
    pools: [...(tank.zfs?.pools ?? []), { name: 'data', raid_level: 'mirror', disks: [diskC, diskD] }],
    datasets: tank.zfs?.datasets ?? [],
  },
}
const consent = '--force-destructive'

/** Whether a task's part of the host is as declared, by the host's own state and not by phx's word. */
function isDone(state: SimState, task: string): boolean {
  const [step, name = ''] = task.split(':')
  const pool = state.pools.find((one) => one.name === name && one.presence === 'imported')
  if (step === 'storage') {
    const text = state.files['/etc/pve/storage.cfg']?.content ?? ''
    return name === 'data' || ['dir: tank-files\n', 'zfspool: tank-guests\n'].every((line) => text.includes(line))
  }
  const disks = name === 'tank' ? [diskA, diskB] : [diskC, diskD]
  const [vdev, ...more] = pool?.data ?? []
  const members = vdev?.children.map((leaf) => leaf.path?.replace(/-part1$/, '')).sort()
  if (more.length > 0 || vdev?.type !== 'mirror' || members?.join() !== disks.join()) return false
  const property = (dataset: string, key: string) => pool?.datasets.find((one) => one.name === dataset)?.properties[key]
  if (name === 'data') return true
  return (
    property('tank/guests', 'compression') === 'lz4' &&
    property('tank/guests', 'quota') === String(100 * 2 ** 30) &&
    property('tank/files', 'recordsize') === '1048576'
  )
}

/** What there was to lose, and is still there. */
function kept(state: SimState): { readonly photos: boolean; readonly letters: boolean } {
  const old = state.pools.find((pool) => pool.name === 'data' && pool.data[0]?.type === 'disk')
  return {
    photos: contentOf(state, diskA)?.signatures.some((signature) => signature.type === 'ext4') === true,
    letters: old?.presence === 'imported' && old.datasets.some((dataset) => dataset.name === 'data/old'),
  }
}

/** phx in this process: the same code, without the start of another one for each look. */
async function phx(host: string, file: string, args: readonly string[]) {
  const [stdout, stderr] = [new Captured(), new Captured()]
  const [verb = '', ...rest] = args
  const line = [verb, ...(verb === 'runs' ? [] : ['-c', file]), '--host', `simulated:${host}`, ...rest]
  const stdin = process.stdin
  const code = await main(line, { stdin, stdout, stderr, variables: {}, modules: async () => modules })
  return { code, out: stdout.text, err: stderr.text }
}

const hostAt = (folder: string): SimState => JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8')) as SimState

async function checkAndConverge(host: string, file: string, at: string): Promise<void> {
  const state = hostAt(host)
  for (const [task, stamp] of stampsIn(new StateFolder(join(host, 'state')))) {
    if (stamp.state === 'converged') assert.ok(isDone(state, task), `${at}: ${task} is stamped as converged and is not`)
  }
  const status = JSON.parse((await phx(host, file, ['status', '--json'])).out) as {
    tasks: { task: string; reason: { standing: Standing } }[]
  }
  assert.is(status.tasks.length, 4, at)
  for (const { task, reason } of status.tasks) {
    if (reason.standing === 'up to date') assert.ok(isDone(state, task), `${at}: ${task} is called up to date`)
  }
  const runs = await phx(host, file, ['runs', '--json'])
  assert.is(runs.code, 0, `${at}: the journal can be read: ${runs.err}`)

  await safeModeLosesNothing(host, file, state, at)

  const second = await phx(host, file, ['run', consent, '--json'])
  assert.is(second.code, 0, `${at}: ${second.out}${second.err}`)
  for (const { task } of status.tasks) assert.ok(isDone(hostAt(host), task), `${at}: ${task} after the second run`)
  const third = await phx(host, file, ['run', '--json'])
  assert.is(third.code, 0, `${at}: ${third.out}${third.err}`)
  assert.is(summaryOf(third.out).mutations, 0, `${at}: ${third.out}`)
  const stamps = stampsIn(new StateFolder(join(host, 'state')))
  for (const { task } of status.tasks) assert.is(stamps.get(task)?.state, 'converged', `${at}: ${task}`)
  const made = [...stamps.values()].flatMap((stamp) => stamp.created).sort()
  const all = ['dataset:tank/files', 'dataset:tank/guests', 'storage:tank-files', 'storage:tank-guests']
  assert.equal(made, [...all, 'zpool:data', 'zpool:tank'], `${at}: what phx made is still known as its own`)
}

async function safeModeLosesNothing(host: string, file: string, before: SimState, at: string): Promise<void> {
  const copy = `${host}-safe`
  cpSync(host, copy, { recursive: true })
  const { code, out } = await phx(copy, file, ['run', '--json'])
  const after = hostAt(copy)
  assert.equal(kept(after), kept(before), `${at}: safe mode lost something: ${out}`)
  const { photos, letters } = kept(before)
  if (photos || letters) assert.is(code, 3, `${at}: safe mode goes on although data stands in its way: ${out}`)
  if (code === 3)
    assert.equal({ ...after, now: 0 }, { ...before, now: 0 }, `${at}: refused, and yet it changed the host`)
}

const program = await Program.open()
const preload = await killPreload(program)
const start = new Scene(program, config)
await start.ext4(diskA)
await start.sim(`zpool create data ${diskC}`)
await start.sim('zfs create data/old')
await start.sim('sim write /data/old/letters', 'the only copy')

for (const jobs of ['1', '4']) {
  for (const [mode, atLeast] of [
    [consent, 100],
    ['--mode=safe', 3],
  ] as const) {
    test(`kill -9 at every write and change, jobs ${jobs}, ${mode}`, async () => {
      let survived = false
      let points = 0
      function* untilSurvived(): Generator<number> {
        while (!survived) yield ++points
      }
      await twoAtATime(untilSurvived(), async (point) => {
        const at = `jobs ${jobs} ${mode} point ${point}`
        const host = join(program.folder(), 'host')
        cpSync(start.host, host, { recursive: true })
        const ended = await program.call(['run', '-c', start.config, '--host', `simulated:${host}`, '-j', jobs, mode], {
          cwd: start.work,
          node: ['--import', preload],
          variables: { KILL_IN: host, KILL_AT: String(point) },
        })
        assert.ok(
          ended.signal === 'SIGKILL' || ended.code === (mode === consent ? 0 : 3),
          `${at}: ${ended.out}${ended.err}`,
        )
        if (ended.signal === null) survived = true
        if (mode !== consent) assert.equal(kept(hostAt(host)), { photos: true, letters: true }, at)
        await checkAndConverge(host, start.config, at)
      })
      assert.ok(points > atLeast, `only ${points} points: the run got shorter than it can be`)
    })
  }
}

test.after(() => program.clean())
test.run()
