/** The step `nfs` on the simulated host: converging, drift, what is refused, and what goes when it is no longer declared. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { NfsExport, PhxConfig } from '../../lib/config/generated/types.ts'
import type { Host } from '../../lib/host/host.ts'
import { dyingAt } from '../engine-scene.ts'
import { etab, phxExports, type Scene, scene, usual } from './scene.ts'

const table = async (one: Scene): Promise<string[]> =>
  (await one.sim('exportfs -s')).split('\n').flatMap((line) => /^(\S+ {2}[^(]+)\(/.exec(line)?.[1] ?? [])

const allThree = ['/tank/data  10.0.0.0/24', '/tank/data  10.0.1.5', '/tank/media  10.0.0.0/24']

test('from a bare host in one run; the second has nothing to do', async () => {
  const one = scene()
  await one.converge()
  assert.equal((await table(one)).sort(), allThree)
  assert.is(await one.sim('rpcinfo -T tcp 127.0.0.1 nfs 4'), 'program 100003 version 4 ready and waiting\n')
})

test('a second run looks by one process a kind of thing', async () => {
  const one = scene()
  await one.converge()
  const asked: string[] = []
  const counted: Host = {
    ...one.host,
    name: 'counted',
    query: (...args: Parameters<Host['query']>) => {
      asked.push(args[0].join(' '))
      return one.host.query(...args)
    },
    readFile: (path) => one.host.readFile(path),
    stat: (path) => one.host.stat(path),
    listDir: (path) => one.host.listDir(path),
    realpath: (path) => one.host.realpath(path),
    hasTool: (tool) => one.host.hasTool(tool),
    inside: (guest) => one.host.inside(guest),
    mutate: async () => assert.unreachable('nothing is to be done') as never,
    writeFile: async () => assert.unreachable('nothing is to be done'),
    removeFile: async () => assert.unreachable('nothing is to be done'),
    close: async () => undefined,
  }
  await one.run(0, counted)
  assert.equal(asked.filter((line) => /^(exportfs|rpcinfo|getent|systemctl|dpkg-query)/.test(line)).length, 4)
})

test('the same exports said otherwise change nothing', async () => {
  const one = scene()
  await one.converge()
  one.exports = [
    { path: '/tank/media/', clients: ['10.0.0.7/24'] },
    { path: '/tank//data', clients: ['10.0.1.5/32', '10.0.0.0/24'], options: 'no_subtree_check,secure,rw,wdelay' },
  ]
  assert.equal(await one.summaries(), [])
})

const drifts: Readonly<Record<string, (one: Scene) => Promise<unknown>>> = {
  'an entry edited in phx.exports': (one) =>
    one.write(phxExports, (one.text(phxExports) ?? '').replace('media 10.0.0.0/24(ro', 'media *(rw')),
  'an entry taken out of phx.exports': (one) =>
    one.write(phxExports, (one.text(phxExports) ?? '').replace(/^.*media.*\n/m, '')),
  'phx.exports taken away': (one) => one.sim(`rm ${phxExports}`),
  'the mode of phx.exports changed': (one) => one.sim(`chmod 0666 ${phxExports}`),
  'the table flushed by exportfs -ua': (one) => one.sim('exportfs -ua'),
  'one entry taken out of the table': (one) => one.sim('exportfs -u 10.0.1.5:/tank/data'),
  'an entry of the table with other options': (one) => one.sim('exportfs -o rw,no_root_squash 10.0.0.0/24:/tank/media'),
  'a declared path exported by hand to others': (one) => one.sim('exportfs -o rw *:/tank/data'),
  'nfs-server stopped': (one) => one.sim('systemctl stop nfs-server'),
  'nfs-server disabled': (one) => one.sim('systemctl disable nfs-server'),
  'no threads, though the unit is active': (one) => one.sim('rpc.nfsd 0'),
  'the port mapper stopped': (one) => one.sim('systemctl stop rpcbind.socket rpcbind.service'),
  'the package removed': (one) => one.sim('apt-get -y remove nfs-kernel-server'),
}

for (const [name, drift] of Object.entries(drifts)) {
  test(`drift: ${name} is found by the plan and mended`, async () => {
    const one = scene()
    await one.converge()
    await drift(one)
    assert.ok((await one.changes()).length > 0)
    await one.converge()
    assert.equal((await table(one)).sort(), allThree)
    assert.match(one.text(etab) ?? '', /\/tank\/media\t10\.0\.0\.0\/24\(ro,.*root_squash/)
  })
}

test('a server that serves is not restarted for a changed export', async () => {
  const one = scene()
  await one.converge()
  one.exports = [...usual, { path: '/tank/media/films', clients: ['10.0.0.0/24'], owner: 'nobody', mode: '0775' }]
  const { commands } = await one.converge()
  assert.equal(commands, [
    ...['mkdir -p /tank/media/films', 'chown nobody /tank/media/films', 'chmod 0775 /tank/media/films'],
    'exportfs -ra',
  ])
  assert.match(
    one.text(phxExports) ?? '',
    '/tank/media/films 10.0.0.0/24(ro,sync,no_subtree_check,mountpoint=/tank/media)',
  )
})

test('owner, group and mode of the root are set only where declared, and of nothing inside', async () => {
  const one = scene([{ ...(usual[0] as NfsExport), owner: 'nobody', group: 'nogroup' }, usual[1] as NfsExport])
  const { commands } = await one.converge()
  assert.equal(
    commands.filter((line) => /^ch(own|mod)/.test(line)),
    ['chown nobody:nogroup /tank/data'],
  )
  await one.sim('sim write /tank/data/file', 'text')
  await one.sim('chown root:root /tank/data')
  await one.sim('chmod 0700 /tank/data')
  assert.equal((await one.converge()).commands, ['chown nobody:nogroup /tank/data'])
  assert.is((await one.host.stat('/tank/data'))?.mode, 0o700)
  assert.is((await one.host.stat('/tank/data/file'))?.uid, 0)
})

test('an owner whom nobody knows is refused', async () => {
  const one = scene([{ ...(usual[0] as NfsExport), owner: 'ghost' }])
  assert.match(await one.refused(), "/tank/data can't be given to ghost: there is no such account")
})

const notMine = '/srv/a 10.9.0.0/24(rw)\n'

test('what others export stays, byte for byte: /etc/exports, exports.d, exports made by hand', async () => {
  const one = scene()
  await one.sim('apt-get -y install nfs-kernel-server')
  await one.sim('mkdir -p /srv/a /srv/b /srv/c')
  await one.write('/etc/exports', `${notMine}# the end`)
  await one.write('/etc/exports.d/other.exports', '/srv/b 10.9.0.0/24(ro)\n')
  await one.sim('exportfs -ra')
  await one.sim('exportfs -o rw,all_squash,anonuid=1000 10.9.0.5:/srv/c')
  await one.converge()
  assert.is(one.text('/etc/exports'), `${notMine}# the end`)
  assert.is(one.text('/etc/exports.d/other.exports'), '/srv/b 10.9.0.0/24(ro)\n')
  const others = ['/srv/a  10.9.0.0/24', '/srv/b  10.9.0.0/24', '/srv/c  10.9.0.5']
  assert.equal((await table(one)).sort(), [...others, ...allThree])
  assert.match(await one.sim('exportfs -s'), /\/srv\/c {2}10\.9\.0\.5\(.*anonuid=1000,.*rw,.*all_squash\)/)
  one.exports = undefined
  await one.converge()
  assert.equal((await table(one)).sort(), others)
})

test("an admin's own mistake in /etc/exports keeps nothing of phx's from being exported", async () => {
  const one = scene()
  await one.sim('apt-get -y install nfs-kernel-server')
  await one.write('/etc/exports', '/srv/a 10.0.0.0/24(rw,bogus)\n')
  await one.converge()
  assert.equal((await table(one)).sort(), allThree)
})

test('the same path and client in a file of the admin is refused, with both places', async () => {
  const one = scene()
  await one.sim('apt-get -y install nfs-kernel-server')
  await one.write('/etc/exports', '# mine\n/tank/data 10.0.0.0/24(ro)\n')
  const said = await one.refused()
  assert.match(said, '/tank/data is exported to 10.0.0.0/24 by /etc/exports:2 as well as by "nfs" of the config')
  await one.write('/etc/exports', '# mine\n/tank/data 10.7.0.0/24(ro)\n')
  assert.match(await one.notes(), '/tank/data is also exported to 10.7.0.0/24 by /etc/exports:2: that stays as it is')
  await one.converge()
  assert.ok((await table(one)).includes('/tank/data  10.7.0.0/24'))
})

test('sharenfs set on the same dataset is refused', async () => {
  const one = scene()
  await one.converge()
  await one.sim('zfs set sharenfs=rw=@10.0.0.0/24 tank/data')
  assert.match(await one.refused(), "/tank/data is exported by its dataset's property sharenfs as well")
})

test('a file of that name that is not of phx stays, and nothing is exported', async () => {
  const one = scene()
  await one.sim('apt-get -y install nfs-kernel-server')
  await one.write(phxExports, '/srv *(rw)\n')
  assert.match(await one.refused(), `${phxExports} is there and was not written by phx`)
})

test('preflight: a client that does not resolve', async () => {
  const one = scene([{ path: '/tank/data', clients: ['nas', '10.0.0.5'] }])
  assert.match(await one.refused(), 'the client nas does not resolve on the host')
  await one.write('/etc/hosts', `${one.text('/etc/hosts')}10.0.0.77 nas.example.internal nas\n`)
  await one.converge()
  assert.ok((await table(one)).includes('/tank/data  nas.example.internal'))
})

test('preflight: port 2049 taken by another service', async () => {
  const one = scene()
  await one.sim('sim listen 2049')
  assert.match(await one.refused(), 'port 2049 is taken by ganesha.nfsd (process 4711)')
})

test('a masked server is refused; a masked port mapper is not needed for version 4', async () => {
  const one = scene()
  await one.converge()
  await one.sim('systemctl mask nfs-server')
  assert.match(await one.refused(), 'nfs-server.service is masked')
  await one.sim('systemctl unmask nfs-server')
  await one.sim('systemctl stop rpcbind.socket rpcbind.service')
  await one.sim('systemctl mask rpcbind.socket rpcbind.service')
  assert.equal(await one.summaries(), [])
  assert.match(await one.notes(), 'rpcbind is masked')
})

test('children that clients do not see are told of, and what crossmnt lets them see', async () => {
  const root = (options: string[]): NfsExport[] => [{ path: '/tank', clients: ['10.0.0.0/24'], options }]
  assert.match(
    await scene(root(['rw', 'sync', 'no_subtree_check'])).notes(),
    'clients of /tank see an empty folder at /tank/data, /tank/media',
  )
  assert.match(
    await scene(root(['rw', 'sync', 'no_subtree_check', 'crossmnt'])).notes(),
    'crossmnt: clients of /tank also reach /tank/data, /tank/media',
  )
  assert.not.match(await scene([...root(['ro']), ...usual]).notes(), 'empty folder')
})

test('what is no longer declared goes, the rest stays; who uses it is named, as a disruption', async () => {
  const one = scene()
  await one.converge()
  await one.sim('sim nfs-mount 10.0.0.7')
  await one.sim('sim nfs-mount 10.0.1.5')
  one.exports = [{ ...(usual[0] as NfsExport), clients: ['10.0.0.0/24'] }, usual[1] as NfsExport]
  const [change, ...more] = await one.changes()
  assert.is(more.length, 0)
  assert.is(change?.risk, 'disruptive')
  assert.equal(
    change?.fields.filter(({ field }) => field === 'in use by').map(({ from }) => from),
    ['10.0.1.5 (/tank/data)'],
  )
  await one.converge()
  assert.equal((await table(one)).sort(), ['/tank/data  10.0.0.0/24', '/tank/media  10.0.0.0/24'])
  one.exports = undefined
  assert.is((await one.changes())[0]?.risk, 'disruptive')
  await one.converge()
  assert.equal(await table(one), [])
  assert.is(one.text(phxExports), undefined)
  assert.is((await one.sim('cat /proc/fs/nfsd/threads')).trim(), '16', 'the server goes on running')
})

test('what nobody uses goes as a safe change', async () => {
  const one = scene()
  await one.converge()
  one.exports = [usual[1] as NfsExport]
  assert.equal(
    (await one.changes()).map(({ risk }) => risk),
    ['safe'],
  )
})

const stored: NfsExport[] = [
  { ...(usual[0] as NfsExport), proxmox_storage: 'nfs-data', proxmox_content_type: 'iso,backup' },
  usual[1] as NfsExport,
]
const home: PhxConfig = { network: { interfaces: { name: 'vmbr0', address: '10.0.0.13/24' } } }

test('a storage of type nfs comes last, when the server answers; undeclared it goes with its mount', async () => {
  const one = scene(stored, home)
  const { commands } = await one.converge()
  assert.is(
    commands.at(-1),
    'pvesm add nfs nfs-data --server 10.0.0.13 --export /tank/data --content backup,iso --options vers=4',
  )
  await one.sim('pvesm set nfs-data --content iso')
  assert.equal((await one.converge()).commands, ['pvesm set nfs-data --content backup,iso'])
  one.exports = usual
  const removal = await one.converge()
  assert.equal(removal.commands, ['pvesm remove nfs-data', 'umount /mnt/pve/nfs-data'])
  assert.equal((await table(one)).sort(), allThree, 'the export is declared still')
})

test('a storage that a guest names stays', async () => {
  const one = scene(stored, home)
  await one.converge()
  await one.write('/etc/pve/qemu-server/101.conf', 'ide2: nfs-data:iso/debian.iso,media=cdrom\n')
  one.exports = usual
  assert.equal(await one.summaries(), [])
  assert.match(await one.notes(), 'nfs storage nfs-data is no longer declared, but VM 101 still names it')
})

test('a storage of that id on another server is refused', async () => {
  const one = scene(stored, home)
  await one.sim('pvesm add nfs nfs-data --server 10.0.0.99 --export /x --disable 1')
  assert.match(
    await one.refused(),
    "the server of storage nfs-data can't be changed: declared is 10.0.0.13, it is 10.0.0.99",
  )
})

test("a storage that somebody made for another server is nobody's business", async () => {
  const one = scene(stored, home)
  await one.sim('pvesm add nfs nas --server 10.0.0.99 --export /x --disable 1')
  await one.converge()
  assert.match(one.text('/etc/pve/storage.cfg') ?? '', 'nfs: nas\n')
})

test('a folder of features is exported to its machine alone, once the task that makes it is through', async () => {
  const vm = { vmid: 8101, name: 'docker-host', features: ['base_setup'], network_config: { ip: '10.0.0.101/24' } }
  const one = scene(usual, {
    network: { nfs_server: '10.0.0.13' },
    vm_features: { export: '/tank/data' },
    guests: { vms: [vm] },
  })
  const { needs } = await one.task()
  assert.ok(needs.includes('vm-features:8101'))
  await one.converge()
  assert.equal((await table(one)).sort(), [...allThree, '/tank/data/vm-features/8101  10.0.0.101'].sort())
  assert.match(one.text(phxExports) ?? '', '8101 10.0.0.101(ro,sync,no_subtree_check,mountpoint=/tank/data)')
  one.config = { ...one.config, guests: { vms: [] } }
  await one.run()
  await one.converge()
  assert.equal((await table(one)).sort(), allThree)
})

test('after a reboot everything is exported again and phx has nothing to do', async () => {
  const one = scene()
  await one.converge()
  await one.sim('sim reboot')
  assert.equal((await table(one)).sort(), allThree)
  assert.is((await one.run()).summary.mutations, 0)
})

for (const after of [false, true]) {
  test(`killed ${after ? 'after' : 'before'} each of its changes, the next run goes on and ends the same`, async () => {
    const changed: NfsExport[] = [
      { path: '/tank/data/sub', clients: ['10.0.2.0/24'], mode: '0770' },
      { ...(usual[1] as NfsExport), clients: ['10.0.1.5'] },
    ]
    for (let nth = 1; ; nth++) {
      const one = scene()
      await one.converge()
      one.exports = changed
      const { host, hasDied } = dyingAt(one.host, nth, after)
      await one.run(hasDied() ? 1 : 0, host).catch(() => undefined)
      if (!hasDied()) {
        assert.ok(nth > 5)
        return
      }
      await one.converge()
      assert.equal((await table(one)).sort(), ['/tank/data/sub  10.0.2.0/24', '/tank/media  10.0.1.5'], `at ${nth}`)
    }
  })
}

test.run()
