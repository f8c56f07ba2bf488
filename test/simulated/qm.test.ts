/** qm of the simulated host: machines that run, and volumes on ZFS. What stands still on a directory storage is held to recordings. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { qmCall } from '../../lib/host/simulated/pve/qm/command.ts'
import type { AgentAnswer, JsonObject } from '../../lib/host/simulated/pve/qm/machine.ts'
import { vmMachine } from '../../lib/host/simulated/pve/qm/qm.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

function call(state: SimState, line: string): string {
  const { exitCode, stdout, stderr } = callTool(state, line.split(' '))
  return exitCode === 0 ? stdout : `${exitCode} ${stderr}`.trim()
}

function host(): SimState {
  const state = blankHost([{ path: '/dev/disk/by-id/virtio-S1' }])
  for (const line of [
    'zpool create tank /dev/disk/by-id/virtio-S1',
    'zfs create tank/vm',
    'pvesm add zfspool vm --pool tank/vm --sparse 1',
    'pvesm set local --content images,iso,snippets,import',
    'qemu-img create -f qcow2 /srv/cloud.qcow2 3G',
    'qm create 100 --name web --memory 2048 --agent 1 --scsi0 vm:0,import-from=/srv/cloud.qcow2 --net0 virtio,bridge=vmbr0',
  ])
    assert.not.match(call(state, line), /^\d+ /)
  return state
}

const conf = (state: SimState, vmid = '100'): string => state.files[`/etc/pve/qemu-server/${vmid}.conf`]?.content ?? ''
const volumes = (state: SimState): string => call(state, 'zfs list -H -o name,volsize -r tank/vm')

test('an import is as large as its image, and a resize grows the zvol and says nothing', () => {
  const state = host()
  assert.match(conf(state), /^scsi0: vm:vm-100-disk-0,size=3G$/m)
  assert.is(call(state, 'qm disk resize 100 scsi0 10G'), '')
  assert.match(conf(state), /^scsi0: vm:vm-100-disk-0,size=10G$/m)
  assert.match(volumes(state), /vm-100-disk-0\t10G/)
})

test('what a running machine can’t take waits for its next start, the rest is done at once', () => {
  const state = host()
  call(state, 'qm start 100')
  assert.is(call(state, 'qm status 100'), 'status: running\n')
  assert.ok(state.files['/run/qemu-server/100.pid'])
  call(state, 'qm set 100 --memory 4096 --cores 2 --name other --onboot 1 --scsi1 vm:4 --net1 virtio,bridge=vmbr1')
  assert.match(conf(state), /\n\[PENDING\]\ncores: 2\nmemory: 4096\n$/)
  for (const live of [/^name: other$/m, /^onboot: 1$/m, /^scsi1: vm:vm-100-disk-1,size=4G$/m, /^net1: virtio=/m])
    assert.match(conf(state).split('[PENDING]')[0] ?? '', live)
  assert.match(call(state, 'qm pending 100'), /^cur memory: 2048\nnew memory: 4096$/m)
  assert.match(call(state, 'qm config 100'), /^memory: 4096$/m)
  assert.match(call(state, 'qm config 100 --current'), /^memory: 2048$/m)
  call(state, 'qm set 100 --revert cores')
  assert.match(conf(state), /\n\[PENDING\]\nmemory: 4096\n$/)
  call(state, 'qm reboot 100')
  assert.not.match(conf(state), /PENDING/)
  assert.match(conf(state), /^memory: 4096$/m)
})

test('a disk of a running machine: some of its options change at once, others and other buses wait', () => {
  const state = host()
  call(state, 'qm start 100')
  call(state, 'qm set 100 --scsi0 vm:vm-100-disk-0,backup=0')
  assert.match(conf(state), /^scsi0: vm:vm-100-disk-0,backup=0,size=3G$/m)
  call(state, 'qm set 100 --scsi0 vm:vm-100-disk-0,backup=0,discard=on')
  assert.match(conf(state), /\n\[PENDING\]\nscsi0: vm:vm-100-disk-0,backup=0,discard=on,size=3G\n$/)
  call(state, 'qm set 100 --revert scsi0')
  call(state, 'qm set 100 --sata0 vm:1')
  assert.match(conf(state), /\n\[PENDING\]\nsata0: vm:vm-100-disk-1,size=1G\n$/)
  call(state, 'qm shutdown 100')
  assert.match(conf(state), /^sata0: vm:vm-100-disk-1,size=1G$/m)
  call(state, 'qm start 100')
  call(state, 'qm set 100 --delete sata0')
  assert.match(call(state, 'qm pending 100'), /^del sata0: vm:vm-100-disk-1,size=1G$/m)
  call(state, 'qm stop 100')
  assert.match(conf(state), /^unused0: vm:vm-100-disk-1$/m)
})

test('what cloud-init is told is on its drive from the next start on', () => {
  const state = host()
  call(state, 'qm set 100 --ide2 vm:cloudinit --ciuser ada --ipconfig0 ip=dhcp')
  assert.match(call(state, 'qm start 100'), /^generating cloud-init ISO$/m)
  assert.match(state.machines?.['100']?.cloudInit?.['/user-data'] ?? '', /^user: ada$/m)
  call(state, 'qm set 100 --ciuser bob --nameserver 1.1.1.1')
  assert.is(call(state, 'qm cloudinit pending 100'), 'cur ciuser: ada\nnew ciuser: bob\nnew nameserver: 1.1.1.1\n')
  assert.match(conf(state), /\n\[special:cloudinit\]\nadded: nameserver\nciuser: ada\n$/)
  assert.match(call(state, 'qm cloudinit update 100'), /generating/)
  assert.match(state.machines?.['100']?.cloudInit?.['/user-data'] ?? '', /^user: bob$/m)
  assert.is(call(state, 'qm cloudinit pending 100'), 'cur ciuser: bob\ncur nameserver: 1.1.1.1\n')
})

test('a template stays while linked clones hang on it; a full clone has volumes of its own', () => {
  const state = host()
  assert.is(call(state, 'qm template 100'), '')
  assert.match(conf(state), /^scsi0: vm:base-100-disk-0,size=3G$/m)
  assert.match(call(state, 'qm start 100'), /^255 you can't start a vm if it's a template$/)
  call(state, 'qm clone 100 101 --name linked')
  assert.match(conf(state, '101'), /^scsi0: vm:base-100-disk-0\/vm-101-disk-0,size=3G$/m)
  call(state, 'qm clone 100 102 --full 1 --name full')
  assert.match(conf(state, '102'), /^scsi0: vm:vm-102-disk-0,size=3G$/m)
  for (const key of ['smbios1', 'vmgenid', 'net0']) {
    const [mine, theirs] = [conf(state), conf(state, '102')].map(
      (text) => new RegExp(`^${key}: .*$`, 'm').exec(text)?.[0],
    )
    assert.ok(mine)
    assert.is.not(mine, theirs)
  }
  assert.match(call(state, 'qm destroy 100'), /^255 base volume 'vm:base-100-disk-0' is still in use by linked cloned$/)
  assert.match(
    call(state, 'qm clone 102 103 --full 0'),
    /^255 Linked clone feature is not supported for 'vm:vm-102-disk-0'/,
  )
  for (const vmid of ['101', '102', '100']) assert.is(call(state, `qm destroy ${vmid}`), '')
  assert.is(volumes(state), 'tank/vm\t-\n')
})

test('destroy takes the volumes that are the machine’s, also those that hang on nothing', () => {
  const state = host()
  call(state, 'qm set 100 --scsi1 vm:1 --sata0 local:1')
  call(state, 'qm set 100 --delete scsi1')
  call(state, 'zfs create -s -V 1G tank/vm/vm-100-disk-7')
  call(state, 'qm create 101 --scsi0 vm:2')
  call(state, 'qm start 100')
  assert.is(call(state, 'qm destroy 100'), '255 VM 100 is running - destroy failed')
  call(state, 'qm stop 100')
  assert.is(call(state, 'qm destroy 100'), '')
  assert.is(volumes(state), 'tank/vm\t-\ntank/vm/vm-100-disk-7\t1G\ntank/vm/vm-101-disk-0\t2G\n')
  assert.not.ok(Object.keys(state.files).some((path) => path.includes('/images/')))
  call(state, 'qm create 100')
  call(state, 'qm disk rescan --vmid 100')
  assert.match(conf(state), /^unused0: vm:vm-100-disk-7$/m)
})

test('a creation that fails leaves nothing behind', () => {
  const state = host()
  const before = volumes(state)
  const refused = call(state, 'qm create 101 --scsi0 vm:4 --scsi1 local:1 --virtio0 vm:0,import-from=/srv/nope.qcow2')
  assert.is(refused, "255 unable to create VM 101 - can't find file '/srv/nope.qcow2'")
  assert.is(volumes(state), before)
  assert.equal(
    Object.keys(state.files).filter((path) => /\b101\b/.test(path)),
    [],
  )
})

test('only the latest snapshot can be gone back to on ZFS, and disks added since hang on nothing then', () => {
  const state = host()
  call(state, 'qm snapshot 100 one --description first')
  call(state, 'qm snapshot 100 two')
  assert.match(call(state, 'qm listsnapshot 100'), /^`-> one .* first\n `-> two .* no-description\n {2}`-> current /)
  assert.match(call(state, 'qm rollback 100 one'), /^255 can't rollback, 'one' is not most recent snapshot/)
  call(state, 'qm delsnapshot 100 two')
  call(state, 'qm set 100 --scsi1 vm:1 --memory 512')
  assert.is(call(state, 'qm rollback 100 one'), '')
  assert.match(
    conf(state).split('\n[')[0] ?? '',
    /^memory: 2048\n(.*\n)*parent: one\n(.*\n)*unused0: vm:vm-100-disk-1\n/m,
  )
})

test('without an agent there are three refusals, and only one is worth waiting for', () => {
  const state = host()
  call(state, 'qm create 101')
  assert.is(call(state, 'qm agent 101 ping'), '255 No QEMU guest agent configured')
  assert.is(call(state, 'qm guest exec 100 -- true'), '255 VM 100 is not running')
  call(state, 'qm start 100')
  assert.is(call(state, 'qm guest cmd 100 ping'), '255 QEMU guest agent is not running')
})

/** An agent under which every program runs so many seconds. */
function withAgent(state: SimState, seconds: number) {
  const asked: [string, JsonObject][] = []
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const started = new Map<number, number>()
  const agent = (_: string, command: string, args: JsonObject): AgentAnswer => {
    asked.push([command, args])
    if (command === 'guest-ping') return { return: {} }
    if (command === 'guest-exec') {
      started.set(41, state.now)
      return args.path === '/nope'
        ? { error: { class: 'GenericError', desc: 'no such file' } }
        : { return: { pid: 41 } }
    }
    if (command !== 'guest-exec-status') return { return: { 'host-name': 'web' } }
    if (state.now - (started.get(41) ?? 0) < seconds) return { return: { exited: false } }
    return { return: { exited: true, exitcode: 3, 'out-data': base64('ö\n'), 'out-truncated': false } }
  }
  const qm = (line: string, stdin = '') => qmCall(vmMachine(state, { agent }), line.split(' '), () => stdin)
  return { qm, asked }
}

