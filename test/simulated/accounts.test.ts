/** The simulated account tools against recordings of the real ones (services.jsonl, scenes 40 to 46). */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { setUp } from '../../lib/host/simulated/system/install.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { replayScene } from '../conformance/scene.ts'
import { isScene, readTranscript } from '../conformance/transcript.ts'

/** As the lab's machine was: sudo installed, the clock where the recording says. */
function labHost(): SimState {
  const state = blankHost([])
  state.now = Date.parse('2026-11-21T07:00:00Z') / 1000
  setUp(state, 'sudo')
  return state
}

const transcript = readTranscript(join(import.meta.dirname, '../transcripts/services.jsonl'))
const scenes = transcript.filter(isScene).filter(({ group }) => group === 'users and groups')
for (const scene of scenes) {
  test(`services.jsonl ${scene.n}: ${scene.note}`, () => {
    const steps = replayScene(scene)
    const failed = steps.filter(({ verdict }) => verdict.kind === 'fail')
    assert.equal(
      failed.map(({ argv, verdict }) => [argv.join(' '), verdict]),
      [],
    )
    assert.ok(steps.filter(({ verdict }) => verdict.kind === 'pass').length > 3)
  })
}

const call = (state: SimState, line: string, stdin = '') => callTool(state, line.split(' '), stdin)

test('useradd -m makes the home as Debian does, owned by the user, with what is in /etc/skel', () => {
  const state = labHost()
  assert.is(call(state, 'useradd -m -s /bin/bash -G sudo,adm ada').exitCode, 0)
  const { mode, uid, gid } = state.files['/home/ada'] ?? {}
  assert.equal({ mode, uid, gid }, { mode: 0o700, uid: 1000, gid: 1000 })
  assert.is(state.files['/home/ada/.profile']?.uid, 1000)
  assert.is(call(state, 'id -Gn ada').stdout, 'ada adm sudo\n')
  assert.match(state.files['/etc/subuid']?.content ?? '', 'ada:165536:65536\n')
  assert.is(call(state, 'useradd ada').stderr, "useradd: user 'ada' already exists\n")
  call(state, 'userdel ada')
  assert.match(call(state, 'useradd -m ada').stderr, 'the home directory /home/ada already exists.')
})

test('chpasswd -e takes all lines or none, and says nothing of the hashes', () => {
  const state = labHost()
  call(state, 'useradd ada')
  const bad = call(state, 'chpasswd -e', 'ada:$y$one\nbob:$y$two\n')
  assert.is(bad.exitCode, 1)
  assert.not.match(bad.stderr, '$y$')
  assert.match(call(state, 'getent shadow ada').stdout, 'ada:!:')
  assert.is(call(state, 'chpasswd -e', 'ada:$y$one\n').exitCode, 0)
  assert.match(call(state, 'getent shadow ada').stdout, 'ada:$y$one:20778:0:99999:7:::')
  assert.is(call(state, 'passwd -S ada').stdout, 'ada P 2026-11-21 0 99999 7 -1\n')
})

test('chown by name and number, without following what is not there', () => {
  const state = labHost()
  call(state, 'useradd -m ada')
  call(state, 'mkdir /srv')
  assert.is(call(state, 'chown ada:sudo /srv').exitCode, 0)
  assert.equal([state.files['/srv']?.uid, state.files['/srv']?.gid], [1000, 27])
  assert.is(call(state, 'chown nosuch /srv').stderr, "chown: invalid user: 'nosuch'\n")
  assert.is(call(state, 'chmod 0700 /none').stderr, "chmod: cannot access '/none': No such file or directory\n")
})

test('visudo -c finds what only counts for the live files: owner, mode, names that are left out', () => {
  const state = labHost()
  state.files['/etc/sudoers.d/mine.bak'] = { type: 'file', content: 'not ( sound\n', mode: 0o644 }
  assert.is(call(state, 'visudo -c').exitCode, 0)
  state.files['/etc/sudoers.d/ada'] = { type: 'file', content: 'ada ALL=(ALL:ALL) NOPASSWD: ALL\n', mode: 0o644 }
  assert.is(call(state, 'visudo -cf /etc/sudoers.d/ada').exitCode, 0)
  assert.is(call(state, 'visudo -c').stderr, '/etc/sudoers.d/ada: bad permissions, should be mode 0440\n')
})

test('no sudo, no visudo', () => {
  assert.is(call(blankHost([]), 'visudo -c').exitCode, 127)
})

test.run()
