/** Turns ajv's errors, several for one mistake and all in its own words, into one finding a mistake, in ours. */
import { schemaText } from './generated/schema.ts'
import type { SchemaError } from './generated/validator.js'
import { nearest } from './nearest.ts'
import type { Finding, Path } from './problem.ts'
import { jsonPath } from './problem.ts'
import { retiredField } from './retired.ts'
import { SchemaReader, typeOf, typeWords } from './schema-reader.ts'
import { holdsSecret, isSecretName, secretMend } from './secret-fields.ts'

export function schemaFindings(document: unknown, errors: readonly SchemaError[]): Finding[] {
  const schema = new SchemaReader(JSON.parse(schemaText()), document)
  const located = errors.map((error) => ({ ...error, path: schema.pathOf(error.instancePath) }))
  const renamed = new Set<string>()
  const findings: Finding[] = []
  // Unknown fields first: what one of them means is then no longer missing.
  for (const error of located) {
    if (error.keyword !== 'additionalProperties') continue
    const finding = unknownField(schema, error.path, String(error.params.additionalProperty))
    if (finding.meant !== undefined) renamed.add(jsonPath([...error.path, finding.meant]))
    findings.push(finding)
  }
  for (const error of located) {
    const missing = error.params.missingProperty
    if (error.keyword === 'additionalProperties') continue
    if (missing !== undefined && renamed.has(jsonPath([...error.path, String(missing)]))) continue
    // Each branch of an anyOf takes another type: the errors of the branch that fits stand for the whole.
    if (error.keyword === 'anyOf' || (error.keyword === 'type' && schema.fits(error.path))) continue
    findings.push(wordError(schema, error))
  }
  return withoutDoubles(findings)
}

function wordError(schema: SchemaReader, error: SchemaError & { path: Path }): Finding {
  const { path, keyword, params } = error
  const value = schema.valueAt(path)
  const field = schema.at(path)
  if (keyword === 'required' || keyword === 'dependentRequired') return missingField(schema, path, error)
  const name = path.at(-1)
  if (typeof name === 'string' && isSecretName(name) && typeof value !== 'object') {
    return finding(path, 'a secret must not stand in the config', secretMend(path))
  }
  if (keyword === 'type') {
    const wanted = typeWords(schema.typesAt(path))
    const given = typeof value === 'number' ? shown(path, value) : typeWords([typeOf(value)])
    return finding(path, `this must be ${wanted}, not ${given}`, exampleMend(schema, path))
  }
  if (keyword === 'enum') {
    const allowed = (field.enum ?? []).map(String)
    return choice(path, value, allowed)
  }
  if (keyword === 'pattern') {
    const wanted = field.patternErrorMessage ?? 'written otherwise'
    if (wanted.startsWith('one of ')) return choice(path, value, wanted.slice('one of '.length).split(', '))
    return finding(path, `${shown(path, value)} is not ${wanted}`, exampleMend(schema, path))
  }
  if (keyword === 'minLength' || keyword === 'minItems')
    return finding(path, 'this is empty', exampleMend(schema, path))
  if (keyword === 'minProperties' || keyword === 'maxProperties') {
    return finding(path, 'a secret reference names exactly one place', 'keep one of file, env, credential, command')
  }
  const limit = String(params.limit)
  if (keyword === 'minimum')
    return finding(path, `${shown(path, value)} is too small: the least is ${limit}`, `write ${limit} or more`)
  if (keyword === 'maximum')
    return finding(path, `${shown(path, value)} is too large: the most is ${limit}`, `write ${limit} or less`)
  return finding(path, `${shown(path, value)} does not fit (${keyword})`, exampleMend(schema, path))
}

function choice(path: Path, value: unknown, allowed: readonly string[]): Finding {
  const meant = typeof value === 'string' ? nearest(value, allowed) : undefined
  const mend =
    meant === undefined
      ? `write one of ${allowed.join(', ')}`
      : `did you mean ${meant}? There are ${allowed.join(', ')}`
  return finding(path, `${shown(path, value)} is not one of ${allowed.join(', ')}`, mend, meant)
}

function unknownField(schema: SchemaReader, path: Path, name: string): Finding {
  const here: Path = [...path, name]
  const known = Object.keys(schema.at(path).properties ?? {})
  const retired = retiredField(here)
  if (retired !== undefined) return { ...finding(here, retired.message, retired.mend), at: 'key' }
  if (isSecretName(name)) {
    const message = `unknown field "${name}", and a secret must not stand in the config`
    return { ...finding(here, message, `remove it; where phx takes a secret, ${secretMend(here)}`), at: 'key' }
  }
  if (schema.at(path).patternProperties !== undefined) {
    return {
      ...finding(here, `"${name}" is not the id of a container`, 'write a number from 100 on, as text: "901"'),
      at: 'key',
    }
  }
  const others = known.filter((other) => !isGiven(schema.valueAt(path), other))
  const meant = nearest(name, others) ?? nearest(name, known)
  const mend = meant === undefined ? `remove it; the fields here are ${known.join(', ')}` : `did you mean ${meant}?`
  return { ...finding(here, `unknown field "${name}"`, mend, meant), at: 'key' }
}

function missingField(schema: SchemaReader, path: Path, error: SchemaError): Finding {
  const name = String(error.params.missingProperty)
  const because = error.keyword === 'dependentRequired' ? ` beside "${String(error.params.property)}"` : ''
  return finding(
    path,
    `the field "${name}" is missing${because}`,
    `add "${name}": ${schema.exampleOf([...path, name])}`,
  )
}

function exampleMend(schema: SchemaReader, path: Path): string {
  return `write for instance ${schema.exampleOf(path)}`
}

function finding(path: Path, message: string, mend: string, meant?: string): Finding {
  return { severity: 'error', at: 'value', path, message, mend, ...(meant === undefined ? {} : { meant }) }
}

function isGiven(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
}

/** A value inside a message: short, on one line, and never a secret. */
function shown(path: Path, value: unknown): string {
  if (holdsSecret(path)) return 'this'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function withoutDoubles(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter((one) => {
    const key = `${jsonPath(one.path)} ${one.message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
