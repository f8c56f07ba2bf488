/** Whose ground a storage stands on: below a pool's mount point may lie another disk, another pool or an NFS mount. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Dataset, PhxConfig } from '../../lib/config/generated/types.ts'
import { newLook } from '../../lib/engine/look.ts'
import { compareTask, ForeseenSet } from '../../lib/engine/plan.ts'
import { readerOf } from '../../lib/host/host.ts'
import { openSimulated } from '../../lib/host/simulated/host.ts'
import { modules } from '../../tasks/index.ts'
import { blank, byId, made, tank } from './hosts.ts'
import { type Facts, readerOf as factsReader, planOn } from './rig.ts'

const withDatasets = (...datasets: Dataset[]): PhxConfig => ({ zfs: { ...tank().zfs, datasets } })
const mounts = ['rpool/ROOT / zfs rw 0 0', 'tank /tank zfs rw 0 0']
const host = (more: readonly string[], storages: readonly string[], facts: Partial<Facts> = {}): Facts => ({
  ...made,
  ...facts,
  files: { '/proc/mounts': [...mounts, ...more], '/etc/pve/storage.cfg': storages, ...facts.files },
})
const dir = (id: string, path: string, ...options: string[]): string[] => [
  `dir: ${id}`,
  `\tpath ${path}`,
  ...options.map((option) => `\t${option}`),
  '',
]
async function removed(config: PhxConfig, facts: Facts): Promise<string[]> {
  const planned = await planOn(config, facts)
  assert.equal(
    planned.flatMap((task) => task.unreadable ?? []),
    [],
  )
  return planned.flatMap((task) => task.changes.filter(({ action }) => action === 'remove').map((one) => one.resource))
}

test('a USB disk mounted below the pool: its storage was removed', async () => {
  const [a, b, usb] = [byId('A'), byId('B'), byId('USB')]
  const simulated = await openSimulated(null, [a, b, usb])
  const scene = [
    `zpool create tank ${a} ${b}`,
    `mkfs.ext4 -q -F ${usb}`,
    'mkdir -p /tank/usb',
    `mount ${usb} /tank/usb`,
    'pvesm add dir usb --path /tank/usb --content iso',
    'pvesm add dir own --path /tank/own --content iso',
  ]
  for (const line of scene) assert.is((await simulated.mutate(line.split(' '))).exitCode, 0, line)
  const look = newLook(readerOf(simulated))
  const tasks = modules.flatMap((module) => [...module.expand(tank({ raid_level: 'stripe' }), [])])
  const planned = []
  for (const task of tasks) planned.push(await compareTask(task, undefined, look, new ForeseenSet()))
  assert.equal(
    planned.flatMap((task) => task.changes.map((change) => change.summary)),
    ['remove dir storage own, which is not declared (its data stays)'],
  )
})

test('another pool, NFS and an automount below the pool are others', async () => {
  const more = ['other/x /tank/other zfs rw 0 0', '10.0.0.9:/x /tank/nas nfs4 rw 0 0', 'auto /tank/auto autofs rw 0 0']
  const storages = [
    ...dir('other', '/tank/other/iso'),
    ...dir('nas', '/tank/nas'),
    ...dir('auto', '/tank/auto/a'),
    ...dir('own', '/tank/own/'),
  ]
  assert.equal(await removed(tank(), host(more, storages)), ['storage:own'])
})

test("below a dataset's own mount point too: an NFS mount at /mnt/nas under a dataset's /mnt", async () => {
  const config = withDatasets({ name: 'm', pool: 'tank', properties: 'mountpoint=/mnt' })
  const datasets = { tank: {}, 'tank/m': { mountpoint: '/mnt' } }
  const storages = [...dir('nas', '/mnt/nas'), ...dir('own', '/mnt/own')]
  const more = ['tank/m /mnt zfs rw 0 0', '10.0.0.9:/x /mnt/nas nfs4 rw 0 0']
  assert.equal(await removed(config, host(more, storages, { datasets })), ['storage:own'])
})

test('a dataset that is not mounted claims nothing by its path', async () => {
  const config = withDatasets({ name: 'm', pool: 'tank', properties: 'mountpoint=/mnt' })
  const datasets = { tank: {}, 'tank/m': { mountpoint: '/mnt', mounted: 'no|-' } }
  assert.equal(await removed(config, host([], dir('theirs', '/mnt/own'), { datasets })), [])
})

test('a link below the pool leads where it leads', async () => {
  const facts = host(['/dev/sdx1 /srv ext4 rw 0 0'], dir('linked', '/tank/link'))
  const reader = factsReader(facts)
  const tasks = modules.flatMap((module) => [...module.expand(tank(), [])])
  const linked = {
    ...reader,
    realpath: async (path: string) => (path === '/tank/link' ? '/srv' : reader.realpath(path)),
  }
  const look = newLook(linked)
  for (const task of tasks) {
    assert.equal((await compareTask(task, undefined, look, new ForeseenSet())).changes, [])
  }
})

test('an entry that expects a mount which is not there now is left', async () => {
  const storages = [
    ...dir('usb', '/tank/usb', 'is_mountpoint yes'),
    ...dir('deep', '/tank/d/x', 'is_mountpoint /tank/d'),
  ]
  assert.equal(await removed(tank(), host([], storages)), [])
})

test('no pool yet: the plan claims by path what the pool will carry, and not what a mount of others carries', async () => {
  const storages = { '/etc/pve/storage.cfg': [...dir('old', '/tank/old'), ...dir('usb', '/tank/usb')] }
  const removals = async (facts: Facts): Promise<string[]> => {
    const look = newLook(factsReader(facts))
    const foreseen = new ForeseenSet()
    const found: string[] = []
    for (const task of modules.flatMap((module) => [...module.expand(tank(), [])])) {
      const { changes } = await compareTask(task, undefined, look, foreseen)
      found.push(...changes.filter(({ action }) => action === 'remove').map(({ resource }) => resource))
    }
    return found
  }
  const usb = '/dev/sdx1 /tank/usb ext4 rw 0 0'
  assert.equal(await removals({ ...blank, files: { ...storages, '/proc/mounts': [usb] } }), ['storage:old'])
  assert.equal(await removals({ ...made, files: { ...storages, '/proc/mounts': [...mounts, usb] } }), ['storage:old'])
})

test('a storage that a backup job names stays, with a warning', async () => {
  const jobs = ['vzdump: backup-1a2b', '\tschedule 02:30', '\tall 1', '\tstorage old', '\tenabled 1', '']
  const files = { '/etc/pve/jobs.cfg': jobs }
  const facts = host([], [...dir('old', '/tank/old'), ...dir('older', '/tank/older')], { files })
  assert.equal(await removed(tank(), facts), ['storage:older'])
  const notes = (await planOn(tank(), facts)).flatMap((task) => task.notes)
  assert.equal(notes, [
    {
      resource: 'storage:old',
      level: 'warning',
      text: 'storage old is not declared, but backup job backup-1a2b still names it: it stays until then',
    },
  ])
})

test('only what phx made is "no longer declared"', async () => {
  const storages = [...dir('mine', '/tank/mine'), ...dir('theirs', '/tank/theirs')]
  const planned = await planOn(tank(), host([], storages), { 'storage:tank': ['storage:mine'] })
  assert.equal(
    planned.flatMap((task) => task.changes.map((change) => change.summary)),
    [
      'remove dir storage mine, which is no longer declared (its data stays)',
      'remove dir storage theirs, which is not declared (its data stays)',
    ],
  )
})

test('storage.cfg without pvesm: said when planning, and only when something is to be changed', async () => {
  const iso: Dataset = {
    name: 'iso',
    pool: 'tank',
    proxmox_storage_type: 'dir',
    proxmox_content_type: 'iso',
    storage_class: 'shared',
  }
  const unreadable = async (storages: readonly string[]) => {
    const datasets = { tank: {}, 'tank/iso': {} }
    const planned = await planOn(withDatasets(iso), host([], storages, { datasets, missingTools: ['pvesm'] }))
    return planned.flatMap(({ unreadable, mend }) => (unreadable === null ? [] : [`${unreadable}: ${mend[0]}`]))
  }
  const declared = (content: string) =>
    dir('tank-iso', '/tank/iso', `content ${content}`, 'is_mountpoint yes', 'create-base-path 0')
  assert.equal(await unreadable(declared('iso')), [])
  const hosts = [[], declared('vztmpl'), [...declared('iso'), ...dir('old', '/tank/old')]]
  for (const storages of hosts) {
    const [text = ''] = await unreadable(storages)
    assert.match(text, /^can't .*: there is a storage\.cfg, but pvesm is not installed .*libpve-storage-perl/)
  }
})

test.run()
