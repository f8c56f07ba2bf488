/** Files that are phx's alone, and phx's lines in files that others write too. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newLook } from '../../lib/engine/look.ts'
import type { Change } from '../../lib/engine/resource.ts'
import { readerOf } from '../../lib/host/host.ts'
import { openSimulated, type SimulatedHost } from '../../lib/host/simulated/host.ts'
import { blockIn, withBlock } from '../../lib/resources/file/marked-block.ts'
import { type DeclaredFile, OwnedFile } from '../../lib/resources/file/owned-file.ts'

const path = '/etc/test.d/phx.conf'
const declared: DeclaredFile = { path, lines: ['a = 1', 'b = 2'], section: 'nfs', mode: 0o640 }

const compare = (host: SimulatedHost, more: Partial<DeclaredFile> = {}) =>
  new OwnedFile({ ...declared, ...more }).compare(newLook(readerOf(host)))

async function make(host: SimulatedHost, changes: readonly Change[]): Promise<void> {
  for (const step of changes.flatMap(({ steps }) => steps)) {
    if (step.kind === 'command') assert.is((await host.mutate(step.argv)).exitCode, 0)
    if (step.kind === 'write') await host.writeFile(step.file)
    if (step.kind === 'remove') await host.removeFile(step.path)
  }
}

test('it is written whole with its mode, says whose it is, and is then left alone', async () => {
  const host = await openSimulated(null, [])
  await make(host, (await compare(host)).changes)
  const text = await host.readFile(path)
  assert.match(text ?? '', /^# phx's file: written from "nfs" of phx's config and replaced whole\..*\na = 1\nb = 2\n$/)
  assert.is((await host.stat(path))?.mode, 0o640)
  assert.equal((await compare(host)).changes, [])
})

test('each kind of drift is found, shown and mended: a line, the mode, the file itself', async () => {
  const host = await openSimulated(null, [])
  const converge = async () => make(host, (await compare(host)).changes)
  await converge()
  const text = (await host.readFile(path)) ?? ''
  const drifts: [() => Promise<void>, object[]][] = [
    [
      () => host.writeFile({ path, content: text.replace('a = 1', 'a = 9'), mode: 0o640 }),
      [
        { field: 'line', from: 'a = 9', to: null },
        { field: 'line', from: null, to: 'a = 1' },
      ],
    ],
    [() => host.writeFile({ path, content: text, mode: 0o644 }), [{ field: 'mode', from: '0644', to: '0640' }]],
    [
      () => host.removeFile(path),
      [
        { field: 'line', from: null, to: 'a = 1' },
        { field: 'line', from: null, to: 'b = 2' },
      ],
    ],
  ]
  for (const [drift, fields] of drifts) {
    await drift()
    assert.equal(
      (await compare(host)).changes.flatMap((change) => change.fields),
      fields,
    )
    await converge()
    assert.is(await host.readFile(path), text)
    assert.equal((await compare(host)).changes, [])
  }
})

test('a file of that name that somebody else wrote stays, and phx says so', async () => {
  const host = await openSimulated(null, [])
  await host.writeFile({ path, content: 'theirs\n', mode: 0o644 })
  const { changes, refusals } = await compare(host)
  assert.equal(changes, [])
  assert.match(refusals[0]?.why ?? '', 'was not written by phx')
  // Not declared any more: theirs is no business of phx either.
  const gone = await compare(host, { lines: null })
  assert.equal([gone.changes, gone.refusals], [[], []])
})

test("phx's own goes when nothing is declared any more", async () => {
  const host = await openSimulated(null, [])
  await make(host, (await compare(host)).changes)
  const { changes } = await compare(host, { lines: null })
  assert.is(changes[0]?.action, 'remove')
  await make(host, changes)
  assert.is(await host.readFile(path), undefined)
})

test('a block comes, changes and goes, and every byte outside stays', () => {
  for (const theirs of ['', 'one\n', 'one\ntwo', '\n\n# phx is great\r\nx\t \n']) {
    const first = withBlock(theirs, 'keys', ['k1', 'k2'])
    assert.equal(blockIn(first, 'keys'), { ok: true, lines: ['k1', 'k2'] })
    assert.ok(first.startsWith(theirs))
    const around = `${first}after\n`
    const second = withBlock(around, 'keys', ['k3'])
    assert.is(second, around.replace('k1\nk2', 'k3'))
    const gone = withBlock(second, 'keys', null)
    assert.is(gone, theirs === 'one\ntwo' ? 'one\ntwo\nafter\n' : `${theirs}after\n`)
    assert.is(withBlock(first, 'other', null), first)
  }
})

test('marks that do not pair are an error: nobody knows then what is whose', () => {
  const whole = withBlock('a\n', 'keys', ['k'])
  for (const broken of [
    whole.replace('# phx end keys\n', ''),
    whole.replace('# phx begin keys\n', ''),
    whole + whole,
    '# phx end keys\n# phx begin keys\n',
  ]) {
    assert.is(blockIn(broken, 'keys').ok, false, broken)
  }
  assert.equal(blockIn(whole, 'other'), { ok: true, lines: null })
})

test.run()
