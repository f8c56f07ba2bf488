/** What went wrong with NFS in the shell scripts that phx replaces, one test an incident, each bearing its name. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NfsExport, PhxConfig } from '../../lib/config/generated/types.ts'
import { readerOf } from '../../lib/host/host.ts'
import { isReady } from '../../lib/resources/nfs/ready.ts'
import { missingFrom } from '../../lib/resources/nfs/table.ts'
import { parseTable } from '../../lib/resources/probes/exports.ts'
import { nfs } from '../../tasks/nfs.ts'
import { etab, phxExports, type Scene, scene, usual } from './scene.ts'

const [data, media] = usual as [NfsExport, NfsExport]
const home: PhxConfig = { network: { interfaces: { name: 'vmbr0', address: '10.0.0.13/24' } } }
const stored: NfsExport[] = [{ ...data, proxmox_storage: 'nfs-data' }, media]

const verified = (one: Scene) => {
  const step = isReady([{ path: '/tank/data', client: '10.0.0.0/24', options: ['mountpoint', 'rw'] }], new Map())
  return step.kind === 'verify' ? step.check(readerOf(one.host), () => {}) : assert.unreachable()
}

test('showmount was asked once, directly after the restart, and the wait of 120 s came when the script had ended', async () => {
  const one = scene(stored, home)
  await one.converge()
  const order = (await one.plan()).tasks.map(({ task }) => task)
  assert.ok(order.indexOf('zfs:tank') < order.indexOf('nfs'))
  await one.sim('pvesm remove nfs-data')
  const [add] = await one.changes()
  assert.equal(
    add?.steps.map((step) => (step.kind === 'verify' ? step.what : step.kind)),
    ['the NFS server answers', 'command'],
    'the storage is added only once the server answers',
  )
})

test('the server is waited for with the cause at hand: stopped, without threads, without its port mapper, without the export', async () => {
  const one = scene()
  await one.converge()
  assert.is(await verified(one), undefined)
  await one.sim('exportfs -u 10.0.0.0/24:/tank/data')
  assert.match((await verified(one)) ?? '', 'exportfs -s does not list /tank/data 10.0.0.0/24(rw,sync,no_subtree_check')
  await one.sim('systemctl stop rpcbind.socket rpcbind.service')
  assert.match(
    (await verified(one)) ?? '',
    'NFS version 4 does not answer on 127.0.0.1: rpcinfo: RPC: Remote system error',
  )
  await one.sim('rpc.nfsd 0')
  assert.match((await verified(one)) ?? '', 'nfs-server.service is active, yet the kernel')
  await one.sim('systemctl stop nfs-server')
  assert.is(await verified(one), 'nfs-server.service is inactive')
})

test('NFS was waited for by mountd and rpcbind while mounts are of version 4', async () => {
  const one = scene()
  const asked: string[] = []
  await one.converge()
  const counted = { ...readerOf(one.host), query: one.host.query.bind(one.host) }
  await isReadyAsking(counted, asked)
  assert.equal(
    asked.filter((line) => /showmount|mountd/.test(line)),
    [],
  )
  assert.ok(asked.includes('rpcinfo -T tcp 127.0.0.1 nfs 4'))
})

async function isReadyAsking(reader: ReturnType<typeof readerOf>, asked: string[]): Promise<void> {
  const step = isReady([], new Map())
  if (step.kind !== 'verify') return
  const query: typeof reader.query = (argv, options) => {
    asked.push(argv.join(' '))
    return reader.query(argv, options)
  }
  assert.is(await step.check({ ...reader, query }, () => {}), undefined)
}

test('mkdir of an export before its dataset is mounted made a folder on the root disk, and the export served that', async () => {
  const below: NfsExport = { path: '/tank/data/sub', clients: ['10.0.0.0/24'] }
  const one = scene([data, below])
  await one.converge()
  await one.sim('zfs unmount tank/data')
  await one.sim('zfs set canmount=noauto tank/data')
  assert.match(await one.refused(), 'tank/data is not mounted at /tank/data (its property canmount is noauto)')
  await one.sim('zfs set canmount=on tank/data')
  const { commands } = await one.converge()
  assert.not.ok(commands.includes('mkdir -p /tank/data/sub'), 'it is where it was, on the dataset')
  const lines = (one.text(phxExports) ?? '').split('\n')
  assert.match(lines[1] ?? '', /^\/tank\/data 10\.0\.0\.0\/24\(.*,mountpoint\)$/)
  assert.match(lines.at(-2) ?? '', /^\/tank\/data\/sub 10\.0\.0\.0\/24\(.*,mountpoint=\/tank\/data\)$/)
})

test('nfs ran before zfs', () => {
  const [task] = nfs.expand(scene().config, [])
  assert.ok(task?.needs.includes('zfs:tank'))
})

test('the export loop split JSON at blanks', async () => {
  const spaced: NfsExport = { path: '/tank/data/two words', clients: ['10.0.0.0/24'] }
  const one = scene([spaced])
  await one.converge()
  assert.match(one.text(phxExports) ?? '', '\n/tank/data/two\\040words 10.0.0.0/24(ro,')
  assert.match(await one.sim('exportfs -s'), '/tank/data/two\\040words  10.0.0.0/24(')
})

test('the showmount test was a substring match', () => {
  const options = ['rw']
  const table = parseTable(
    '/tank/data2  10.0.0.0/24(no_subtree_check,sec=sys,rw)\n/tank/data  10.0.0.0/2(no_subtree_check,sec=sys,rw)\n',
  )
  const entry = { path: '/tank/data', client: '10.0.0.0/24', options }
  assert.equal(missingFrom(table, [entry], new Map()), ['/tank/data 10.0.0.0/24(rw,sync,no_subtree_check)'])
})

test('clients stood in one parenthesis a,b(opts) instead of each in its own', async () => {
  const one = scene([data])
  await one.converge()
  const lines = (one.text(phxExports) ?? '').split('\n').slice(1, -1)
  assert.equal(
    lines.map((line) => line.split('(')[0]),
    ['/tank/data 10.0.0.0/24', '/tank/data 10.0.1.5'],
  )
})

test('chmod -R 777 and chown -R nobody on the data at each run', async () => {
  const one = scene()
  const { commands } = await one.converge()
  assert.equal(
    commands.filter((line) => /^ch(own|mod)/.test(line)),
    [],
    'nothing was declared of owner or mode',
  )
  one.exports = [{ ...data, owner: 'nobody', mode: '0770' }, media]
  assert.equal((await one.converge()).commands, ['chown nobody /tank/data', 'chmod 0770 /tank/data'])
})

test('permission denied was answered with 777 and no_root_squash, in and out and in again', async () => {
  const one = scene([data])
  assert.match(await one.notes(), '/tank/data is exported rw, but only root may write to the folder itself')
  one.exports = [{ ...data, owner: 'nobody' }]
  assert.not.match(await one.notes(), 'only root may write')
  await one.converge()
  assert.match(one.text(etab) ?? '', /root_squash,no_all_squash,no_subtree_check/)
})

test('storage entries nfs-* were removed as undeclared and added again at each setup', async () => {
  const one = scene(stored, home)
  await one.sim('pvesm add nfs nas --server 10.0.0.99 --export /x --disable 1')
  await one.converge()
  const cfg = one.text('/etc/pve/storage.cfg')
  assert.is((await one.run()).summary.mutations, 0)
  assert.is(one.text('/etc/pve/storage.cfg'), cfg)
})

test('/etc/exports was rewritten whole, with copies beside it', async () => {
  const one = scene()
  await one.sim('apt-get -y install nfs-kernel-server')
  await one.write('/etc/exports', '# mine\n')
  await one.converge()
  assert.is(one.text('/etc/exports'), '# mine\n')
  assert.equal(await one.host.listDir('/etc/exports.d'), ['phx.exports'])
})

test('a line that exportfs would not take is never live: the file stays as it was, and so does the table', async () => {
  const one = scene()
  await one.converge()
  const [file, table] = [one.text(phxExports), one.text(etab)]
  one.exports = [{ ...data, options: ['rw', 'sync', 'no_subtree_check', 'xprtsec=mtls'] }, media]
  const { summary } = await one.run(1)
  assert.match(
    summary.tasks.find(({ task }) => task === 'nfs')?.why ?? '',
    'refuses the new text of /etc/exports.d/phx.exports',
  )
  assert.is(one.text(phxExports), file)
  assert.is(one.text(etab), table)
})

test.run()
