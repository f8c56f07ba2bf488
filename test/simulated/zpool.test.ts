/** The simulated zpool: rules that no single recording shows, and the forms that phx parses. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../../lib/host/simulated/tool.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const GiB = 1024 ** 3
const byId = '/dev/disk/by-id'
const [a, b, c, d, small] = [
  'virtio-A',
  'virtio-B',
  'scsi-35000c500aaaaaaa1',
  'scsi-35000c500aaaaaaa2',
  'virtio-S',
].map((name) => `${byId}/${name}`) as [string, string, string, string, string]

const host = (): SimState =>
  blankHost([...[a, b, c, d].map((path) => ({ path, size: 2 * GiB })), { path: small, size: GiB }])

/** Runs a command line split at blanks. */
const run = (state: SimState, line: string): ToolAnswer => callTool(state, line.split(' '))

function ok(state: SimState, line: string): string {
  const answer = run(state, line)
  assert.is(answer.exitCode, 0, `${line}: ${answer.stderr}`)
  return answer.stdout
}

function refused(state: SimState, line: string, text: string): ToolAnswer {
  const answer = run(state, line)
  assert.is.not(answer.exitCode, 0, line)
  assert.ok(answer.stderr.includes(text), `${line}: ${answer.stderr}`)
  return answer
}

const health = (state: SimState, pool: string): string => ok(state, `zpool list -H -o health ${pool}`).trim()

test('status prints what OpenZFS 2.3.9 prints (zfs.jsonl scene 8)', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${b} log ${c} spare ${d}`)
  assert.is(
    ok(state, 'zpool status tank'),
    [
      '  pool: tank',
      ' state: ONLINE',
      'config:',
      '',
      '\tNAME                      STATE     READ WRITE CKSUM',
      '\ttank                      ONLINE       0     0     0',
      '\t  mirror-0                ONLINE       0     0     0',
      '\t    virtio-A              ONLINE       0     0     0',
      '\t    virtio-B              ONLINE       0     0     0',
      '\tlogs\t',
      '\t  scsi-35000c500aaaaaaa1  ONLINE       0     0     0',
      '\tspares',
      '\t  scsi-35000c500aaaaaaa2  AVAIL   ',
      '',
      'errors: No known data errors',
      '',
    ].join('\n'),
  )
})

test('status -j -P keys members by their partition and gives every vdev its GUID as text', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${b} cache ${c}`)
  const pool = JSON.parse(ok(state, 'zpool status -j -P')).pools.tank
  const mirror = pool.vdevs.tank.vdevs['mirror-0']
  assert.equal(Object.keys(mirror.vdevs), [`${a}-part1`, `${b}-part1`])
  assert.equal(Object.keys(pool.l2cache), [`${c}-part1`])
  const guids = [pool.pool_guid, mirror.guid, mirror.vdevs[`${a}-part1`].guid]
  assert.is(new Set(guids).size, 3)
  for (const guid of guids) assert.match(guid, /^\d{16,20}$/)
  assert.is(mirror.vdevs[`${a}-part1`].path, `${a}-part1`)
})

test('sizes are cut into metaslabs as recorded (scenes 1, 4, 5, 6, 36)', () => {
  const size = (vdevs: string): string => {
    const state = host()
    ok(state, `zpool create -f tank ${vdevs}`)
    return ok(state, 'zpool list -Hp -o size tank').trim()
  }
  assert.is(size(a), '2013265920')
  assert.is(size(`${a} ${b}`), '4026531840')
  assert.is(size(`raidz1 ${a} ${b} ${c}`), '5905580032')
  assert.is(size(`raidz2 ${a} ${b} ${c} ${d}`), '8053063680')
  assert.is(size(`mirror ${a} ${small}`), '1006632960')
})

