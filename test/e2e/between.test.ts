/**
 * Someone else changes the host between the plan and its application: while phx waits for an answer. Consent is for
 * what was looked at; whatever is there now instead is not lost.
 */
import { rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { type Ended, ended, Program } from './program.ts'
import { assertNoStack, contentOf, diskA, diskB, diskC, diskD, Scene, tank, withZfs } from './scene.ts'

const program = await Program.open()

/** Runs interactively, lets `meanwhile` happen while the question is open, then agrees. */
async function agreeAfter(scene: Scene, meanwhile: () => Promise<void>, answers = 'tank\n'): Promise<Ended> {
  const run = scene.start(['run', '--interactive'], { stdin: null })
  const end = ended(run)
  let asked = ''
  run.stderr?.on('data', (text: string) => (asked += text))
  try {
    const deadline = Date.now() + 20_000
    while (!asked.includes('To agree, type')) {
      if (Date.now() > deadline || run.exitCode !== null) throw new Error(`no question: ${asked}`)
      await setTimeout(20)
    }
    await meanwhile()
  } catch (error) {
    run.kill('SIGKILL')
    throw error
  }
  run.stdin?.end(answers)
  const given = await end
  assertNoStack(given, given.out + given.err)
  return given
}

async function withExt4(config?: PhxConfig): Promise<Scene> {
  const scene = new Scene(program, config)
  await scene.ext4(diskA)
  return scene
}

/** Whatever it is called, the run did not succeed and lost nothing that came meanwhile. */
function assertStopped({ code, out, err }: Ended, why: string | RegExp): void {
  assert.ok(code === 1 || code === 3, `exit code ${code}: ${out}${err}`)
  assert.match(out + err, why)
}

const pools = (scene: Scene): readonly string[] => scene.state.pools.map((pool) => pool.name)

test('the disk holds something else than what was agreed to', async () => {
  const scene = await withExt4()
  const given = await agreeAfter(scene, async () => {
    await scene.sim(`mkfs.ext4 -F -L newer ${diskA}`)
  })
  assertStopped(given, /something else|was not part of it/)
  assert.is(contentOf(scene.state, diskA)?.signatures[0]?.label, 'newer')
  assert.equal(pools(scene), [])
})

test('the other disk, which was blank, holds something by now', async () => {
  const scene = await withExt4()
  assertStopped(await agreeAfter(scene, () => scene.ext4(diskB)), /something else|was not part of it/)
  assert.equal(contentOf(scene.state, diskA)?.files, { photos: 'the only copy' })
  assert.equal(contentOf(scene.state, diskB)?.files, { photos: 'the only copy' })
})

test('a disk was mounted, or taken into another pool', async () => {
  const mounted = await withExt4()
  const first = await agreeAfter(mounted, async () => {
    await mounted.sim(`mount ${diskA} /mnt/backup`)
  })
  assertStopped(first, 'is mounted on /mnt/backup')
  assert.is(await mounted.sim('cat /mnt/backup/photos'), 'the only copy')
  const taken = await withExt4()
  const second = await agreeAfter(taken, async () => {
    await taken.sim(`zpool create someone ${diskB}`)
  })
  assertStopped(second, 'someone')
  assert.equal(pools(taken), ['someone'])
  assert.equal(contentOf(taken.state, diskA)?.files, { photos: 'the only copy' })
})

test('a disk was pulled out', async () => {
  const scene = await withExt4()
  const given = await agreeAfter(scene, async () => {
    await scene.sim(`sim unplug ${diskB}`)
  })
  assertStopped(given, 'SERIAL-B')
  assert.equal(contentOf(scene.state, diskA)?.files, { photos: 'the only copy' })
})

test('the pool that was to be replaced is another one of that name by now', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  const given = await agreeAfter(scene, async () => {
    await scene.sim('zpool export tank')
    await scene.sim(`zpool create tank ${diskC}`)
    await scene.sim('sim write /tank/newer', 'the only copy')
  })
  assertStopped(given, /changed after the plan|another/)
  assert.is(await scene.sim('cat /tank/newer'), 'the only copy')
  assert.is(scene.state.pools.filter((pool) => pool.presence === 'destroyed').length, 0)
})

test('the pool that was to be replaced was exported by someone else', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  const given = await agreeAfter(scene, async () => {
    await scene.sim('zpool export tank')
  })
  assertStopped(given, 'tank')
  await scene.sim('zpool import tank')
  assert.is(await scene.sim('cat /tank/old/letters'), 'the only copy')
})

test('a dataset came to the pool that was to be replaced, and nobody was shown it', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  const given = await agreeAfter(scene, async () => {
    await scene.sim('zfs create tank/newer')
    await scene.sim('sim write /tank/newer/book', 'the only copy')
  })
  assertStopped(given, /was not part of it|changed/)
  assert.is(await scene.sim('cat /tank/newer/book'), 'the only copy')
})

test('an administrator edits storage.cfg: the entry of that name is not overwritten, others stay', async () => {
  const scene = await withExt4()
  const given = await agreeAfter(scene, async () => {
    await scene.sim('mkdir -p /srv/iso')
    await scene.sim('pvesm add dir tank-files --path /srv/iso --content iso')
    await scene.sim('pvesm add dir mine --path /srv/mine --content backup')
  })
  assertStopped(given, 'tank-files')
  const text = scene.state.files['/etc/pve/storage.cfg']?.content ?? ''
  assert.match(text, 'dir: tank-files\n\tpath /srv/iso\n')
  assert.match(text, 'dir: mine\n\tpath /srv/mine\n')
})

test('the config changes, or goes, while the question is open: the run is of the config that was planned', async () => {
  const changed = await withExt4()
  const first = await agreeAfter(changed, async () => {
    changed.configure(withZfs(tank, { pools: [{ name: 'tank', raid_level: 'mirror', disks: [diskC, diskD] }] }))
  })
  assert.is(first.code, 0, first.out)
  assert.is(contentOf(changed.state, diskC)?.label, null)
  const gone = await withExt4()
  const second = await agreeAfter(gone, async () => rmSync(gone.config))
  assert.is(second.code, 0, second.out)
})

test.after(() => program.clean())
test.run()