test('guest exec tells what a program wrote and how it ended, and ends with 0 itself', () => {
  const state = host()
  call(state, 'qm start 100')
  const { qm, asked } = withAgent(state, 5)
  const ended = '{\n   "exitcode" : 3,\n   "exited" : 1,\n   "out-data" : "ö\\n",\n   "out-truncated" : 0\n}\n'
  assert.equal(qm('guest exec 100 --pass-stdin 1 -- /bin/sh -c x', 'in'), { exitCode: 0, stdout: ended, stderr: '' })
  const [, args] = asked.find(([command]) => command === 'guest-exec') ?? []
  assert.equal(args, { 'capture-output': true, path: '/bin/sh', arg: ['-c', 'x'], 'input-data': 'aW4=' })
  assert.equal(qm('agent 100 ping'), { exitCode: 0, stdout: '', stderr: '' })
  assert.is(qm('guest cmd 100 get-host-name').stdout, '{\n   "host-name" : "web"\n}\n')
  assert.equal(qm('guest exec 100 -- /nope'), { exitCode: 255, stdout: '', stderr: 'Agent error: no such file\n' })
})

test('a program that goes on is known by its number, and asked for later', () => {
  const state = host()
  call(state, 'qm start 100')
  const { qm } = withAgent(state, 60)
  const late = { exitCode: 0, stdout: '{\n   "pid" : 41\n}\n', stderr: 'timeout reached, returning pid\n' }
  assert.equal(qm('guest exec 100 -- sleep 60'), late)
  assert.equal(qm('guest exec 100 --timeout 2 -- sleep 60'), late)
  assert.equal(qm('guest exec 100 --synchronous 0 -- sleep 60'), { ...late, stderr: '' })
  assert.is(qm('guest exec-status 100 41').stdout, '{\n   "exited" : 0\n}\n')
  state.now += 60
  assert.match(qm('guest exec-status 100 41').stdout, /"exitcode" : 3/)
})