test('a query leaves the state as it was', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${b}`)
  ok(state, `zpool create gone ${c}`)
  ok(state, 'zpool export gone')
  ok(state, `sim unplug ${b}`)
  const before = JSON.stringify(state)
  const queries = ['status -j -P -p', 'status -v', 'list -Hpv', 'get -Hp all', 'import', `import -d ${byId}`, 'history']
  for (const query of queries) run(state, `zpool ${query}`)
  assert.is(JSON.stringify(state), before)
})

test('get reads pool properties with their sources and the ashift of each vdev', () => {
  const state = host()
  ok(state, `zpool create -o ashift=12 -o autotrim=on tank mirror ${a} ${b}`)
  const fields = '-o name,property,value,source'
  assert.is(
    ok(state, `zpool get -Hp ${fields} ashift,autotrim,autoexpand tank`),
    'tank\tashift\t12\tlocal\ntank\tautotrim\ton\tlocal\ntank\tautoexpand\toff\tdefault\n',
  )
  assert.is(
    ok(state, `zpool get -Hp ${fields} ashift tank mirror-0 ${a}`),
    `mirror-0\tashift\t12\t-\n${a}\tashift\t12\t-\n`,
  )
  const all = ok(state, `zpool get -Hp ${fields} all tank`).trim().split('\n')
  assert.is(all.length, 78)
  assert.is(all.filter((line) => line.includes('\tfeature@')).length, 44)
})

test('a disk is refused for what is on it, and -f overrides that but never what is in use', () => {
  const state = host()
  ok(state, `mkfs.ext4 -q -F ${a}`)
  refused(state, `zpool create tank ${a}`, `${a} contains a filesystem of type 'ext4'`)
  ok(state, 'mkdir -p /mnt/e')
  ok(state, `mount ${a} /mnt/e`)
  refused(state, `zpool create -f tank ${a}`, `${a} is in use and contains a ext4 filesystem.`)
  ok(state, 'umount /mnt/e')
  ok(state, `zpool create -f tank ${a}`)
  refused(state, `zpool create -f two ${a}`, 'is in use and contains a unknown filesystem.')
  ok(state, 'zpool export tank')
  refused(state, `zpool create two ${a}`, `${a}-part1 is part of exported pool 'tank'`)
  ok(state, `zpool create -f two ${a}`)
  assert.not.ok(ok(state, 'zpool import').includes('tank'))
})

test('the same disk under two names is refused, with -f too', () => {
  const state = host()
  const text = 'one or more vdevs refer to the same device'
  refused(state, `zpool create -f tank mirror ${c} ${c.replace('scsi-3', 'wwn-0x')}`, text)
  assert.is(ok(state, 'zpool list -H'), '')
})

test('mismatched redundancy is named as ZFS names it', () => {
  const state = host()
  const start = 'mismatched replication level: '
  refused(state, `zpool create tank ${a} mirror ${b} ${c}`, `${start}both disk and mirror vdevs are present`)
  ok(state, `zpool create tank mirror ${a} ${b}`)
  refused(state, `zpool add tank ${c}`, `${start}pool uses mirror and new vdev is disk`)
  refused(state, `zpool add tank raidz2 ${c} ${d} ${small}`, 'raidz contains devices of different sizes')
  ok(state, `zpool add -f tank ${c}`)
})

test('an exported pool lists and imports, under a new name too; a taken name is refused whatever pool is meant', () => {
  const state = host()
  ok(state, `zpool create tank ${a}`)
  const guid = ok(state, 'zpool get -Hp -o value guid tank').trim()
  ok(state, 'zpool export tank')
  assert.is(
    ok(state, `zpool import -d ${byId}`),
    `  pool: tank\n    id: ${guid}\n state: ONLINE\n` +
      'action: The pool can be imported using its name or numeric identifier.\nconfig:\n\n' +
      '\ttank        ONLINE\n\t  virtio-A  ONLINE\n',
  )
  ok(state, `zpool create tank ${b}`)
  refused(state, 'zpool import tank', 'a pool with that name already exists')
  ok(state, `zpool import ${guid} other`)
  assert.is(ok(state, 'zfs list -H -o name'), 'other\ntank\n')
})

test('a pool without enough members says so, and its name is not "absent"', () => {
  const state = host()
  ok(state, `zpool create tank ${a} ${b}`)
  ok(state, 'zpool export tank')
  ok(state, `sim unplug ${b}`)
  const listing = ok(state, 'zpool import')
  assert.match(listing, /state: UNAVAIL\n/)
  assert.match(listing, /tank +UNAVAIL {2}insufficient replicas\n/)
  const answer = refused(state, 'zpool import tank', "cannot import 'tank': no such pool or dataset")
  assert.is(answer.stdout, '\tDestroy and re-create the pool from\n\ta backup source.\n')
})

test('another host: listed with a warning, imported with -f alone', () => {
  const state = host()
  ok(state, `zpool create tank ${a}`)
  state.hostid = '00bab10c'
  ok(state, 'sim power-cut')
  assert.is(ok(state, 'zpool list -H'), '')
  assert.match(ok(state, 'zpool import'), /status: The pool was last accessed by another system\./)
  refused(state, 'zpool import tank', 'pool was previously in use from another system.')
  ok(state, 'zpool import -f tank')
})

test('boot brings pools back, whatever their disks are called now; cachefile=none stays away', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${c.replace(`${byId}/scsi-3`, `${byId}/wwn-0x`)} ${d}`)
  ok(state, `zpool create -o cachefile=none none ${a}`)
  ok(state, 'zfs create tank/data')
  const node = state.disks.find((disk) => disk.wwn === '0x5000c500aaaaaaa2')?.kname
  ok(state, 'sim reboot')
  assert.is.not(state.disks.find((disk) => disk.wwn === '0x5000c500aaaaaaa2')?.kname, node)
  assert.is(ok(state, 'zpool list -H -o name,health'), 'tank\tONLINE\n')
  assert.is(ok(state, 'zfs get -H -o value mounted tank/data'), 'yes\n')
})

