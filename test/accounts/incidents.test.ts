/** What went wrong with users in the shell scripts that phx replaces, one test an incident, each bearing its name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ada, hash, hashFile, key, otherHash, scene } from './scene.ts'

test('two writers of /etc/sudoers: a duplicate line beside Debian’s tab form, never checked', async () => {
  const one = scene()
  await one.sim('apt-get -y install sudo')
  const before = one.text('/etc/sudoers')
  assert.match(before ?? '', '%sudo\tALL=(ALL:ALL) ALL')
  const { events } = await one.converge()
  assert.is(one.text('/etc/sudoers'), before)
  const written = events.flatMap((event) => (event.type === 'plan' ? event.plan.changes : []))
  const paths = written.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'write' ? [step.path] : [])))
  assert.equal(
    paths.filter((path) => path.startsWith('/etc/sudoers')),
    ['/etc/sudoers.d/phx-ada'],
  )
  assert.is(await one.sim('visudo -c').then((said) => said.split('\n').length), 4)
})

test('a drop-in of an admin’s own with the same user stays byte for byte', async () => {
  const one = scene()
  await one.sim('apt-get -y install sudo')
  const theirs = 'ada ALL=(root) NOPASSWD: /usr/bin/apt\n# mine\t\n'
  await one.write('/etc/sudoers.d/ada', theirs, 0o440)
  await one.converge()
  one.users = []
  await one.converge()
  assert.is(one.text('/etc/sudoers.d/ada'), theirs)
})

test('the admin’s hash was set once, and a changed one never applied', async () => {
  const one = scene()
  await one.converge()
  await one.write(hashFile, `${otherHash}\n`)
  const { tasks } = await one.plan()
  assert.equal(
    tasks.flatMap(({ changes }) => changes.map(({ summary }) => summary)),
    ['set the password of ada'],
  )
  assert.equal((await one.converge()).commands, ['chpasswd --encrypted'])
  assert.match(await one.sim('getent shadow ada'), `ada:${otherHash}:`)
})

test('a removed SSH key stayed', async () => {
  const one = scene([{ ...ada, ssh_public_keys: [key('B')] }])
  await one.converge()
  assert.match(one.text('/home/ada/.ssh/authorized_keys') ?? '', key('B'))
  one.users = [ada]
  await one.converge()
  assert.not.match(one.text('/home/ada/.ssh/authorized_keys') ?? '', key('B'))
})

test('the ACL was modified on every run, since the test read a shape that pveum does not print', async () => {
  const one = scene()
  await one.converge()
  const before = one.text('/etc/pve/user.cfg')
  assert.equal((await one.run()).commands, [])
  assert.is(one.text('/etc/pve/user.cfg'), before)
})

test('a prompt for a password in the middle of an unattended run', async () => {
  const one = scene()
  await one.sim(`rm ${hashFile}`)
  assert.match(await one.refused(), "can't be read: there is no file")
})

test('a password in argv, in a state file of mode 0644, in a log', async () => {
  const one = scene()
  const ran = await one.converge()
  await one.write(hashFile, `${otherHash}\n`)
  const again = await one.converge()
  await one.write(hashFile, 'marker-in-clear\n')
  const refused = await one.refused()
  const shown = [ran.commands, ran.events, again.commands, again.events, (await one.plan()).tasks, refused]
  const everything = `${JSON.stringify(shown)}${one.stateTexts()}`
  for (const secret of [hash, otherHash, 'marker']) assert.not.match(everything, secret)
})

test('a failing chpasswd says why without the hash', async () => {
  const one = scene()
  one.host.orders.add(['chpasswd'], { kind: 'fail', answer: { exitCode: 1, stdout: '', stderr: `bad: ${hash}\n` } })
  const { summary } = await one.run(1)
  assert.match(JSON.stringify(summary), 'bad: [secret]')
  assert.not.match(`${JSON.stringify(summary)}${one.stateTexts()}`, hash)
  await one.converge()
})

test('root@pam could be deleted by a typo: phx names neither root nor its permissions', async () => {
  const one = scene()
  await one.sim('pveum acl modify / --users root@pam --roles PVEAuditor')
  const root = (text = ''): string[] => text.split('\n').filter((line) => line.includes('root@pam'))
  const before = root(one.text('/etc/pve/user.cfg'))
  await one.converge()
  one.users = []
  const { commands } = await one.converge()
  assert.equal(root(one.text('/etc/pve/user.cfg')), before)
  assert.not.match(commands.join('\n'), 'root')
})

test.run()