test('machines start with the host when they are told to', () => {
  const state = host()
  call(state, 'qm start 100')
  call(state, 'sim reboot')
  assert.is(call(state, 'qm status 100'), 'status: stopped\n')
  call(state, 'qm set 100 --onboot 1')
  call(state, 'sim reboot')
  assert.is(call(state, 'qm status 100'), 'status: running\n')
})

test('a machine in a pool leaves it when it is gone', () => {
  const state = host()
  call(state, 'pveum pool add prod')
  call(state, 'qm create 101 --pool prod')
  assert.match(state.files['/etc/pve/user.cfg']?.content ?? '', /^pool:prod::101::$/m)
  call(state, 'qm destroy 101')
  assert.match(state.files['/etc/pve/user.cfg']?.content ?? '', /^pool:prod::::$/m)
  assert.match(
    call(state, 'qm create 101 --pool nope'),
    /^255 403 Permission check failed \(pool 'nope' does not exist\)$/,
  )
})

test('pvesh answers about machines as JSON, with its keys by alphabet', () => {
  const state = host()
  const rows = JSON.parse(call(state, 'pvesh get /nodes/pve/qemu --output-format json'))
  assert.equal(Object.keys(rows[0]), Object.keys(rows[0]).sort())
  assert.is(rows[0].name, 'web')
  assert.is(JSON.parse(call(state, 'pvesh get /nodes/pve/qemu/100/config --output-format json')).memory, '2048')
  assert.is(JSON.parse(call(state, 'pvesh get /cluster/resources --type vm --output-format json'))[0].id, 'qemu/100')
  assert.match(call(state, 'pvesh get /storage --output-format json'), /^127 not simulated/)
})

test('what qm doesn’t know it refuses, and what the simulation doesn’t know too', () => {
  const state = host()
  assert.match(call(state, 'qm bogus 100'), /^255 ERROR: unknown command 'qm bogus'\nUSAGE:/)
  assert.match(call(state, 'qm disk'), /^255 ERROR: incomplete command 'qm disk'\nUSAGE:/)
  assert.match(call(state, 'qm migrate 100 other'), /^127 not simulated: qm migrate/)
  assert.match(call(state, 'qm create 101 --archive x'), /^127 not simulated/)
  assert.match(call(state, 'qm conf 100'), /^agent: 1$/m)
})

test.run()
