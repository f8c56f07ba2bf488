/** Volumes of containers: what stands in a configuration, which volume is which, and what is done about it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredContainers } from '../../lib/config/lxc-volumes.ts'
import { CannotLook } from '../../lib/engine/cannot-look.ts'
import { newLook } from '../../lib/engine/look.ts'
import { ForeseenSet, ownedBy } from '../../lib/engine/plan.ts'
import type { Comparison, Owned } from '../../lib/engine/resource.ts'
import { readerOf } from '../../lib/host/host.ts'
import type { SimulatedHost } from '../../lib/host/simulated/host.ts'

import { LxcVolume } from '../../lib/resources/lxc-volume/volume.ts'
import { parseContainer } from '../../lib/resources/probes/containers.ts'
import { lxcVolumes } from '../../tasks/lxc-volumes.ts'
import { disks, hostAfter } from '../properties/world.ts'
import { recordedConf } from './recorded-conf.ts'
import { stepText } from './rig.ts'

const conf = [
  '# a note',
  'arch: amd64',
  'hostname: web',
  'memory: 512',
  'net0: name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth',
  'ostype: debian',
  'rootfs: ct:subvol-901-disk-0,size=8G',
  'unprivileged: 1',
]

interface Wanted {
  lines?: readonly string[]
  size?: number
  at?: string
  backup?: boolean
  recorded?: { volume: string; 'mount point': string; guid?: string }
}

async function hostWith(lines: readonly string[]): Promise<SimulatedHost> {
  const host = hostAfter([
    ['zpool', 'create', 'tank', disks[0] ?? ''],
    ['zfs', 'create', 'tank/ct'],
    ['pvesm', 'add', 'zfspool', 'ct', '--pool', 'tank/ct'],
  ])
  for (const name of new Set(lines.join('\n').match(/(?<=ct:)subvol-\d+-disk-\d+/g)))
    await host.mutate(['zfs', 'create', '-o', 'refquota=10G', `tank/ct/${name}`])
  await host.writeFile({ path: '/etc/pve/lxc/901.conf', content: `${lines.join('\n')}\n`, mode: 0o640 })
  return host
}

async function compareOn(host: SimulatedHost, { size = 10, at = '/srv/models', backup, recorded }: Wanted) {
  const options = { sizeGb: size, mountPoint: at, backup: backup ?? null, isPersistent: false }
  const volume = { name: 'models', storage: 'ct', dataset: null, ...options }
  const owned: Owned = { ...ownedBy(undefined), live: () => recorded }
  return new LxcVolume('901', volume, [volume]).compare(newLook(readerOf(host)), new ForeseenSet(), owned)
}

const compare = async (wanted: Wanted): Promise<Comparison> =>
  compareOn(await hostWith([...conf, ...(wanted.lines ?? [])]), wanted)

const steps = ({ changes }: Comparison): string[] => changes.flatMap((change) => change.steps.map(stepText))
const commands = (comparison: Comparison): string[] => steps(comparison).filter((text) => text.startsWith('pct'))
const why = ({ refusals }: Comparison): string => refusals.map((refusal) => refusal.why).join('; ')
const mend = ({ refusals }: Comparison): string => refusals.flatMap((refusal) => refusal.mend).join('\n')

const recorded = { volume: 'ct:subvol-901-disk-1', 'mount point': '/srv/models' }

test('a configuration as pct writes it: mounts, sizes in any unit, unused volumes, the lock', () => {
  const { mounts, unused, lock } = parseContainer('101', recordedConf(97, '101'))
  assert.equal(
    mounts.map(({ slot, kind, source, path }) => `${slot} ${kind} ${source} ${path}`),
    [
      'mp1 bind mount /nope/at/all /x',
      'mp3 bind mount /srv /rel/path',
      'mp4 bind mount /var /srv',
      'mp5 volume d1:101/vm-101-disk-9.raw /y',
      'mp6 bind mount /srv/a b /y z',
    ],
  )
  assert.equal([...unused], [['unused0', 'd1:101/vm-101-disk-2.raw']])
  assert.is(lock, 'mounted')
  const sizes = parseContainer('102', `${recordedConf(28, '102')}mp7: a:b,mp=/t,size=1T\nmp8: a:c,mp=/m,size=512M\n`)
  assert.equal(
    sizes.mounts.map(({ slot, size }) => `${slot} ${size}`),
    [`mp0 ${2 ** 30}`, 'mp1 null', `mp7 ${2 ** 40}`, `mp8 ${2 ** 29}`],
  )
})

test('what a snapshot holds is not there, and what waits for the next start is, as it will be', async () => {
  const snapshot = ['mp0: ct:subvol-901-disk-1,mp=/data,size=10G', '', '[before]', 'mp1: ct:x,mp=/srv/models,size=10G']
  assert.equal(commands(await compare({ lines: snapshot })), ['pct set 901 -mp1 ct:10,mp=/srv/models'])
  const waiting = [
    'mp0: ct:subvol-901-disk-1,mp=/srv/old,size=10G',
    '',
    '[pve:pending]',
    'mp0: ct:subvol-901-disk-1,mp=/srv/models,backup=1',
  ]
  const { changes, refusals, notes } = await compare({ lines: waiting, backup: true })
  assert.equal([changes, refusals], [[], []])
  assert.match(notes[0]?.text ?? '', /mp0 of container 901 takes effect when it starts/)
})

test('an allocation that failed waits in the configuration: none is added to it', async () => {
  const comparison = await compare({ lines: ['', '[pve:pending]', 'mp0: ct:10,mp=/srv/models'] })
  assert.equal(commands(comparison), [])
  assert.match(mend(comparison), /pct set 901 --revert mp0/)
  const other = await compare({ lines: ['', '[pve:pending]', 'mp0: ct:10,mp=/srv/other'] })
  assert.equal(commands(other), ['pct set 901 -mp1 ct:10,mp=/srv/models'])
})

test('right before the allocation the configuration is read again', async () => {
  const host = await hostWith(conf)
  const [verify] = (await compareOn(host, {})).changes[0]?.steps ?? []
  assert.is(verify?.kind, 'verify')
  const check = async () => (verify?.kind === 'verify' ? verify.check(readerOf(host), () => {}) : 'no verify')
  assert.is(await check(), undefined)
  await host.mutate(['pct', 'set', '901', '-mp4', 'ct:1,mp=/srv/models'])
  assert.match((await check()) ?? '', /mp4 of container 901 is ct:\S+ on \/srv\/models by now/)
})

test('its own detached volume comes back by its id, with the slot that is free', async () => {
  const lines = ['mp0: /srv,mp=/srv', 'unused0: ct:subvol-901-disk-1']
  const host = await hostWith([...conf, ...lines])
  const { stdout } = await host.query(['zfs', 'get', '-Hp', '-o', 'value', 'guid', 'tank/ct/subvol-901-disk-1'])
  const comparison = await compareOn(host, { recorded: { ...recorded, guid: stdout.trim() }, backup: true })
  assert.equal(commands(comparison), ['pct set 901 -mp1 ct:subvol-901-disk-1,mp=/srv/models,backup=1'])
  const other = await compare({ lines: ['unused0: other:subvol-901-disk-1'] })
  assert.equal(commands(other), ['pct set 901 -mp0 ct:10,mp=/srv/models'])
})

test('a detached volume is asked about when nothing proves that it is the one', async () => {
  const lines = ['unused0: ct:subvol-901-disk-1']
  for (const one of [recorded, { ...recorded, guid: '1' }])
    assert.match(
      mend(await compare({ lines, recorded: one })),
      /if it is .*: pct set 901 -mp0 ct:subvol-901-disk-1,mp=/,
    )
  // Nothing tells one image file from another of its name.
  const file = { 'mount point': '/srv/models', volume: 'ct:901/vm-901-disk-1.raw' }
  assert.match(why(await compare({ lines: [`unused0: ${file.volume}`], recorded: file })), /that may be volume models/)
})

test('another volume of the recorded name on another mount point is asked about', async () => {
  const lines = ['mp0: ct:subvol-901-disk-1,mp=/srv/models,size=10G']
  const comparison = await compare({ lines, at: '/srv/moved', recorded: { ...recorded, guid: '1' } })
  assert.equal(commands(comparison), [])
  assert.match(mend(comparison), /if it is .*: pct set 901 -mp0 ct:subvol-901-disk-1,mp=\/srv\/moved/)
})

test('the number of a virtual machine is told from one that is free', async () => {
  for (const path of ['/etc/pve/qemu-server/901.conf', '/etc/pve/nodes/other/qemu-server/901.conf']) {
    const host = await hostWith(conf)
    await host.mutate(['rm', '/etc/pve/lxc/901.conf'])
    await host.mutate(['mkdir', '-p', path.replace('/901.conf', '')])
    await host.writeFile({ path, content: 'memory: 512\n', mode: 0o640 })
    const error = await compareOn(host, {}).catch((caught: unknown) => caught)
    assert.instance(error, CannotLook)
    assert.match(String(error), `901 is a virtual machine (${path})`)
    assert.not.match((error as CannotLook).mend.join(), 'pct create')
  }
})

test('the order of the numbers: between what is above it and what is below it', async () => {
  const mounted = (number: number, path: string) => `mp${number}: ct:subvol-901-disk-${number},mp=${path},size=10G`
  const setOf = async (lines: readonly string[]) => commands(await compare({ lines }))
  assert.equal(await setOf([mounted(3, '/srv')]), ['pct set 901 -mp4 ct:10,mp=/srv/models'])
  assert.equal(await setOf([mounted(2, '/srv'), mounted(5, '/srv/models/x')]), [
    'pct set 901 -mp3 ct:10,mp=/srv/models',
  ])
  assert.equal(await setOf([mounted(0, '/srv/modelsx')]), ['pct set 901 -mp1 ct:10,mp=/srv/models'])
  assert.equal(await setOf([mounted(0, '/srv/models/x'), mounted(1, '/srv')]), [])
  const standing = await compare({ lines: [mounted(5, '/srv/models'), mounted(4, '/srv/models/x')] })
  assert.equal(commands(standing), [])
  assert.match(
    standing.notes.map(({ text }) => text).join(),
    /mp5 .* on \/srv\/models is mounted after mp4 on .*x, and covers it/,
  )
})

test('a mount point that the config moved is moved; one that somebody else moved is asked about', async () => {
  const lines = ['mp0: ct:subvol-901-disk-1,mp=/srv/models,acl=1,size=10G']
  const moved = await compare({ lines, at: '/opt/models', recorded })
  assert.equal(commands(moved), ['pct set 901 -mp0 ct:subvol-901-disk-1,mp=/opt/models,acl=1'])
  const strange = ['mp0: ct:subvol-901-disk-1,mp=/elsewhere,size=10G']
  const asked = await compare({ lines: strange, recorded })
  assert.equal(commands(asked), [])
  assert.match(why(asked), /is on \/elsewhere now \(mp0\), declared on \/srv\/models/)
})

test('a record of what is nowhere any more is told, and a new one allocated', async () => {
  const { changes, notes } = await compare({ recorded })
  assert.is(changes.length, 1)
  assert.match(notes[0]?.text ?? '', /no longer names ct:subvol-901-disk-1/)
})

test('another volume, and two on one mount point, are refused by name', async () => {
  const foreign = await compare({ lines: ['mp0: fast:subvol-901-disk-9,mp=/srv/models,size=10G'] })
  assert.match(why(foreign), /taken by mp0 \(fast:subvol-901-disk-9\)/)
  assert.match(mend(foreign), /"pool": "fast"\n.*pct move-volume 901 mp0 ct/)
  const lines = [
    'mp0: ct:subvol-901-disk-1,mp=/srv/models,size=10G',
    'mp1: ct:subvol-901-disk-2,mp=/srv/models,size=10G',
  ]
  assert.match(why(await compare({ lines })), /is there 2 times: mp0 \(.*disk-1\) and mp1 \(.*disk-2\)/)
})

test('backup is compared where it is declared, and a protected container is left alone', async () => {
  const lines = ['mp0: ct:subvol-901-disk-1,mp=/srv/models,backup=1,size=10G']
  assert.equal(commands(await compare({ lines })), [])
  assert.equal(commands(await compare({ lines, backup: true })), [])
  assert.equal(commands(await compare({ lines, backup: false })), [
    'pct set 901 -mp0 ct:subvol-901-disk-1,mp=/srv/models',
  ])
  const guarded = await compare({ lines: [...lines, 'protection: 1'], backup: false })
  assert.equal(commands(guarded), [])
  assert.match(mend(guarded), /--protection 0/)
})

test('what is set for a running container waits, and counts as done', async () => {
  const host = await hostWith([...conf, 'mp0: ct:subvol-901-disk-1,mp=/srv/models,size=10G'])
  await host.mutate(['pct', 'start', '901'])
  const wanted = { backup: true }
  for (const { argv } of (await compareOn(host, wanted)).changes.flatMap((change) =>
    change.steps.flatMap((step) => (step.kind === 'command' ? [step] : [])),
  ))
    assert.is((await host.mutate(argv)).exitCode, 0)
  const { changes, notes } = await compareOn(host, wanted)
  assert.equal(changes, [])
  assert.match(notes[0]?.text ?? '', /takes effect when it is started anew/)
})

test('a size that does not stand there is not guessed', async () => {
  const { changes, notes } = await compare({ lines: ['mp0: ct:subvol-901-disk-1,mp=/srv/models'], size: 5 })
  assert.equal(changes, [])
  assert.match(notes[0]?.text ?? '', /pct rescan --vmid 901/)
})

const config = {
  zfs: {
    pools: [{ name: 'tank', disks: ['/dev/x'], raid_level: 'single' as const }],
    datasets: [
      { name: 'ct', pool: 'tank', proxmox_storage_type: 'zfspool' as const },
      { name: 'files', pool: 'tank', proxmox_storage_type: 'dir' as const },
    ],
  },
  guests: {
    lxc_configs: {
      '901': {
        name: 'web',
        zfs_volumes: [
          { name: 'b', pool: 'tank-files', size_gb: 1, mount_point: '/srv/a//b/' },
          { name: 'a', pool: 'tank', size_gb: 1, mount_point: '/srv/a' },
          { name: 'c', pool: 'others', size_gb: 1, mount_point: '/opt' },
        ],
      },
      '902': { name: 'none' },
    },
  },
}

test('a volume’s pool is a pool, a declared storage, or somebody else’s; folders come before what is in them', () => {
  const [container, ...more] = declaredContainers(config)
  assert.equal(more, [])
  assert.equal(
    container?.volumes.map(({ name, storage, dataset, mountPoint }) => [name, storage, dataset, mountPoint]),
    [
      ['c', 'others', null, '/opt'],
      ['a', 'tank-ct', 'tank/ct', '/srv/a'],
      ['b', 'tank-files', 'tank/files', '/srv/a/b'],
    ],
  )
  const [task] = lxcVolumes.expand(config, [])
  assert.is(task?.id, 'lxc-volumes:901')
  assert.equal(task?.needs, ['storage:tank'])
  assert.equal(task?.groups, ['lxc-volumes', 'lxc:901', 'guests', 'setup'])
  assert.equal(task?.resources.map(({ id }) => id).slice(0, 2), ['lxc-volume:901/c', 'lxc-volume:901/a'])
  assert.equal(
    lxcVolumes.expand({}, ['lxc-volumes:901', 'zfs:tank']).map(({ id }) => id),
    ['lxc-volumes:901'],
  )
})

test.run()
