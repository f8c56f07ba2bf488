/** Whatever stands in the file: loading never throws, and each problem has its place in the text. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { validate } from '../../lib/config/generated/validator.js'
import { declaredGuests } from '../../lib/config/guests.ts'
import { parseConfig } from '../../lib/config/load.ts'
import { declaredDisks, declaredZfs } from '../../lib/config/zfs.ts'
import { resolve, type Schema } from '../../scripts/schema-sections.ts'

const root = join(import.meta.dirname, '../..')
const example = readFileSync(join(root, 'phoenix.config.json'), 'utf8')
const schema = JSON.parse(readFileSync(join(root, 'schema/phoenix.config.schema.json'), 'utf8')) as Schema

/** A document in which every field of the schema stands, each with its example. */
function fullest(field: Schema): unknown {
  const of = resolve(schema, field)
  const branches = (of.anyOf ?? [of]).map((one) => resolve(schema, one))
  const inner = branches.find(
    (one) => one.properties !== undefined || resolve(schema, one.items ?? {}).properties !== undefined,
  )
  if (branches.some(({ title }) => title === 'SecretReference')) return { file: '/etc/phx/secret' }
  if (inner?.properties !== undefined)
    return Object.fromEntries(Object.entries(inner.properties).map(([name, one]) => [name, fullest(one)]))
  if (inner?.items !== undefined) return [fullest(inner.items)]
  const keyed = Object.values(of.patternProperties ?? {})[0]
  if (keyed !== undefined) return { '901': fullest(keyed) }
  return of.examples?.[0] ?? of.enum?.[0] ?? 'x'
}
const full = fullest(schema)

/** Loads, and looks at what must hold of any answer. */
function load(text: string): ReturnType<typeof parseConfig> {
  const loaded = parseConfig(text, 'f.json')
  const lines = text.split('\n')
  for (const problem of loaded.problems) {
    assert.ok(problem.line >= 1 && problem.line <= lines.length, `line ${problem.line}`)
    assert.ok(
      problem.column >= 1 && problem.column <= (lines[problem.line - 1]?.length ?? 0) + 1,
      `column ${problem.column}`,
    )
    assert.ok(problem.message !== '' && problem.mend !== '' && problem.path.startsWith('$'))
  }
  assert.is(loaded.ok, !loaded.problems.some(({ severity }) => severity === 'error'))
  if (loaded.ok) {
    assert.ok(validate(JSON.parse(text)), 'what loads fits the schema')
    declaredZfs(loaded.config)
    declaredDisks(loaded.config)
    declaredGuests(loaded.config)
  }
  return loaded
}

type Change = 'remove' | 'rename' | 'replace' | 'double'

/** Changes one place of the document, chosen by a number. */
function changed(document: unknown, at: number, change: Change, value: unknown, name: string): unknown {
  const places: [Record<string, unknown> | unknown[], string | number][] = []
  const copy = structuredClone(document)
  const walk = (inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return
    for (const key of Object.keys(inner)) {
      places.push([inner as Record<string, unknown>, Array.isArray(inner) ? Number(key) : key])
      walk((inner as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const place = places[at % places.length]
  if (place === undefined) return copy
  const holder = place[0] as Record<string | number, unknown>
  const step = place[1]
  if (change === 'replace') holder[step] = value
  else if (Array.isArray(holder)) {
    if (change === 'double') holder.push(structuredClone(holder[Number(step)]))
    else holder.splice(Number(step), 1)
  } else {
    if (change !== 'remove') holder[name] = holder[step]
    if (change !== 'double') delete holder[step]
  }
  return copy
}

const awkward = ['constructor', '__proto__', 'toString', 'raid_levl', 'password', "it's", '', 'name', '/', '[0]']
const anyChange = fc.tuple(
  fc.nat(),
  fc.constantFrom<Change>('remove', 'rename', 'replace', 'double'),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      '',
      '..',
      'a=b,c',
      '9'.repeat(400),
      'raidz',
      '/dev/sda',
      'constructor',
      '__proto__',
      'none',
      '10.0.0.0/99',
      -1,
      1e308,
      null,
      [],
      [[]],
      {},
    ),
  ),
  fc.oneof(fc.constantFrom(...awkward), fc.string()),
)

for (const [name, document] of [
  ['the example', JSON.parse(example)],
  ['a document with every field', full],
] as const) {
  test(`mutations of ${name}`, () => {
    fc.assert(
      fc.property(fc.array(anyChange, { minLength: 1, maxLength: 4 }), (changes) => {
        const mutant = changes.reduce<unknown>(
          (inner, [at, change, value, key]) => changed(inner, at, change, value, key),
          document,
        )
        load(JSON.stringify(mutant, null, 2))
      }),
      { numRuns: 400 },
    )
  })
}

test('the document with every field fits the schema', () => {
  assert.ok(validate(full), JSON.stringify(validate.errors))
})

test('any JSON at all', () => {
  fc.assert(fc.property(fc.json(), (text) => void load(text)))
})

test('the example cut off anywhere is refused', () => {
  for (let length = 0; length < example.trimEnd().length; length += 7)
    assert.not(load(example.slice(0, length)).ok, `${length}`)
})

test('the example with one character changed', () => {
  fc.assert(
    fc.property(
      fc.nat(example.length - 1),
      fc.constantFrom('', '"', ',', '{', ']', '\\', '0', 'é', '\t', '\u0000'),
      (at, character) => {
        load(example.slice(0, at) + character + example.slice(at + 1))
      },
    ),
    { numRuns: 300 },
  )
})

test.run()
