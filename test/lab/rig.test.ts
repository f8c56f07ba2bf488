import { readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { byId, deviceJson, disks, otherPlaces, usualPlaces } from './disks.ts'
import { hardware } from './machine.ts'
import { commandSaid, type Scenario } from './scenario.ts'
import { quote } from './shell.ts'

test('a WWN reaches QEMU digit by digit, although it is above 2^53', () => {
  const json = deviceJson(disks.scsi3, 'scsi.0')
  assert.match(json, `"wwn":${0x5000c50015ea71a3n}`)
  assert.equal(JSON.parse(json).serial, 'LABSCSI3')
})

test('a virtio disk has no WWN, and a serial that QEMU takes whole', () => {
  assert.not.match(deviceJson(disks.blk0, 'port0'), 'wwn')
  for (const disk of Object.values(disks)) assert.ok(disk.serial.length <= 20, `${disk.id}: at most 20 characters`)
})

test('the disks in other places are the same disks: serials, WWNs and the names a config uses', () => {
  const identity = (places: typeof usualPlaces) =>
    places.map(({ disk }) => [disk.id, disk.serial, byId(disk)].join()).sort()
  assert.equal(identity(otherPlaces), identity(usualPlaces))
  assert.not.equal(otherPlaces, usualPlaces)
})

test('the command line differs in nothing but folders, so that it can be the key of a frozen VM', () => {
  const [here, there] = [hardware('tcg', '/a', usualPlaces), hardware('tcg', '/b', usualPlaces)]
  assert.equal(
    there.map((word) => word.replaceAll('/b/', '/a/')),
    here,
  )
  assert.ok(here.join(' ').indexOf('drive=root') < here.join(' ').indexOf('port0'), 'the root is the first virtio disk')
})

test('words are quoted for a POSIX shell', () => {
  assert.equal(quote(['zfs', 'set', 'a=b']), 'zfs set a=b')
  assert.equal(quote(['echo', "it's $HOME; *", '']), `echo 'it'\\''s $HOME; *' ''`)
})

test('a command that phx wrote out is found in whatever it printed', () => {
  const result = (json: unknown[]) => ({ command: '', exitCode: 3, stdout: '', stderr: '', seconds: 0, json })
  const said = result([
    { plan: { refusals: [{ mend: ['without loss: zpool attach quickOS /dev/a /dev/b, then run again'] }] } },
  ])
  assert.equal(commandSaid(said, 'zpool attach'), 'zpool attach quickOS /dev/a /dev/b')
  assert.throws(() => commandSaid(said, 'zpool replace'), /zpool replace/)
})

test('every scenario loads and says what it shows; six to eight are core', async () => {
  const folder = new URL('scenarios/', import.meta.url)
  const loaded = await Promise.all(
    readdirSync(folder).map(async (file) => (await import(new URL(file, folder).href)).scenario as Scenario),
  )
  for (const { shows } of loaded) assert.ok(shows.length > 20)
  const core = loaded.filter(({ core }) => core).length
  assert.ok(core >= 6 && core <= 8, `${core} core scenarios`)
})

test.run()
