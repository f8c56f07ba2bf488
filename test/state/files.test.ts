/** Our own files, damaged at every byte: they load, or count as not there; they never stop a run. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Disk, Replacer, realDisk } from '../../lib/state/disk.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { listRuns, parseRun, readRun } from '../../lib/state/journal.ts'
import { parseStamp, readStamp, type Stamp, stampedTasks, unfinished, writeStamp } from '../../lib/state/stamp.ts'
import { fakeTask, withBench } from '../engine/fake.ts'

const stamp: Stamp = {
  format: 1,
  task: 'zfs:quickOS',
  version: 1,
  state: 'converged',
  run: 'r1',
  at: '2026-01-01T00:00:00.000Z',
  durationMs: 5,
  inputs: { pool: { name: 'quickOS' } },
  outputs: { 'zpool:quickOS': { state: 'ONLINE' } },
  created: ['zpool:quickOS'],
  begun: null,
}

function inFolder(body: (state: StateFolder) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phx-state-'))
    try {
      await body(new StateFolder(folder))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

test('a stamp cut at every byte reads as none, or whole', () => {
  const text = JSON.stringify(stamp)
  for (let length = 0; length < text.length; length++)
    assert.is(parseStamp(text.slice(0, length)), undefined, `at ${length}`)
  assert.equal(parseStamp(text), stamp)
  for (const odd of ['null', '[]', '3', '"x"', '{}', '{"format":2}']) assert.is(parseStamp(odd), undefined, odd)
  const oddFields = [
    { outputs: { x: 5 } },
    { outputs: { x: [1] } },
    { inputs: [] },
    { created: [null] },
    { begun: 7 },
    { begun: {} },
    { begun: undefined },
  ]
  for (const odd of oddFields)
    assert.is(parseStamp(JSON.stringify({ ...stamp, ...odd })), undefined, JSON.stringify(odd))
})

test('a journal cut at every byte still tells what is whole in it', () =>
  withBench(async ({ run, state }) => {
    const { run: id } = await run([fakeTask({ id: 'a' }), fakeTask({ id: 'b', needs: ['a'] })])
    const text = readFileSync(join(state.runs, `${id}.jsonl`), 'utf8')
    const head = text.indexOf('\n')
    for (let length = 0; length < text.length; length++) {
      const record = parseRun(text.slice(0, length))
      if (length < head) assert.is(record, undefined, `at ${length}`)
      else if (length < text.length - 1) assert.is(record?.outcome, 'interrupted', `at ${length}`)
    }
    assert.is(parseRun(text)?.outcome, 'ok')
    assert.is(readRun(state, '../../etc/passwd'), undefined, 'an id is a name in the folder and nothing else')
  }))

test(
  'what was true before stays readable while a task is unfinished',
  inFolder(async (state) => {
    state.prepare()
    await writeStamp(
      state,
      unfinished(stamp, { id: stamp.task, version: 2 }, { run: 'r2', at: 'now', creating: ['storage:x'] }),
    )
    const [name] = readdirSync(state.stamps)
    assert.is(name, 'zfs:quickOS.json')
    const read = readStamp(state, 'zfs:quickOS')
    assert.is(read?.state, 'unfinished')
    assert.equal(read?.inputs, stamp.inputs)
    assert.equal(read?.begun?.creating, ['storage:x'])
    const again = unfinished(read, { id: stamp.task, version: 2 }, { run: 'r3', at: 'later', creating: ['storage:y'] })
    assert.equal(
      again.begun?.creating,
      ['storage:x', 'storage:y'],
      'two runs that were cut off: both may have made something',
    )
  }),
)

test(
  'files that are no stamps are passed over, and reading creates nothing',
  inFolder(async (state) => {
    assert.equal(stampedTasks(state), [])
    assert.is(readStamp(state, 'torn'), undefined)
    assert.equal(readdirSync(state.path), [])
    state.prepare()
    writeFileSync(join(state.stamps, 'torn.json'), '{"format":1,')
    writeFileSync(join(state.stamps, 'a.json.tmp'), 'half')
    mkdirSync(join(state.stamps, 'folder.json'))
    mkdirSync(join(state.runs, 'folder.jsonl'))
    writeFileSync(Buffer.concat([Buffer.from(`${state.stamps}/`), Buffer.from([0xff]), Buffer.from('.json')]), '{}')
    writeFileSync(join(state.stamps, 'zfs:quickOS copy.json'), JSON.stringify(stamp))
    for (const task of stampedTasks(state)) assert.is(readStamp(state, task), undefined, task)
    assert.ok(['torn', 'folder', 'zfs:quickOS copy'].every((task) => stampedTasks(state).includes(task)))
    assert.equal(listRuns(state), [])
  }),
)

test('a folder that can not be made is an error, not an endless try', () => {
  assert.throws(() => new StateFolder('/proc/phx/state').prepare(), /ENOENT/)
})

test(
  'two spellings of one folder are one lock',
  inFolder(async (state) => {
    const link = `${state.path}-link`
    symlinkSync(state.path, link)
    assert.is(
      new StateFolder(join(link, 'not-yet', 'there')).identity(),
      new StateFolder(join(state.path, 'not-yet', 'there')).identity(),
    )
    rmSync(link)
  }),
)

test(
  'replacing: the old text or the new one, and one folder sync for what is asked at once',
  inFolder(async (state) => {
    let syncs = 0
    const disk: Disk = {
      ...realDisk,
      syncDir: async (path) => {
        syncs += 1
        await realDisk.syncDir(path)
      },
    }
    const replacer = new Replacer(disk)
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => replacer.replace(join(state.path, `${index}`), `text ${index}`)),
    )
    assert.is(syncs, 1)
    await Promise.all([
      replacer.replace(join(state.path, '0'), 'earlier'),
      replacer.replace(join(state.path, '0'), 'later'),
    ])
    assert.is(readFileSync(join(state.path, '0'), 'utf8'), 'later')
    const failing = new Replacer({ ...disk, rename: () => Promise.reject(new Error('disk full')) })
    let message = ''
    await failing.replace(join(state.path, '0'), 'never').catch((error: Error) => {
      message = error.message
    })
    assert.is(message, 'disk full')
    assert.is(readFileSync(join(state.path, '0'), 'utf8'), 'later')
  }),
)

test.run()
