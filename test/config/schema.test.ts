/** The schema itself, and what is made from it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { mapSchema, resolve, type Schema } from '../../scripts/schema-sections.ts'
import { problemsOf } from './problems.ts'

const root = join(import.meta.dirname, '../..')
const schema = JSON.parse(readFileSync(join(root, 'schema/phoenix.config.schema.json'), 'utf8')) as Schema

/** Every field with its path, as the schema writes it: references are not followed. */
function fieldsOf(of: Schema, path = '$'): [string, Schema][] {
  const inner: [string, Schema][] = Object.entries(of.properties ?? {}).map(([name, field]) => [
    `${path}.${name}`,
    field,
  ])
  const deeper: [string, Schema][] = [
    ...Object.entries(of.$defs ?? {}).map(([name, one]): [string, Schema] => [`#${name}`, one]),
    ...(of.anyOf ?? []).map((one): [string, Schema] => [path, one]),
    ...(of.items === undefined ? [] : [[`${path}[]`, of.items] as [string, Schema]]),
  ]
  return [...inner, ...[...inner, ...deeper].flatMap(([at, one]) => fieldsOf(one, at))]
}

test('what is made from the schema is current: if this fails, npm run generate', () => {
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/generate.ts', '--check'], { cwd: root, stdio: 'pipe' })
})

test('every field says what it is, and shows an example or has fields of its own', () => {
  const fields = fieldsOf(schema)
  assert.ok(fields.length > 150)
  for (const [path, field] of fields) {
    assert.ok(field.description, `${path} has no description`)
    const full = resolve(schema, field)
    const holds = resolve(schema, full.items ?? {}).properties ?? full.properties ?? full.patternProperties
    assert.ok(full.examples !== undefined || holds !== undefined, `${path} has no example`)
  }
})

test('every example and default is what its own field takes', () => {
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema(
    mapSchema(schema, (one) => one),
    'config',
  )
  for (const [path, field] of fieldsOf(schema)) {
    const check = ajv.compile({ ...field, $defs: schema.$defs })
    for (const value of [...(field.examples ?? []), ...(field.default === undefined ? [] : [field.default])]) {
      assert.ok(check(value), `${path} does not take ${JSON.stringify(value)}: ${JSON.stringify(check.errors)}`)
    }
  }
})

test('alternatives differ in type, so that one mistake is one error', () => {
  mapSchema(schema, (one) => {
    const types = (one.anyOf ?? []).map((branch) => resolve(schema, branch).type)
    assert.is(new Set(types).size, types.length, JSON.stringify(one.anyOf))
    return one
  })
})

test('no object takes fields that nobody reads', () => {
  mapSchema(schema, (one) => {
    const closed = one.additionalProperties !== undefined
    assert.ok(one.type !== 'object' || closed, `open: ${JSON.stringify(one).slice(0, 200)}`)
    return one
  })
})

test('a value of the wrong type, and a broken number', () => {
  const told = problemsOf({
    zfs: { pools: {}, arc_max_gb: '32' },
    guests: { vms: [{ vmid: 99, name: 'x', cores: 1.5 }] },
    samba: null,
  })
  assert.equal(
    told.map(({ path, message }) => `${path} ${message}`),
    [
      '$.zfs.pools this must be a list, not an object',
      '$.zfs.arc_max_gb this must be a number, not a text',
      '$.guests.vms[0].vmid 99 is too small: the least is 100',
      '$.guests.vms[0].cores this must be a whole number, not 1.5',
      '$.samba this must be an object, not null',
    ],
  )
})

test('a document that is no object', () => {
  for (const document of [null, [], 'x', 3]) assert.is(problemsOf(document)[0]?.path, '$')
})

test.run()
