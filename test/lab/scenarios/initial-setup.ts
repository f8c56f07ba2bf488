import assert from 'node:assert/strict'
import { configFile, nothingToDo, plan, run, type Scenario } from '../scenario.ts'
import type { Vm } from '../vm.ts'

const MIB = 2 ** 20

/** ufw comes from the repository in the guest's own folder; there is no network. */
const declared = {
  domain_name: 'example.internal',
  timezone: 'Europe/Berlin',
  network: { hostname: 'lab', interfaces: { name: 'ens3', address: '10.0.2.15/24' } },
  zfs: { arc_max_gb: 0.125 },
  host: {
    packages: ['ufw', 'psmisc'],
    force_ipv4: true,
    locale: 'C.UTF-8',
    dns: { nameservers: ['10.0.2.3', '9.9.9.9'], search: ['example.internal'] },
    sysctl: { 'vm.swappiness': 10, 'net.ipv4.tcp_rmem': '4096 87380 33554432' },
  },
}

const declare = (vm: Vm, config: object): Promise<void> => vm.write(configFile, `${JSON.stringify(config, null, 2)}\n`)

/** What is as declared, one line a thing, by the tools of the system itself. */
const look = `timedatectl show -p Timezone --value
hostname
getent ahosts lab | awk '{print $1}' | sort -u
sysctl -n vm.swappiness net.ipv4.tcp_rmem | tr '\\t' ' '
cat /sys/module/zfs/parameters/zfs_arc_max
awk '$1 == "c_max" { print $3 }' /proc/spl/kstat/zfs/arcstats
apt-config dump Acquire::ForceIPv4
. /etc/default/locale; echo $LANG
grep -v '^[#o]' /etc/resolv.conf
dpkg-query -W -f '\${db:Status-Status}\\n' ufw`

const asDeclared = `Europe/Berlin
lab
10.0.2.15
10
4096 87380 33554432
${128 * MIB}
${128 * MIB}
Acquire::ForceIPv4 "true";
C.UTF-8
search example.internal
nameserver 10.0.2.3
nameserver 9.9.9.9
installed`

const assertAsDeclared = async (vm: Vm): Promise<void> => assert.equal(await vm.run(look), asDeclared)

/** Lines of an admin, in files that phx changes a line of, and in files beside phx's own. */
const theirs = `printf '# mine\\n10.9.9.9\\tnas nas.lan  # kept\\n' >>/etc/hosts
printf '# mine\\noptions timeout:1\\nnameserver 8.8.8.8\\n' >/etc/resolv.conf
printf 'LC_TIME="en_GB.UTF-8"\\n' >/etc/locale.conf
printf 'vm.dirty_ratio = 30\\n' >/etc/sysctl.d/50-mine.conf
printf 'APT::Keep "1";\\n' >/etc/apt/apt.conf.d/50mine
printf 'options zfs zfs_txg_timeout=7\\n' >/etc/modprobe.d/zfs.conf`

