import assert from 'node:assert/strict'
import { configFile, nothingToDo, plan, run, type Scenario, says } from '../scenario.ts'
import type { Vm } from '../vm.ts'

/** crypt(5) hashes of Throwaway1 and Throwaway2. */
const hashes = [
  '$6$labsalt$zVwu90hGFd6l4cQe7oV1.j/TsmgU79TXi8W6ZHzd6nEdKRsaKq.aMS/vQXuU1DjIrm3o/7S8kOcBzy9fVBPWB.',
  '$6$labsalt$D.GWBRp4HnQ09KTAPU/eBjAopkBjtvjKLZFhzcfhVdzE1IcvVR0YHicG4sBnEy9N1gHRyhM2CnHM/h5oi4995/',
] as const
const key = (letter: string): string => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA${letter.repeat(42)} ${letter}@desk`
const hashFile = '/etc/phx/secrets/ada.hash'
const keysFile = '/home/ada/.ssh/authorized_keys'

const ada = {
  username: 'ada',
  sudo_access: true,
  groups: ['adm', 'video'],
  shell: '/bin/bash',
  password_hash: { file: hashFile },
  ssh_public_keys: [key('A'), key('B')],
  proxmox_role: 'Administrator',
}

const declareUsers = (vm: Vm, users: readonly object[]): Promise<void> =>
  vm.write(configFile, `${JSON.stringify({ users }, null, 2)}\n`)

/** Whether ada becomes root with this password, as PAM and sudo see it. */
async function becomesRoot(vm: Vm, password: string): Promise<boolean> {
  const asAda = 'setpriv --reuid ada --regid ada --init-groups sudo -S -k -p "" id -u'
  return (await vm.attempt(asAda, { stdin: `${password}\n` })).stdout.trim() === '0'
}

/** What phx must never change, whatever it does to its own lines. */
const theirs = `sha256sum /etc/sudoers /etc/sudoers.d/mine /home/eve/.ssh/authorized_keys; grep -v ^ada /etc/shadow | sha256sum`

/** Kills phx once, in the middle of the command. */
async function killDuring(vm: Vm, tool: string, moment: 'during' | 'after'): Promise<void> {
  const real = await vm.run(`readlink -f "$(command -v ${tool})"`)
  const kill = 'kill -9 "$(cat /run/phx.pid)"'
  const body = moment === 'during' ? `/opt/real "$@" & ${kill}; wait` : `/opt/real "$@"; ${kill}`
  await vm.run(`mv ${real} /opt/real`)
  await vm.write(real, `#!/bin/sh\n${body}\n`, '755')
  const phx = `sh -c 'echo $$ >/run/phx.pid; exec phx run setup -c ${configFile}'; exit $?`
  assert.equal((await vm.attempt(phx)).exitCode, 137, `phx is killed ${moment} ${tool}`)
  await vm.run(`sleep 1; mv -f /opt/real ${real}`)
}

export const scenario: Scenario = {
  shows:
    'an administrator on real useradd, sudo and PAM: lines of others survive, drift is mended, a changed hash holds at once',
  async run(vm) {
    await vm.run(`useradd -m -s /bin/bash eve && install -d -m 0700 -o eve -g eve /home/eve/.ssh &&
      printf '# mine\\r\\n\\t${key('X')}' >/home/eve/.ssh/authorized_keys && chown eve: /home/eve/.ssh/authorized_keys &&
      printf 'eve ALL=(root) NOPASSWD: /usr/bin/id\\n' >/etc/sudoers.d/mine && chmod 0440 /etc/sudoers.d/mine &&
      install -d -m 0700 /etc/phx/secrets`)
    await vm.write(hashFile, `${hashes[0]}\n`, '600')
    const before = await vm.run(theirs)

    await declareUsers(vm, [ada])
    await killDuring(vm, 'useradd', 'during')
    await killDuring(vm, 'chpasswd', 'after')
    await run(vm, 0)
    await nothingToDo(vm)
    assert.equal(await vm.run('id -Gn ada'), 'ada adm video')
    assert.equal(
      await vm.run('stat -c "%a %U" /home/ada /home/ada/.ssh /home/ada/.ssh/authorized_keys'),
      '700 ada\n700 ada\n600 ada',
    )
    assert.match(await vm.run('visudo -c'), /phx-ada: parsed OK/)
    assert.equal(await becomesRoot(vm, 'Throwaway1'), true)
    assert.equal(await becomesRoot(vm, 'Throwaway2'), false)
    assert.match(await vm.run('pveum acl list --output-format json'), /"roleid":"Administrator".*"ugid":"ada@pam"/)

    await vm.run(`printf '# an admin was here\\n${key('Y')}\\n' >>${keysFile}`)
    const line = await vm.run(`tail -n 2 ${keysFile} | sha256sum`)
    await vm.run(`usermod -s /bin/sh ada; gpasswd -d ada video; chmod 0644 /etc/sudoers.d/phx-ada; chmod 0755 /home/ada/.ssh
      sed -i '/A@desk/d' ${keysFile}; pveum acl delete / --users ada@pam --roles Administrator`)
    await vm.run('chpasswd -e', { stdin: `ada:${hashes[1]}\n` })
    const planned = await plan(vm, 2)
    const drift = planned.tasks.flatMap((task) => task.changes.map((change) => change.resource))
    assert.deepEqual(drift, [
      'account:ada',
      'password:ada',
      'file:/etc/sudoers.d/phx-ada',
      'authorized-keys:ada',
      'proxmox-role:ada@pam:Administrator',
    ])
    await run(vm, 0)
    await nothingToDo(vm)
    assert.equal(await vm.run(`tail -n 2 ${keysFile} | sha256sum`), line)
    assert.equal(await becomesRoot(vm, 'Throwaway1'), true)

    await vm.write(hashFile, `${hashes[1]}\n`, '600')
    const commands = (await run(vm, 0)).events.flatMap((event) =>
      event.type === 'command-start' ? [event.argv[0]] : [],
    )
    assert.deepEqual(commands, ['chpasswd'])
    assert.equal(await becomesRoot(vm, 'Throwaway2'), true)

    await declareUsers(vm, [])
    const asAda = `echo "$(id -u ada)" >/proc/self/loginuid && exec phx run setup -c ${configFile} --json`
    const refused = await vm.attempt(['sh', '-c', asAda])
    assert.equal(refused.exitCode, 3)
    assert.match(refused.stdout, /phx was started from a login of ada, whose sudo is to go/)
    await run(vm, 0)
    await nothingToDo(vm)
    assert.equal(await becomesRoot(vm, 'Throwaway2'), false)
    assert.equal(await vm.run(`sha256sum <${keysFile}`), line)
    assert.equal(await vm.run('test -d /home/ada && getent passwd ada | cut -d: -f7'), '/bin/bash')
    says(await vm.phx(['plan', '-c', configFile, '--json']), 'userdel --remove ada takes both away')
    assert.equal(await vm.run(theirs), before)
    const secrets = `grep -rlF -e '${hashes[0]}' -e '${hashes[1]}' /var/lib/phx; true`
    assert.equal(await vm.run(secrets), '', 'no hash in the state folder')
  },
}
