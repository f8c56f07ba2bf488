/** Consent, as a person gives it: what is typed, flagged or configured, and for what exactly it holds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { Program } from './program.ts'
import {
  armed,
  assertNoStack,
  contentOf,
  diskA,
  diskB,
  diskC,
  diskD,
  Scene,
  summaryOf,
  tank,
  withZfs,
} from './scene.ts'

const program = await Program.open()

const pools = (scene: Scene): readonly string[] =>
  scene.state.pools.filter((pool) => pool.presence === 'imported').map((pool) => pool.name)
const photos = (scene: Scene): unknown => contentOf(scene.state, diskA)?.files

async function withExt4(config: PhxConfig = tank): Promise<Scene> {
  const scene = new Scene(program, config)
  await scene.ext4(diskA)
  assert.equal(photos(scene), { photos: 'the only copy' })
  return scene
}

/** Runs and shows that nothing at all was changed. */
async function assertRefused(scene: Scene, args: readonly string[], stdin: string): Promise<string> {
  const before = scene.state
  const ended = await scene.phx(['run', ...args], { stdin })
  assert.is(ended.code, 3, `${args.join(' ')} with ${JSON.stringify(stdin)}: ${ended.out}${ended.err}`)
  assert.equal(scene.state, before)
  assertNoStack(ended, args.join(' '))
  return ended.out + ended.err
}

for (const answer of ['SERIAL-A', 'tank', '  tank  ', 'tank\r']) {
  test(`interactive: ${JSON.stringify(answer)} is consent`, async () => {
    const scene = await withExt4()
    const ended = await scene.phx(['run', '--interactive'], { stdin: `${answer}\n` })
    assert.is(ended.code, 0, ended.out + ended.err)
    assert.equal(pools(scene), ['tank'])
    assert.match(ended.err, 'ext4 "backup"')
    assert.match(ended.err, 'SERIAL-A')
    assert.equal(photos(scene), {})
  })
}

const noes = [
  'y',
  'Y',
  'yes',
  '',
  'TANK',
  'tan',
  'tank2',
  'SERIAL-B',
  'zpool:tank',
  'yes\ntank',
  '\u0000tank',
  'y'.repeat(1e5),
]
test('interactive: y, yes, an empty line and every wrong word are a no', async () => {
  const scene = await withExt4()
  for (const answer of noes) await assertRefused(scene, ['--interactive'], `${answer}\n`)
})

test('interactive: an input that ended, with or without half a word, is a no', async () => {
  const scene = await withExt4()
  for (const answer of ['', 'ta', 'y']) await assertRefused(scene, ['--mode', 'interactive'], answer)
})

const twoPools: PhxConfig = {
  zfs: {
    pools: [
      { name: 'tank', raid_level: 'single', disks: [diskA] },
      { name: 'data', raid_level: 'single', disks: [diskB] },
    ],
  },
}

test('interactive: agreeing to one of two is agreeing to none', async () => {
  const scene = await withExt4(twoPools)
  await scene.sim(`mkfs.ext4 ${diskB}`)
  await assertRefused(scene, ['--interactive'], 'tank\nno\n')
  await assertRefused(scene, ['--interactive'], 'no\ndata\n')
  await assertRefused(scene, ['--interactive'], 'data\ntank\n')
  assert.is((await scene.phx(['run', '--interactive'], { stdin: 'tank\ndata\n' })).code, 0)
  assert.equal([...pools(scene)].sort(), ['data', 'tank'])
})

test('--allow-destroy holds for the id that it names and for no other', async () => {
  const scene = await withExt4(twoPools)
  await scene.sim(`mkfs.ext4 ${diskB}`)
  for (const id of ['zpool:data', 'zpool:tan', 'zpool:tank2', 'zfs:tank', 'dataset:tank', 'zpool:TANK'])
    await assertRefused(scene, ['zfs:tank', '--allow-destroy', id], '')
  const told = await assertRefused(scene, ['--allow-destroy', 'zpool:tank'], '')
  assert.match(told, 'refused zfs:data')
  assert.is((await scene.phx(['run', 'zfs:tank', '--allow-destroy', 'zpool:tank'])).code, 0)
  assert.equal(pools(scene), ['tank'])
  assert.is(contentOf(scene.state, diskB)?.signatures[0]?.type, 'ext4')
})

