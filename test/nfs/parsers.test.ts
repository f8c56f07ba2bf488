/** What exportfs prints and exports(5) means, pinned to recordings of the real tools. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { canonicalClient, isHostName, letsIn } from '../../lib/config/export-clients.ts'
import { effectiveOptions, writtenOptions } from '../../lib/config/export-options.ts'
import { parseExportsFile, parseTable } from '../../lib/resources/probes/exports.ts'
import { parseHosts } from '../../lib/resources/probes/host-names.ts'
import { addressIn, parseRmtab } from '../../lib/resources/probes/nfs-clients.ts'
import { recorded } from '../resources/rig.ts'

const said = (scene: number, nth = 0): string => recorded('services.jsonl', scene, ['exportfs', '-s'], nth).stdout
const shown = (scene: number, nth = 0): string[] =>
  parseTable(said(scene, nth)).map(({ path, client, options }) => `${path} ${client} ${options.join()}`)

test('the table as exportfs -s prints it: one line, several clients, blanks in a path, the world', () => {
  assert.equal(shown(2), ['/srv/share 10.0.0.0/24 rw'])
  assert.equal(shown(2, 1), [])
  assert.equal(shown(6), ['/srv/a 10.0.0.5 ', '/srv/a * no_root_squash,rw'])
  assert.equal(shown(9, 1), ['/srv/a * '])
  assert.equal(shown(10), [
    '/srv/two words 10.0.0.0/24 rw',
    '/srv/a 10.0.0.0/24 rw',
    '/srv/a 10.1.0.0/24 ',
    '/srv/tab 10.0.0.0/24 rw',
  ])
  assert.equal(shown(14), ['/tank/share 10.0.0.0/24 crossmnt,fsid=7,rw', '/tank/share/kid 10.0.0.0/24 mountpoint,rw'])
})

test('a table that says nothing of subtrees checks them', () => {
  const line = '/srv/a  10.0.0.0/24(sync,wdelay,hide,sec=sys,rw,secure,root_squash,no_all_squash)\n'
  assert.equal(parseTable(line)[0]?.options, ['rw', 'subtree_check'])
})

test('options mean the same in any order, with defaults said or not, under either name', () => {
  const one = effectiveOptions(['rw', 'sync', 'no_subtree_check'])
  assert.equal(effectiveOptions(['no_subtree_check', 'rw', 'wdelay', 'secure', 'sec=sys', 'anonuid=65534']), one)
  assert.equal(effectiveOptions(['ro', 'rw']), one, 'the last of two rivals wins, as for exportfs')
  assert.equal(effectiveOptions(['mp', 'fsid=root', 'no_auth_nlm']), ['fsid=0', 'insecure_locks', 'mountpoint'])
  assert.equal(effectiveOptions(['mp=/tank']), ['mountpoint=/tank'])
  assert.equal(effectiveOptions(['anonuid=4294967295']), effectiveOptions(['anonuid=-1']))
  assert.equal(writtenOptions(one), ['rw', 'sync', 'no_subtree_check'])
  assert.equal(writtenOptions([]), ['ro', 'sync', 'no_subtree_check'])
  assert.equal(writtenOptions(effectiveOptions(['async', 'subtree_check', 'all_squash'])), [
    ...['ro', 'async', 'subtree_check'],
    'all_squash',
  ])
})

test('clients: one spelling each, and whom they let in', () => {
  assert.equal(['10.0.0.5/24', '10.0.0.5/32', '<world>', 'FD00::0:1', '@trusted', 'nas'].map(canonicalClient), [
    ...['10.0.0.0/24', '10.0.0.5', '*'],
    ...['fd00::1', '@trusted', 'nas'],
  ])
  assert.equal(['nas', 'nas.lan', '*.lan', '@trusted', '10.0.0.5', '*', 'fd00::/64'].filter(isHostName), [
    'nas',
    'nas.lan',
  ])
  assert.is(letsIn('10.0.0.0/24', '10.0.0.13'), true)
  assert.is(letsIn('10.0.0.0/24', '10.0.1.13'), false)
  assert.is(letsIn('nas', '10.0.0.13'), undefined)
  assert.is(letsIn('nas', '10.0.0.13', ['10.0.0.13']), true)
  assert.is(letsIn('@trusted', '10.0.0.13'), undefined)
})

test("an admin's file: comments, lines that go on, quotes, defaults, a path for the world", () => {
  const text = `# a comment
"/srv/two words" 10.0.0.0/24(rw)
/srv/a \\
  10.0.0.0/24(rw) \\
  10.1.0.0/24(ro)
/srv/tab\t10.0.0.0/24(rw)   # trailing
/srv/b -sync,rw nas @trusted
/srv/c
/srv/d 10.0.0.5 (rw)
/srv/e\\040f/ *(ro)
`
  assert.equal(
    parseExportsFile('/etc/exports', text).map(({ file, line, path, client }) => `${file}:${line} ${path} ${client}`),
    [
      '/etc/exports:2 /srv/two words 10.0.0.0/24',
      '/etc/exports:3 /srv/a 10.0.0.0/24',
      '/etc/exports:3 /srv/a 10.1.0.0/24',
      '/etc/exports:6 /srv/tab 10.0.0.0/24',
      '/etc/exports:7 /srv/b nas',
      '/etc/exports:7 /srv/b @trusted',
      '/etc/exports:8 /srv/c *',
      '/etc/exports:9 /srv/d 10.0.0.5',
      '/etc/exports:9 /srv/d *',
      '/etc/exports:10 /srv/e f *',
    ],
  )
})

test('who is connected, and what a name stands for', () => {
  assert.is(addressIn('clientid: 0x1\naddress: "10.0.0.5:923"\nstatus: confirmed\n'), '10.0.0.5')
  assert.is(addressIn('address: "[fd00::5]:712"\n'), 'fd00::5')
  assert.equal(parseRmtab('10.0.0.5:/tank/data:0x00000001\n'), [{ address: '10.0.0.5', path: '/tank/data' }])
  assert.equal(parseHosts('10.0.0.5        nas.lan nas\n'), { addresses: ['10.0.0.5'], names: ['nas.lan', 'nas'] })
  assert.equal(parseHosts(''), { addresses: [], names: [] })
})

test.run()
