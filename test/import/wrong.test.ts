/** What phx import cannot read, and where it does not write: file, line, path, a mend, exit 4, and nothing is touched. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { assertValid } from '../view/schema.ts'
import { type Files, Place } from './scene.ts'

const hypervisor = 'phoenix_hypervisor_config.json'
const good: Files = { [hypervisor]: { version: '1.0.0', timezone: 'America/New_York' } }

async function assertRefused(files: Files, told: RegExp, more: readonly string[] = []): Promise<void> {
  const place = new Place(files)
  const { code, out, err } = await place.import(more)
  assert.is(code, 4, out + err)
  assert.match(err.replaceAll(`${place.folder}/`, ''), told)
  assert.is(out, '')
  assert.not.ok(existsSync(place.path('new.json')))
  place.clean()
}

const wrong: Readonly<Record<string, readonly [Files, RegExp]>> = {
  'no JSON': [{ 'a.json': 'timezone: x' }, /a\.json:1:1 error \$: this is not a value/],
  'a comma too many': [
    { 'a.json': '{\n  "zfs": {},\n}' },
    /a\.json:2:12 error \$: a comma stands before }\n +→ remove the comma/,
  ],
  'a key twice': [
    { 'a.json': '{"nfs": {},\n "nfs": {}}' },
    /a\.json:2:2 error \$\.nfs: "nfs" is here a second time; the first is at line 1/,
  ],
  'a list': [{ 'a.json': [] }, /a\.json:1:1 error \$: the file holds a list/],
  'a text': [{ 'a.json': '"x"' }, /a\.json:1:1 error \$: the file holds no object/],
  'an unknown file': [
    { 'a.json': { endpoints: [] } },
    /a\.json:1:1 error \$: this is none of the files that phx knows/,
  ],
  'a schema': [
    { 'a.json': { $schema: 'x', type: 'object', properties: {} } },
    /error \$: this is a schema, not a config/,
  ],
  'a shell config': [
    { 'phoenix_config.sh': '#!/bin/bash\nexport A=1' },
    /phoenix_config\.sh:1:1 error \$: this is a config in shell/,
  ],
  'containers alone': [
    { 'lxc.json': { lxc_configs: {} } },
    /lxc\.json:1:1 error \$: this is a config of containers, and the hypervisor's file is missing/,
  ],
  'two of one kind': [
    { 'a.json': { zfs: {} }, 'b.json': { nfs: {} } },
    /b\.json:1:1 error \$: this is a hypervisor config, and so is .*a\.json/,
  ],
  'a phx config with mistakes': [
    { 'a.json': { guests: {}, zfs: 7 } },
    /a\.json:1?.* error \$\.zfs: this must be an object/,
  ],
  'a phx config among others': [
    { 'a.json': { guests: {} }, ...good },
    /a\.json:1:1 error \$: this is a phx config already/,
  ],
}

for (const [name, [files, told]] of Object.entries(wrong)) {
  test(`${name} is refused with its place`, () => assertRefused(files, told))
}

test('every file that is wrong is told of at once', async () => {
  const place = new Place({ 'a.json': '{', 'b.json': [] })
  const { code, err } = await place.import([place.path('missing.json'), place.folder])
  assert.is(code, 4)
  for (const told of ['a.json:1:2', 'b.json:1:1', 'missing.json:1:1', 'there is no such file', 'this is a folder']) {
    assert.ok(err.includes(told), `${told} in ${err}`)
  }
  place.clean()
})

test('no UTF-8', async () => {
  const place = new Place({})
  writeFileSync(place.path('a.json'), Buffer.from([0x7b, 0xff, 0x7d]))
  const { code, err } = await place.import([place.path('a.json')])
  assert.is(code, 4)
  assert.match(err, 'the file is not UTF-8 text')
  place.clean()
})

test('without files, and with options of others, the usage is told', async () => {
  const place = new Place({})
  assert.match((await place.import()).err, 'phx import takes the old files')
  const { code, err } = await place.import(['--mode', 'safe'])
  assert.is(code, 4)
  assert.match(err, 'phx import has no option --mode')
  place.clean()
})

test('a config that is there is not written over, unless --force says so or it is the same', async () => {
  const place = new Place(good)
  writeFileSync(place.path('new.json'), 'mine')
  const { code, err } = await place.import()
  assert.is(code, 4)
  assert.match(err, 'new.json is there already')
  assert.match(err, '--force')
  assert.is(place.read('new.json'), 'mine')
  assert.is((await place.import(['--force'])).code, 0)
  const written = place.read('new.json')
  assert.equal(JSON.parse(written), { timezone: 'America/New_York' })
  const { code: again, out } = await place.import()
  assert.is(again, 0)
  assert.match(out, 'nothing was written')
  assert.is(place.read('new.json'), written)
  place.clean()
})

test('an old file is never written over, not even with --force', async () => {
  const place = new Place(good)
  const before = place.read(hypervisor)
  const { code, err } = await place.import(['--force', '-o', place.path(hypervisor)])
  assert.is(code, 4)
  assert.match(err, 'is one of the files that were read')
  assert.is(place.read(hypervisor), before)
  place.clean()
})

test('a place where nothing can be written is told of', async () => {
  const place = new Place(good)
  mkdirSync(place.path('folder'))
  const there = await place.import(['-o', place.path('folder')])
  assert.is(there.code, 4)
  assert.match(there.err, 'is a folder')
  const nowhere = await place.import(['-o', place.path('missing/new.json')])
  assert.is(nowhere.code, 4)
  assert.match(nowhere.err, 'there is no folder')
  place.clean()
})

test('a phx config comes back as it is, with an empty report', async () => {
  const text =
    '{ "$schema": "./schema/phoenix.config.schema.json",\n "zfs": {"datasets": [], "pools": []}, "users": {"username": "a"} }'
  const place = new Place({ 'phoenix.config.json': text })
  const { code, out } = await place.import(['--json'])
  assert.is(code, 0)
  assert.is(place.read('new.json'), text)
  const { taken, normalised, dropped, undecided, unmanaged, secrets } = JSON.parse(out)
  assert.equal([taken, normalised, dropped, undecided, unmanaged, secrets].flat(), [])
  const itself = await place.import(['-o', place.path('phoenix.config.json')])
  assert.is(itself.code, 0, itself.err)
  place.clean()
})

test('--json is what its schema says', async () => {
  const place = new Place({
    ...good,
    'phoenix_lxc_configs.json': { lxc_configs: { '900': { name: 'a', ports: [], swap_mb: '1' } } },
  })
  const { out } = await place.import(['--json'])
  const told = JSON.parse(out)
  assertValid('import', told)
  assert.is(told.written, true)
  assert.equal(
    told.sources.map(({ kind }: { kind: string }) => kind),
    ['hypervisor', 'lxc'],
  )
  assert.equal(
    told.dropped.map(({ line, path }: { line: number; path: string }) => `${line} ${path}`),
    ['2 $.version', "5 $.lxc_configs['900'].ports", "6 $.lxc_configs['900'].swap_mb"],
  )
  place.clean()
})

test.run()
