/** What the recordings don't show, or what is worth reading as a sentence; the recordings themselves are test/conformance. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const DISK = '/dev/disk/by-id/virtio-S1'
const OTHER = '/dev/disk/by-id/scsi-35000c50015ea71a2'

function lab() {
  const state = blankHost([
    { path: DISK, size: 2 ** 31 },
    { path: OTHER, size: 2 ** 31 },
  ])
  const run = (line: string, stdin = '') => callTool(state, line.split(' '), stdin)
  const ok = (line: string, stdin = ''): string => {
    const answer = run(line, stdin)
    assert.is(answer.exitCode, 0, `${line}: ${answer.stderr}`)
    return answer.stdout
  }
  const signatures = (path: string): string[] =>
    JSON.parse(ok(`wipefs --no-act --json ${path}`)).signatures.map(({ type }: { type: string }) => type)
  return { state, run, ok, signatures }
}

test('a blank disk is blank to every reader', () => {
  const { run, ok, signatures } = lab()
  assert.equal(signatures(DISK), [])
  assert.is(run(`blkid -p -o export ${DISK}`).exitCode, 2)
  assert.is(JSON.parse(ok(`lsblk -J -o FSTYPE,PTTYPE ${DISK}`)).blockdevices[0].fstype, null)
})

test('wipefs reads several devices at once', () => {
  const { ok } = lab()
  ok(`mkfs.ext4 -q ${DISK}`)
  ok(`mkswap ${OTHER}`)
  const rows = JSON.parse(ok(`wipefs --no-act --json ${DISK} ${OTHER}`)).signatures
  assert.equal(
    rows.map(({ device, type }: { device: string; type: string }) => [device, type]),
    [
      ['virtio-S1', 'ext4'],
      ['scsi-35000c50015ea71a2', 'swap'],
    ],
  )
})

test('a destroyed pool overwritten by ext4 looks blank to blkid and lsblk, not to wipefs (facts, D28)', () => {
  const { run, ok, signatures } = lab()
  ok(`zpool create tank ${DISK}`)
  ok('zpool destroy tank')
  ok(`mkfs.ext4 -q ${DISK}-part1`)
  ok('udevadm settle')
  assert.is(run(`blkid -p ${DISK}-part1`).exitCode, 2)
  assert.is(JSON.parse(ok(`lsblk -J -o FSTYPE ${DISK}-part1`)).blockdevices[0].fstype, null)
  assert.equal(signatures(`${DISK}-part1`), ['ext4', 'zfs_member', 'zfs_member'])
  ok('mkdir -p /mnt/e')
  ok(`mount ${DISK}-part1 /mnt/e`)
})

test('wipefs of a disk in use needs -f, and then nothing stops it (facts, D18)', () => {
  const { run, ok, signatures } = lab()
  ok(`zpool create tank ${DISK}`)
  const refused = run(`wipefs -a ${DISK}`)
  assert.is(refused.exitCode, 1)
  assert.match(refused.stderr, /Device or resource busy/)
  assert.equal(signatures(DISK), ['gpt', 'gpt', 'PMBR'])
  ok(`wipefs -a -f ${DISK}`)
  assert.equal(signatures(DISK), [])
  assert.match(ok('zpool status tank'), /state: ONLINE/)
  assert.match(ok(`lsblk ${DISK}`), /vdb1/)
})

test('lsblk shows udev’s memory until udev has caught up (facts, D6)', () => {
  const { ok, signatures } = lab()
  ok(`mkfs.ext4 -q ${DISK}`)
  ok('udevadm settle')
  ok(`wipefs -a ${DISK}`)
  const fstype = () => JSON.parse(ok(`lsblk -J -o FSTYPE ${DISK}`)).blockdevices[0].fstype
  assert.is(fstype(), 'ext4')
  assert.equal(signatures(DISK), [])
  ok('udevadm settle')
  assert.is(fstype(), null)
})

test('files live on the disk, not on the mount point', () => {
  const { state, run, ok } = lab()
  ok(`mkfs.ext4 -q ${DISK}`)
  ok('mkdir -p /mnt/e')
  ok('tee /mnt/e/below', 'root')
  ok(`mount ${DISK} /mnt/e`)
  assert.is(run('cat /mnt/e/below').exitCode, 1)
  ok('mkdir /mnt/e/photos')
  ok('tee /mnt/e/photos/a.txt', 'precious')
  ok('umount /mnt/e')
  assert.is(ok('cat /mnt/e/below'), 'root')
  assert.is(run('cat /mnt/e/photos/a.txt').exitCode, 1)
  ok('sim reboot')
  assert.is(state.mounts.length, 1)
  ok(`mount ${DISK} /mnt/e`)
  assert.is(ok('cat /mnt/e/photos/a.txt'), 'precious')
  ok('umount /mnt/e')
  ok(`mkfs.ext4 -q ${DISK}`)
  ok(`mount ${DISK} /mnt/e`)
  assert.is(run('cat /mnt/e/photos/a.txt').exitCode, 1, 'a new file system has none of the old files')
})

test('what a process holds can’t be unmounted', () => {
  const { run, ok } = lab()
  ok(`mkfs.ext4 -q ${DISK}`)
  ok('mkdir -p /mnt/e')
  ok(`mount ${DISK} /mnt/e`)
  ok('sim hold /mnt/e')
  assert.match(run('umount /mnt/e').stderr, /target is busy/)
  ok('sim release /mnt/e')
  ok('umount /mnt/e')
})

test('mkfs and mkswap refuse what is in use, each in its own words', () => {
  const { run, ok } = lab()
  ok(`zpool create tank ${DISK}`)
  assert.match(run(`mkfs.ext4 -q -F ${DISK}-part1`).stderr, /apparently in use by the system/)
  assert.match(run(`mkfs.ext4 -q -F ${DISK}`).stderr, /apparently in use by the system/)
  assert.match(run(`mkswap ${DISK}-part1`).stderr, /Device or resource busy/)
  assert.match(run('mkfs.ext4 -q /dev/vda').stderr, /is mounted/)
})

test('swap in use shows in lsblk and in /proc/swaps', () => {
  const { ok } = lab()
  ok(`mkswap ${DISK}`)
  ok(`swapon ${DISK}`)
  assert.equal(JSON.parse(ok(`lsblk -J -o MOUNTPOINTS ${DISK}`)).blockdevices[0].mountpoints, ['[SWAP]'])
  assert.match(ok('cat /proc/swaps'), /^\/dev\/vdb/m)
  ok(`swapoff ${DISK}`)
  assert.not.match(ok('cat /proc/swaps'), /vdb/)
})

test('only the second GPT header left: blkid knows nothing, wipefs does (facts, D16); without the first alone blkid still does', () => {
  const { run, ok, signatures } = lab()
  ok(`sgdisk -n 1:0:+100M ${DISK}`)
  ok(`dd if=/dev/zero of=${DISK} bs=512 seek=1 count=1`)
  assert.equal(signatures(DISK), ['gpt', 'PMBR'])
  assert.match(ok(`blkid -p -o export ${DISK}`), /PTTYPE=gpt/)
  assert.not.match(ok(`lsblk ${DISK}`), /vdb1/)
  ok(`dd if=/dev/zero of=${DISK} bs=1M count=1`)
  assert.equal(signatures(DISK), ['gpt'])
  assert.is(run(`blkid -p ${DISK}`).exitCode, 2)
})

test('lsblk of what is not there: 32, and 64 when some are', () => {
  const { run } = lab()
  assert.is(run('lsblk /dev/nosuch').exitCode, 32)
  assert.is(run(`lsblk /dev/nosuch ${DISK}`).exitCode, 64)
  assert.is(run('blkid -p /dev/nosuch').exitCode, 2)
  assert.is(run('wipefs --no-act --json /dev/nosuch').exitCode, 1)
})

test('tools, verbs and options that are not known are refused loudly', () => {
  const { state, run } = lab()
  const before = JSON.stringify(state)
  for (const line of [
    'frobnicate /dev/vdb',
    'lsblk --frobnicate',
    'wipefs --frobnicate',
    'udevadm monitor',
    'sim explode',
    'constructor',
    'sgdisk --frobnicate x',
  ]) {
    const answer = run(line)
    assert.is(answer.exitCode, 127, line)
    assert.match(answer.stderr, /^not simulated: /, line)
  }
  assert.is(JSON.stringify(state), before)
})

test('reading tools change nothing', () => {
  const { state, run, ok } = lab()
  ok(`zpool create tank ${DISK}`)
  ok('zfs create -V 10M tank/v')
  ok(`mkfs.ext4 -q ${OTHER}`)
  const before = JSON.stringify(state)
  for (const line of [
    'lsblk -J -b',
    'findmnt -J',
    `blkid -p ${OTHER}`,
    `wipefs --no-act --json ${OTHER}`,
    'zpool status -j',
    'zfs get -Hp all',
  ])
    run(line)
  assert.is(JSON.stringify(state), before)
})

test.run()
