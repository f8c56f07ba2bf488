/** What a person is told of guests, by phx as it is called: names, help, completion, and what runs in them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { GuestShown } from '../../lib/view/guests.ts'
import { modules } from '../../tasks/index.ts'
import { callPhx } from '../cli/scene.ts'
import { assertValid } from '../view/schema.ts'
import { blank, type Kept } from './kept.ts'

async function guestsOf(one: Kept): Promise<readonly GuestShown[]> {
  const { out } = await one.phx('status', 'guests', '--json')
  const document = JSON.parse(out)
  assertValid('status', document)
  return document.guests
}

/** Made once, since each command is synced to the disk. */
const first = await blank()
const created = await first.phx('create', '8101')
const told = () => first.copy()

const completed = async (one: Kept, ...words: readonly string[]): Promise<string> => {
  const config = ['-c', one.file]
  const [verb = '', ...rest] = words
  return (await callPhx(['--get-yargs-completions', 'phx', verb, ...config, ...rest], { modules })).out
}

test('phx create makes a guest by its number, as phx run vm:8101 does, and the second time nothing', async () => {
  assert.is(created.code, 0, created.out)
  assert.match(created.out, '[vm:8101:create] changed')
  const one = told()
  assert.match((await one.phx('run', 'vm:8101')).out, 'Nothing to do')
  assert.match((await one.phx('create', 'vm:8101')).out, 'Nothing to do')
  assert.match((await one.phx('runs')).out, 'phx create 8101')
})

test('status tells what runs in a guest: its features, its shares, its final form', async () => {
  const before = await guestsOf(await blank())
  assert.equal(
    before.map(({ guest, state }) => `${guest} ${state}`),
    ['vm:9000 not there', 'vm:8101 not there'],
  )
  const one = told()
  const running = { guest: 'vm:8101', name: 'docker-host', state: 'running', finalForm: 'final-form-1' }
  const [template, guest] = await guestsOf(one)
  assert.is(template?.state, 'template')
  assert.equal(guest, { ...running, features: { tools: 'done' }, shares: { '/mnt/data': '10.0.0.13:/tank/data' } })
  await one.by('sim in vm:8101 -- umount /mnt/data')
  await one.by('sim in vm:8101 -- rm /var/lib/phx/features/tools.json')
  const drifted = { ...running, features: { tools: 'never run' }, shares: { '/mnt/data': null } }
  assert.equal((await guestsOf(one))[1], drifted)
  const { out } = await one.phx('status')
  assert.match(out, '2 guests, 1 running:')
  assert.match(out, /vm:9000 +debian-template +template/)
  const inside = 'features tools (never run); shares /mnt/data (not mounted); final-form-1'
  assert.match(out, `vm:8101  docker-host      running   ${inside}`)
  await one.by('qm shutdown 8101')
  assert.match(
    (await one.phx('status')).out,
    /vm:8101 +docker-host +stopped +features tools \(not looked at\); final-form-1/,
  )
})

test('a guest that is not declared is refused, with what to do', async () => {
  const one = told()
  const unknown = await one.phx('create', '8102')
  assert.is(unknown.code, 4)
  assert.match(unknown.err, 'the config declares no guest 8102')
  assert.match(unknown.err, 'declare it: a virtual machine in guests.vms, a container in guests.lxc_configs')
  assert.match(unknown.err, 'guests that can be named here: vm:8101, vm:9000, guests')
  assert.match((await one.phx('stop', 'vm:8111')).err, 'no guest vm:8111; did you mean vm:8101?')
  const task = await one.phx('create', 'storage')
  assert.is(task.code, 4)
  assert.match(task.err, 'phx create takes guests, and storage is none')
  assert.match((await one.phx('create')).err, 'phx create takes guests, by name')
})

test('a template is neither started nor stopped, and all guests at once are not destroyed', async () => {
  const one = told()
  for (const verb of ['start', 'stop', 'restart']) {
    const { code, err } = await one.phx(verb, '9000')
    assert.is(code, 4)
    assert.match(err, `vm:9000 is a template: phx ${verb} is for guests that run`)
  }
  const { code, err } = await one.phx('destroy', 'guests', '--force-destructive')
  assert.is(code, 4)
  assert.match(err, 'name them, one by one')
})

test('start, stop, restart and destroy take a number too, and templates stay as they are', async () => {
  const one = told()
  assert.match((await one.phx('stop', '8101')).out, 'shut VM 8101 (docker-host) down')
  assert.match((await one.phx('start', 'guests')).out, 'start VM 8101 (docker-host)')
  const restarted = await one.phx('restart', '8101')
  assert.match(restarted.out, 'restart VM 8101 (docker-host)')
  assert.is(restarted.code, 0, restarted.out)
  const refused = await one.phx('destroy', '8101')
  assert.is(refused.code, 3)
  assert.match(refused.out, '--allow-destroy vm:8101')
  assert.is((await one.phx('destroy', '8101', '--allow-destroy', 'vm:8101')).code, 0)
  assert.equal(
    (await guestsOf(one)).map(({ state }) => state),
    ['template', 'not there'],
  )
})

test('help and completion know guests', async () => {
  const one = told()
  for (const verb of ['create', 'destroy', 'start', 'stop', 'restart']) {
    const { out } = await callPhx([verb, '--help'])
    assert.match(out, `phx ${verb} [guest..]`)
    assert.match(out, 'Examples:')
    assert.match(await completed(one, verb, 'vm:8'), /^vm:8101\n/)
  }
  assert.match(await completed(one, 'create', ''), /^vm:8101\nvm:9000\nguests\n/)
  // A template is never started, and a task is no guest.
  assert.match(await completed(one, 'start', ''), /^vm:8101\nguests\n/)
  assert.not.match(await completed(one, 'start', 'zfs'), 'zfs')
  assert.match(await completed(one, 'run', 'vm:8101:c'), /^vm:8101:cloud-init\nvm:8101:config\nvm:8101:create\n/)
})

test.run()