async function assertTheirsStay(vm: Vm): Promise<void> {
  assert.match(await vm.run('cat /etc/hosts'), /# mine\n10\.9\.9\.9\tnas nas\.lan {2}# kept\n/)
  assert.match(await vm.run('cat /etc/resolv.conf'), /^# mine\noptions timeout:1\n/)
  assert.match(await vm.run('cat /etc/locale.conf'), /^LC_TIME="en_GB\.UTF-8"$/m)
  assert.equal(await vm.run('cat /etc/sysctl.d/50-mine.conf'), 'vm.dirty_ratio = 30')
  assert.equal(await vm.run('cat /etc/apt/apt.conf.d/50mine'), 'APT::Keep "1";')
  assert.equal(await vm.run('cat /etc/modprobe.d/zfs.conf'), 'options zfs zfs_txg_timeout=7')
}

const drifts: Readonly<Record<string, string>> = {
  'install ufw': 'apt-get -y -q purge ufw',
  'set the time zone Europe/Berlin': 'timedatectl set-timezone Etc/UTC',
  'set vm.swappiness': 'sysctl -q -w vm.swappiness=77',
  'bring /etc/sysctl.d/99-phx.conf up to date': 'sed -i s/33554432/1/ /etc/sysctl.d/99-phx.conf',
  "limit ZFS's cache in memory: 0.13 GiB": 'echo 0 >/sys/module/zfs/parameters/zfs_arc_max',
  'name lab at 10.0.2.15 in /etc/hosts': `sed -i '/phx begin/,/phx end/d; 1i 127.0.1.1 lab' /etc/hosts`,
  'ask 10.0.2.3, 9.9.9.9 for names': `sed -i '/9.9.9.9/d' /etc/resolv.conf`,
  'set the locale C.UTF-8': `sed -i s/C.UTF-8/POSIX/ /etc/locale.conf`,
  'write /etc/apt/apt.conf.d/99phx-force-ipv4': 'rm /etc/apt/apt.conf.d/99phx-force-ipv4',
}

/** Someone's transaction, as its lock looks from outside: a POSIX lock of a process that stays. */
const holdLock = `systemd-run -q --unit=holder python3 -c "
import fcntl, time
f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); open('/run/held', 'w'); time.sleep(600)"
until [ -e /run/held ]; do sleep 0.2; done`

export const scenario: Scenario = {
  shows: "the host's own set-up for real: drift of each kind, a held apt lock, a kill, a reboot; others' lines stay",
  async run(vm) {
    await vm.run(theirs)
    await declare(vm, declared)
    const first = await plan(vm, 2)
    assert.equal(first.summary.refusals, 0)
    await run(vm, 0)
    await assertAsDeclared(vm)
    await assertTheirsStay(vm)
    await nothingToDo(vm)

    await vm.run(Object.values(drifts).join('\n'))
    const drifted = await plan(vm, 2)
    const found = drifted.tasks.flatMap((task) => task.changes.map((change) => change.summary))
    assert.deepEqual(found.sort(), Object.keys(drifts).sort())
    assert.equal(drifted.tasks[0]?.reason.standing, 'drifted')

    // The lock's holder is named at once, nothing is installed, and as soon as it ends phx goes on.
    await vm.run(holdLock)
    const noted = (await plan(vm, 2)).tasks.flatMap((task) => task.notes.map((note) => note.text))
    assert.match(noted.join('\n'), /apt is at work at the moment, process \d+ \(python3\): phx waits for it/)
    const running = vm.start(['phx', 'run', 'setup', '-c', configFile, '--json'])
    await running.saw('change-start')
    await vm.run('sleep 4; systemctl is-active holder && systemctl stop holder')
    await running.ended
    await assertAsDeclared(vm)
    await nothingToDo(vm)

    // Killed in the middle of a command, and behind one; the next run goes on.
    for (const moment of ['"$@" & kill -9 "$(cat /run/phx.pid)"; wait', '"$@"; kill -9 "$(cat /run/phx.pid)"']) {
      await vm.run('timedatectl set-timezone Etc/UTC; sysctl -q -w vm.swappiness=77; rm /etc/sysctl.d/99-phx.conf')
      const body = `#!/bin/sh\\nset -- /usr/bin/timedatectl "$@"\\n${moment}\\n`
      await vm.run(['sh', '-c', `printf '${body}' >/usr/local/bin/timedatectl; chmod 755 /usr/local/bin/timedatectl`])
      const killed = await vm.attempt(
        `sh -c 'echo $$ >/run/phx.pid; exec phx run setup -c ${configFile}'; code=$?; rm /usr/local/bin/timedatectl; exit $code`,
      )
      assert.equal(killed.exitCode, 137, killed.stdout + killed.stderr)
      await run(vm, 0)
      await assertAsDeclared(vm)
    }

    await vm.reboot()
    await assertAsDeclared(vm)
    await assertTheirsStay(vm)
    await nothingToDo(vm)

    // What goes with its declaration, and what stays.
    await declare(vm, { domain_name: 'example.internal' })
    await run(vm, 0)
    const gone = 'ls /etc/sysctl.d/99-phx.conf /etc/modprobe.d/zz-phx-zfs.conf /etc/apt/apt.conf.d/99phx-force-ipv4'
    assert.equal((await vm.attempt(gone)).stdout, '')
    assert.equal(await vm.run('cat /sys/module/zfs/parameters/zfs_arc_max'), '0')
    await assertTheirsStay(vm)
    await nothingToDo(vm)
  },
}