test('a mirror lives through an unplugged side; zed brings back the disk that has a WWN', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${c}`)
  ok(state, `sim unplug ${c}`)
  assert.is(health(state, 'tank'), 'DEGRADED')
  assert.match(ok(state, 'zpool status'), /scsi-35000c500aaaaaaa1 {2}REMOVED/)
  ok(state, `sim plug ${c}`)
  assert.is(health(state, 'tank'), 'ONLINE')
  ok(state, `sim unplug ${a}`)
  ok(state, `sim plug ${a}`)
  assert.is(health(state, 'tank'), 'DEGRADED')
  ok(state, `zpool online tank ${a}`)
  assert.is(health(state, 'tank'), 'ONLINE')
  refused(state, `zpool offline tank ${c}`, 'no valid replicas')
  ok(state, 'zpool wait tank')
  ok(state, `zpool offline tank ${c}`)
})

test('a pool that lost its only disk is suspended: export hangs, clear revives it', () => {
  const state = host()
  ok(state, `zpool create tank ${a}`)
  ok(state, `sim unplug ${a}`)
  assert.is(health(state, 'tank'), 'SUSPENDED')
  const pool = JSON.parse(ok(state, 'zpool status -j')).pools.tank
  assert.is(pool.state, 'SUSPENDED')
  assert.is(pool.vdevs.tank.state, 'ONLINE')
  for (const verb of ['export', 'destroy']) assert.is(run(state, `zpool ${verb} tank`).hangs, true)
  refused(state, 'zpool clear tank', 'I/O error')
  ok(state, `sim plug ${a}`)
  ok(state, 'zpool clear tank')
  assert.is(health(state, 'tank'), 'ONLINE')
  ok(state, 'zpool export tank')
})

test('a spare steps in, stays when the failed one is detached, and goes back when it is cleared', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${b} spare ${c}`)
  ok(state, `zpool offline -f tank ${a}`)
  assert.match(ok(state, 'zpool status'), /spare-0 +DEGRADED[^\n]*\n\t +virtio-A +FAULTED[^\n]*external device fault\n/)
  assert.match(ok(state, 'zpool status'), /scsi-35000c500aaaaaaa1 +INUSE {5}currently in use\n/)
  ok(state, 'zpool clear tank')
  assert.is(health(state, 'tank'), 'ONLINE')
  assert.match(ok(state, 'zpool status'), /scsi-35000c500aaaaaaa1 {2}AVAIL/)
  ok(state, 'zpool wait tank')
  ok(state, `zpool offline -f tank ${a}`)
  ok(state, `zpool detach tank ${a}`)
  assert.not.match(ok(state, 'zpool status'), /spare/)
})

test('a destroyed pool can be had back with -D until its disks are taken', () => {
  const state = host()
  ok(state, `zpool create tank mirror ${a} ${b}`)
  ok(state, 'zpool destroy tank')
  assert.is(run(state, 'zpool import').stderr, 'no pools available to import\n')
  ok(state, 'zpool import -D tank')
  ok(state, 'zpool destroy tank')
  ok(state, `zpool create two ${a}`)
  const listing = ok(state, 'zpool import -D')
  assert.match(listing, /state: DEGRADED \(DESTROYED\)/)
  assert.match(listing, /virtio-A {2}FAULTED {2}corrupted data/)
})

test('a busy file system keeps its pool, with -f too, and nothing is lost', () => {
  const state = host()
  ok(state, `zpool create tank ${a}`)
  ok(state, 'zfs create tank/a')
  ok(state, 'sim hold /tank/a')
  refused(state, 'zpool export -f tank', "cannot unmount '/tank/a': pool or dataset is busy")
  refused(state, 'zpool destroy -f tank', "could not destroy 'tank': could not unmount datasets")
  assert.is(health(state, 'tank'), 'ONLINE')
  ok(state, 'sim release /tank/a')
  ok(state, 'zpool destroy tank')
})

test('what phx never calls is refused loudly', () => {
  const state = host()
  for (const line of ['iostat', 'events', `create tank draid ${a} ${b}`, 'status -T d']) {
    const answer = run(state, `zpool ${line}`)
    assert.is(answer.exitCode, 127, line)
    assert.match(answer.stderr, /^not simulated: /)
  }
})

test.run()
