/** Whatever shape the old files have: an import never throws, what it writes validates, and importing that says nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseConfig } from '../../lib/config/load.ts'
import { locateJson } from '../../lib/config/locate.ts'
import { importSources } from '../../lib/import/import.ts'
import type { Kind, Source } from '../../lib/import/old.ts'
import { recognise } from '../../lib/import/recognise.ts'
import type { Files } from './scene.ts'

const folder = join(import.meta.dirname, 'cases')
const cases = readdirSync(folder).map((name) => {
  return (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { files: Files }).files
})

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1e9,
    true,
    false,
    [],
    {},
    [[]],
    [null],
    [''],
    { '': '' },
    'null',
    'NOT_SET',
  ),
  fc.constantFrom<unknown>('a/b', '/x', '//', 'x=y=z,', '10.0.0.1/24,10.0.0.1', ['a', 'a'], { name: 7 }, '801', 801),
  fc.string({ maxLength: 12 }),
  fc.jsonValue({ maxDepth: 2 }),
)
const mutation = fc.record({ at: fc.nat(), value: odd, kind: fc.constantFrom('replace', 'remove', 'rename', 'double') })

type Mutation = { readonly at: number; readonly value: unknown; readonly kind: string }

/** Changes one place of the documents, chosen by a number. */
function mutated(files: Files, { at, value, kind }: Mutation): Files {
  const copy = structuredClone(files)
  const places: [Record<string | number, unknown>, string | number][] = []
  const walk = (inner: unknown): void => {
    if (typeof inner !== 'object' || inner === null) return
    for (const step of Array.isArray(inner) ? inner.keys() : Object.keys(inner)) {
      places.push([inner as Record<string | number, unknown>, step])
      walk((inner as Record<string | number, unknown>)[step])
    }
  }
  for (const document of Object.values(copy)) walk(document)
  const [holder, step] = places[at % places.length] ?? []
  if (holder === undefined || step === undefined) return copy
  if (kind === 'replace') holder[step] = value
  else if (kind === 'remove' && !Array.isArray(holder)) delete holder[step]
  else if (kind === 'double' && Array.isArray(holder)) holder.push(structuredClone(holder[Number(step)]))
  else if (!Array.isArray(holder)) holder[typeof value === 'string' ? value : 'other'] = holder[step]
  return copy
}

function sourceOf(file: string, document: unknown): Source | undefined {
  const text = `${JSON.stringify(document, null, 2)}\n`
  const located = locateJson(text)
  const kind = recognise(located.value)
  return typeof kind === 'string' ? { file, kind, text, document: located } : undefined
}

function assertImports(files: Files): void {
  const found = new Map<Kind, Source>()
  for (const [file, document] of Object.entries(files)) {
    const source = sourceOf(file, document)
    if (source !== undefined) found.set(source.kind, source)
  }
  if (!found.has('hypervisor') || found.has('phx')) return
  const { text, report } = importSources([...found.values()], 'new.json')
  assert.ok(parseConfig(text, 'new.json').ok)
  for (const { line, path } of Object.values(report).flat()) assert.ok(line >= 1 && path.startsWith('$'))
  const written = sourceOf('new.json', JSON.parse(text))
  assert.ok(written, text)
  if (written === undefined) return
  const again = importSources([{ ...written, text }], 'again.json')
  assert.is(again.text, text)
  assert.equal(Object.values(again.report).flat(), [])
}

test('mutations of every case', () => {
  const some = fc.tuple(fc.constantFrom(...cases), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  fc.assert(
    fc.property(some, ([files, mutations]) => assertImports(mutations.reduce(mutated, files))),
    { numRuns: 400 },
  )
})

test('anything at all in the place of a section', () => {
  const sections = [
    'users',
    'network',
    'zfs',
    'nfs',
    'samba',
    'firewall',
    'shared_volumes',
    'nvidia_driver',
    'vms',
    'lxc_configs',
  ]
  const document = fc.dictionary(
    fc.constantFrom(...sections, 'proxmox_storage_ids', 'nvidia', '__proto__', 'constructor'),
    odd,
  )
  fc.assert(
    fc.property(document, document, (hypervisor, lxc) => {
      assertImports({ h: { version: '1', ...hypervisor }, l: { lxc_configs: lxc } })
    }),
    { numRuns: 300 },
  )
})

test.run()
