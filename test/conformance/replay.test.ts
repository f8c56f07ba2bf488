/** The recordings that lie here, replayed: everything passes but for what chance.ts names. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chanceAt } from './chance.ts'
import { differences } from './compare.ts'
import { replayScene } from './scene.ts'
import { replaySingle } from './single.ts'
import { neverCalled } from './skips.ts'
import { isScene, type RecordedCall, readTranscript } from './transcript.ts'

function failedIn(name: string): string[] {
  const failed: string[] = []
  let lists: string | undefined
  for (const line of readTranscript(join(import.meta.dirname, `../transcripts/${name}.jsonl`))) {
    const steps = isScene(line) ? replayScene(line) : replaySingle(line, lists)
    if (!isScene(line)) lists = line.zfs_list_after
    for (const { argv, verdict } of steps) {
      const isChance = chanceAt(`${name}.jsonl`, line.n, argv) !== null
      if (verdict.kind === 'fail' && !isChance) failed.push(`${name} ${line.n}: ${argv.join(' ')}`)
    }
  }
  return failed
}

for (const name of ['zfs', 'disks', 'pvesm', 'pvesm-zfs', 'pveum', 'pct', 'qm', 'services']) {
  test(`${name}.jsonl`, () => {
    assert.equal(failedIn(name), [], 'see `npm run conformance`')
  })
}

const call = (argv: string[], stdout: string, rc = 0, stderr = ''): RecordedCall => ({ argv, rc, stdout, stderr })
const answered = (stdout: string, exitCode = 0, stderr = '') => ({ exitCode, stdout, stderr })

test('the comparison sees a wrong exit code, state, name, value, source and order', () => {
  const list = ['zpool', 'list', '-Hp', '-o', 'name,health']
  assert.equal(differences(call(list, 'tank\tONLINE\n'), answered('tank\tONLINE\n')), [])
  assert.is(differences(call(list, 'tank\tONLINE\n'), answered('tank\tDEGRADED\n')).length, 1)
  assert.is(differences(call(list, 'tank\tONLINE\n'), answered('tank\tONLINE\n', 1)).length, 1)
  assert.is(differences(call(list, 'a\tONLINE\nb\tONLINE\n'), answered('b\tONLINE\na\tONLINE\n')).length, 2)
  const get = ['zfs', 'get', '-Hp', '-o', 'property,value,source', 'atime', 'tank']
  assert.is(differences(call(get, 'atime\toff\tlocal\n'), answered('atime\toff\tdefault\n')).length, 1)
  assert.is(
    differences(call(['zpool', 'destroy', 'x'], '', 1, "cannot open 'x': no such pool\n"), answered('', 1, 'no\n'))
      .length,
    1,
  )
  const json = ['zpool', 'status', '-j']
  assert.is(differences(call(json, '{"a":{"state":"ONLINE"}}'), answered('{"a":{"state":"ONLINE","b":1}}')).length, 1)
})

test('the comparison leaves out what varies, and nothing else of the line', () => {
  const get = ['zfs', 'get', '-Hp', 'used,quota', 'tank']
  const line = (used: number, quota: number) => `tank\tused\t${used}\t-\ntank\tquota\t${quota}\tlocal\n`
  assert.equal(differences(call(get, line(98304, 4096)), answered(line(24576, 4096))), [])
  assert.is(differences(call(get, line(98304, 4096)), answered(line(98304, 8192))).length, 1)
  const labels = ['blkid', '-p', '-o', 'export', '/dev/sda1']
  assert.equal(differences(call(labels, 'UUID=6489866576451077179\n'), answered('UUID=1111111111111111111\n')), [])
})

test('only what phx never calls may be skipped', () => {
  assert.is(neverCalled(['zfs', 'create', 'tank/a']), null)
  assert.is(neverCalled(['zpool', 'status', '-j']), null)
  assert.is(neverCalled(['wipefs', '--no-act', '--json', '/dev/sda']), null)
  assert.ok(neverCalled(['zfs', 'send', 'tank@s']))
})

test.run()
