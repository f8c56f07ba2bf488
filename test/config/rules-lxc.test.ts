/** Rules about volumes of containers. */
import { test } from 'uvu'
import { assertProblems, withPool } from './problems.ts'

const volume = (more: Record<string, unknown> = {}) => ({
  name: 'models',
  pool: 'tank-ct',
  size_gb: 1,
  mount_point: '/srv/models',
  ...more,
})
const dataset = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  pool: 'tank',
  storage_class: 'direct',
  proxmox_storage_type: 'zfspool',
  ...more,
})
const config = (volumes: unknown[], datasets: unknown[] = [dataset('ct')], more: Record<string, unknown> = {}) =>
  withPool({ datasets }, { guests: { lxc_configs: { '901': { name: 'web', zfs_volumes: volumes, ...more } } } })
const at = (index: number, field: string) => `$.guests.lxc_configs['901'].zfs_volumes[${index}].${field}`

test('two volumes on one mount point, however it is spelled, or where a folder of the host is', () => {
  const folders = { mount_points: [{ host_path: '/tank/ct/x', container_path: '/srv/x' }] }
  const volumes = [
    volume(),
    volume({ name: 'b', mount_point: '/srv//models/' }),
    volume({ name: 'c', mount_point: '/srv/x/' }),
    volume({ name: 'models', mount_point: '/srv/d' }),
  ]
  assertProblems(config(volumes, [dataset('ct')], folders), [
    {
      path: at(1, 'mount_point'),
      message: '/srv/models of the container is already that of the volume models',
      mend: 'another',
    },
    { path: at(2, 'mount_point'), message: 'already that of the folder /tank/ct/x of the host', mend: 'another' },
    { path: at(3, 'name'), message: 'two volumes of the container are named models', mend: 'another name' },
  ])
})

test('mount points that pct refuses or misreads', () => {
  const volumes = [
    volume({ mount_point: '/' }),
    volume({ name: 'b', mount_point: '/a,b' }),
    volume({ name: 'c', mount_point: '/a/../b' }),
    volume({ name: 'd', mount_point: '/a..b' }),
  ]
  assertProblems(config(volumes), [
    { path: at(0, 'mount_point'), message: 'root file system', mend: 'below it' },
    { path: at(1, 'mount_point'), message: 'with a comma', mend: 'that is meant' },
    { path: at(2, 'mount_point'), message: '..', mend: 'that is meant' },
  ])
})

test('a volume’s pool: a pool with one storage for containers, or a storage', () => {
  assertProblems(config([volume({ pool: 'tank' }), volume({ name: 'b', pool: 'local-zfs', mount_point: '/b' })]), [])
  const two = [dataset('ct'), dataset('more')]
  assertProblems(config([volume({ pool: 'tank' })], two), [
    { path: at(0, 'pool'), message: 'several storages', mend: 'tank-ct or tank-more' },
  ])
  const files = [dataset('ct', { proxmox_content_type: 'images' })]
  assertProblems(config([volume({ pool: 'tank' }), volume({ name: 'b', mount_point: '/b' })], files), [
    { path: at(0, 'pool'), message: 'has no storage for containers', mend: 'zfspool' },
    { path: at(1, 'pool'), message: "doesn't take containers", mend: 'rootdir' },
  ])
  const shared = [dataset('bulk', { storage_class: 'shared' }), dataset('ct')]
  assertProblems(
    config([volume({ pool: 'tank-bulk' }), volume({ name: 'b', pool: 'tank-cd', mount_point: '/b' })], shared),
    [
      { path: at(0, 'pool'), message: 'tank/bulk is shared', mend: 'direct', severity: 'warning' },
      {
        path: at(1, 'pool'),
        message: 'neither a declared pool',
        mend: 'tank-ct',
        meant: 'tank-ct',
        severity: 'warning',
      },
    ],
  )
})

test.run()
