/**
 * Writes what is made from schema/sections: the whole schema, the validator, the types, what errors need from it,
 * and docs/config.md. With --check it writes nothing and ends with 1 when one of them is not current.
 *
 * Usage: npm run generate [-- --check]
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docsText } from './schema-docs.ts'
import { schemaCode } from './schema-errors.ts'
import { assembleSchema, readSections } from './schema-sections.ts'
import { typesCode } from './schema-types.ts'
import { validatorCode, validatorTypes } from './schema-validator.ts'

const root = join(import.meta.dirname, '..')

/** Each file and its text, as they should be. */
async function artefacts(): Promise<[string, string][]> {
  const sections = readSections(join(root, 'schema/sections'))
  const schema = assembleSchema(sections)
  return [
    ['schema/phoenix.config.schema.json', formatted('schema/phoenix.config.schema.json', JSON.stringify(schema))],
    ['lib/config/generated/types.ts', await typesCode(schema)],
    ['lib/config/generated/validator.js', await validatorCode(schema)],
    ['lib/config/generated/validator.d.ts', validatorTypes],
    ['lib/config/generated/schema.ts', schemaCode(schema)],
    ['docs/config.md', docsText(sections, schema)],
  ]
}

/** As the formatter wants it: what is written here is linted like any other file. */
function formatted(path: string, text: string): string {
  const biome = join(root, 'node_modules/.bin/biome')
  return execFileSync(biome, ['format', `--stdin-file-path=${path}`], { cwd: root, input: text, encoding: 'utf8' })
}

function current(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}

const stale = (await artefacts()).filter(([path, text]) => current(path) !== text)
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is not current: npm run generate`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  for (const [path, text] of stale) {
    writeFileSync(join(root, path), text)
    console.log(`wrote ${path}`)
  }
}