test('false in the config is a veto that no flag, answer or list overrides', async () => {
  const scene = await withExt4(armed(false))
  const ways = [
    [],
    ['--force-destructive'],
    ['--mode=force-destructive'],
    ['--allow-destroy', 'zpool:tank'],
    ['--interactive'],
  ]
  for (const way of ways) assert.match(await assertRefused(scene, way, 'tank\n'), 'a veto that no flag overrides')
})

test('true in the config consents, and every plan and run says that it stands armed', async () => {
  const scene = await withExt4(armed(true))
  const said = 'the config stands armed: zfs.settings.allow_destructive_operations is true'
  const plan = await scene.phx(['plan'])
  assert.match(plan.out + plan.err, said)
  assert.match((await scene.plan()).warnings.join(), said)
  const dry = await scene.phx(['run', '--dry-run'])
  assert.match(dry.out + dry.err, said)
  const run = await scene.phx(['run'])
  assert.is(run.code, 0, run.out)
  assert.match(run.out + run.err, said)
  const again = await scene.phx(['run', '--json'])
  assert.match(again.out, said)
  assert.is(summaryOf(again.out).mutations, 0)
})

test('a list in the config consents to just those', async () => {
  const scene = await withExt4(withZfs(twoPools, { settings: { allow_destructive_operations: ['zpool:data'] } }))
  await scene.sim(`mkfs.ext4 ${diskB}`)
  await assertRefused(scene, [], '')
  const run = await scene.phx(['run', 'zfs:data'])
  assert.is(run.code, 0, run.out)
  assert.match(run.out + run.err, 'agrees to destructive changes of zpool:data')
  assert.equal(pools(scene), ['data'])
  assert.equal(photos(scene), { photos: 'the only copy' })
})

test('replacing a pool takes its name; the serial of one of its disks is not enough', async () => {
  const scene = new Scene(program)
  await scene.otherTank()
  for (const answer of ['y', 'SERIAL-A', 'SERIAL-B', 'old'])
    await assertRefused(scene, ['--interactive'], `${answer}\n`)
  const ended = await scene.phx(['run', '--interactive'], { stdin: 'tank\n' })
  assert.is(ended.code, 0, ended.out + ended.err)
  assert.match(ended.err, 'dataset tank/old')
})

test('the most thorough consent takes no disk that is used by someone else', async () => {
  const scene = new Scene(
    program,
    withZfs(tank, { pools: [{ name: 'tank', raid_level: 'mirror', disks: [diskC, diskD] }] }),
  )
  await scene.sim(`zpool create other ${diskC}`)
  await assertRefused(scene, ['--force-destructive', '--allow-destroy', 'zpool:tank'], 'tank\n')
  await scene.sim('zpool destroy other')
  await scene.sim(`zpool labelclear -f ${diskC}-part1`)
  await scene.sim(`wipefs -a ${diskC}`)
  await scene.ext4(diskC)
  await scene.sim(`mount ${diskC} /mnt/backup`)
  await assertRefused(scene, ['--force-destructive'], '')
})

test('two modes at once, or -y, are mistakes and not consent', async () => {
  const scene = await withExt4()
  const before = scene.state
  for (const args of [
    ['-y'],
    ['--yes'],
    ['--force'],
    ['--interactive', '--force-destructive'],
    ['--allow-destroy', 'tank'],
  ]) {
    const ended = await scene.phx(['run', ...args], { stdin: 'tank\n' })
    assert.is(ended.code, 4, args.join(' '))
  }
  assert.equal(scene.state, before)
})

test.after(() => program.clean())
test.run()
