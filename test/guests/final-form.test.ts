/** The final form: of what was proved, anew whenever something had changed, and never without one to go back to. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dyingAt } from '../engine-scene.ts'
import { Scene, scene } from './scene.ts'

const snapshots = (one: Scene): string[] =>
  [...(one.text('/etc/pve/qemu-server/8101.conf') ?? '').matchAll(/^\[(\S+)\]$/gm)].map(([, name]) => name ?? '')

const spoil = (one: Scene): Promise<string> => one.inside('install -m 0640 /dev/null /etc/motd')

test('another content of a file beside the config is another declaration', async () => {
  const one = await scene()
  await one.converge()
  const before = (await one.plan()).tasks.find(({ task }) => task === 'vm:8101:final-form')
  assert.is(before?.reason.standing, 'up to date')
  writeFileSync(one.source, 'welcome again\n')
  const { tasks } = await one.plan()
  const standing = (task: string) => tasks.find((found) => found.task === `vm:8101:${task}`)?.reason.standing
  assert.is(standing('files'), 'inputs changed')
  assert.is(standing('final-form'), 'inputs changed')
})

test('as many as declared are kept, the oldest goes first, and only when a newer one is there', async () => {
  const one = await scene({ snapshots: { keep: 2 } })
  await one.converge()
  for (const expected of [
    ['final-form-1', 'final-form-2'],
    ['final-form-2', 'final-form-3'],
  ]) {
    await spoil(one)
    const { commands } = await one.converge()
    assert.equal(snapshots(one), expected)
    const [taken, removed] = ['qm snapshot', 'qm delsnapshot'].map((verb) =>
      commands.findIndex((line) => line.startsWith(verb)),
    )
    assert.ok((taken ?? -1) >= 0 && (removed === -1 || (removed ?? -1) > (taken ?? 0)))
  }
  one.declare({ snapshots: { keep: 1 } })
  const { commands } = await one.converge()
  assert.equal(commands, ['qm delsnapshot 8101 final-form-2'])
})

test('killed anywhere between a change and the removal of the old one: the new one is of the whole change, once', async () => {
  const made = await scene()
  await made.converge()
  await spoil(made)
  for (const after of [false, true]) {
    for (let nth = 1; ; nth += 1) {
      const one = new Scene({}, structuredClone(made.state))
      cpSync(join(made.folder, 'state'), join(one.folder, 'state'), { recursive: true })
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(1, host).catch(() => undefined)
      if (!hasDied()) break
      await one.converge()
      assert.equal(snapshots(one), ['final-form-2'], `killed at ${nth}, ${after ? 'after' : 'before'} it`)
    }
  }
})

test('one that was cut off is no way back: it goes, and its number is not used again', async () => {
  const one = await scene()
  await one.converge()
  const path = '/etc/pve/qemu-server/8101.conf'
  const conf = one.text(path) ?? ''
  const mark = /^#phx final form of .*$/m.exec(conf)?.[0]
  await one.write(path, `${conf}\n[final-form-2]\n${mark}\nsnapstate: prepare\nsnaptime: 1\n`)
  await one.converge()
  assert.equal(snapshots(one), ['final-form-1'])
  await one.sim('qm snapshot 8101 final-form-7')
  await spoil(one)
  await one.converge()
  assert.equal(snapshots(one).sort(), ['final-form-7', 'final-form-8'])
})

test('a start alone leads to no new one, what it brings to light does', async () => {
  const one = await scene()
  await one.converge()
  await one.sim('qm stop 8101')
  await one.converge()
  assert.equal(snapshots(one), ['final-form-1'])
  await spoil(one)
  await one.sim('qm stop 8101')
  await one.converge()
  assert.equal(snapshots(one), ['final-form-2'])
})

test.run()
