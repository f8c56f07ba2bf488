/** What somebody took away from a container that runs stays there until its next start: it is put back before that. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { models, scene } from './lxc-scene.ts'

const folder = { host_path: '/tank/data/web', container_path: '/srv/web' }

test('a volume and a folder that the next start would take away are there after it', async () => {
  const one = await scene({ zfs_volumes: [models], mount_points: [folder] })
  await one.converge()
  await one.sim('pct set 901 --delete mp0,mp1')
  assert.match(one.conf, /^delete: mp0,mp1$/m)
  const { commands } = await one.converge()
  assert.equal(
    commands.filter((line) => line.startsWith('pct set')),
    ['pct set 901 -mp0 tank-ct:subvol-901-disk-1,mp=/srv/models', 'pct set 901 -mp1 /tank/data/web,mp=/srv/web'],
  )
  assert.not.match(one.conf, /^delete:/m)
  await one.sim('pct reboot 901')
  await one.nothingToDo()
})

test('so they are when it was stopped in between', async () => {
  const one = await scene({ zfs_volumes: [models], mount_points: [folder] })
  await one.converge()
  await one.sim('pct set 901 --delete mp0,mp1')
  await one.sim('pct stop 901')
  await one.converge()
  assert.match(
    one.conf,
    /^mp0: tank-ct:subvol-901-disk-1,mp=\/srv\/models,size=10G\nmp1: \/tank\/data\/web,mp=\/srv\/web$/m,
  )
  await one.nothingToDo()
})

test.run()
