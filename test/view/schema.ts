/** The schemas of schema/, compiled with ajv: what every JSON document of phx has to satisfy. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'

const names = ['plan', 'events', 'graph', 'status', 'why', 'validate', 'runs', 'import', 'secrets'] as const
export type SchemaName = (typeof names)[number]

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
for (const name of names) {
  ajv.addSchema(JSON.parse(readFileSync(join(import.meta.dirname, '../../schema', `${name}.schema.json`), 'utf8')))
}

export function mistakes(name: SchemaName, document: unknown): readonly string[] {
  const validate = ajv.getSchema(`${name}.schema.json`)
  if (!validate) throw new Error(`no schema ${name}`)
  return validate(document) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`)
}

export function assertValid(name: SchemaName, document: unknown): void {
  // What is printed has been through JSON: fields that are undefined are not there.
  assert.equal(mistakes(name, JSON.parse(JSON.stringify(document))), [])
}
