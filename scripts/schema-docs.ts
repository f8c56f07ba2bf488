/** docs/config.md from the schema: a table for each object, in the order of the sections. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolve, type Schema, type Section } from './schema-sections.ts'

const introduction = join(import.meta.dirname, 'schema-docs-intro.md')

export function docsText(sections: readonly Section[], root: Schema): string {
  const chapters = sections.filter((section) => section.title !== undefined).map((section) => chapter(section, root))
  return `${[readFileSync(introduction, 'utf8').trim(), ...chapters, secrets(root)].join('\n\n')}\n`
}

function secrets(root: Schema): string {
  const secret = resolve(root, { $ref: '#/$defs/secret' })
  return `## Secrets\n\n${secret.description}\n\n${table(Object.entries(secret.properties ?? {}), [], root)}`
}

function chapter(section: Section, root: Schema): string {
  const parts = [`## ${section.title}`]
  const plain: [string, Schema][] = []
  const tables = new Map<string, string>()
  for (const [name, schema] of Object.entries(section.properties)) {
    const field = resolve(root, schema)
    const before = tables.size
    describeInner(name, field, root, tables)
    if (tables.size === before || field.properties === undefined) plain.push([name, schema])
  }
  if (plain.length > 0) parts.push(table(plain, [], root))
  return [...parts, ...tables.values()].join('\n\n')
}

/** Adds the tables of an object and of the objects in it. */
function describeInner(path: string, schema: Schema, root: Schema, tables: Map<string, string>): void {
  for (const [suffix, inner] of objectsIn(schema, root)) {
    const here = `${path}${suffix}`
    const fields = Object.entries(inner.properties ?? {})
    const told = inner.title === undefined ? undefined : tables.get(inner.title)
    if (told !== undefined) {
      tables.set(here, `### \`${here}\`\n\nFields as in \`${told.split('`')[1]}\`.`)
      continue
    }
    if (fields.length > 0) {
      const words = inner.description === undefined ? '' : `\n\n${inner.description}`
      tables.set(inner.title ?? here, `### \`${here}\`${words}\n\n${table(fields, inner.required ?? [], root)}`)
    }
    for (const [name, field] of fields) describeInner(`${here}.${name}`, resolve(root, field), root, tables)
    for (const [key, field] of keyedIn(inner)) describeInner(`${here}.${key}`, resolve(root, field), root, tables)
  }
}

/** The objects that a value may be or hold, and how the path to one goes on. */
function objectsIn(schema: Schema, root: Schema): [string, Schema][] {
  const found = new Map<Schema, [string, Schema]>()
  const note = (suffix: string, target: Schema) => {
    const full = resolve(root, target)
    // A secret reference has one chapter of its own, not one a use.
    if (full.title === 'SecretReference') return
    if (full.properties !== undefined || keyedIn(full).length > 0) found.set(target, [suffix, full])
  }
  const alternatives = schema.anyOf ?? [schema]
  for (const alternative of alternatives) {
    const full = resolve(root, alternative)
    if (full.items !== undefined) note('[]', full.items)
    else if (alternatives.length === 1 || !alternatives.some((other) => other.items?.$ref === alternative.$ref))
      note('', alternative)
  }
  return [...found.values()]
}

function keyedIn(schema: Schema): [string, Schema][] {
  const keyed = Object.values(schema.patternProperties ?? {})
  if (typeof schema.additionalProperties === 'object') keyed.push(schema.additionalProperties)
  return keyed.map((one) => ['<key>', one])
}

function table(fields: readonly [string, Schema][], required: readonly string[], root: Schema): string {
  const rows = fields.map(([name, schema]) => {
    const field = resolve(root, schema)
    const must = required.includes(name) ? ' (required)' : ''
    const standard = field.default === undefined ? '–' : code(field.default)
    return `| \`${name}\`${must} | ${kind(field, root)} | ${standard} | ${words(field)} |`
  })
  return ['| field | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function words(field: Schema): string {
  const examples = (field.examples ?? []).slice(0, 3).map(code).join(', ')
  // A bare < would begin an HTML tag.
  const parts = [(field.description ?? '').replace(/</g, '&lt;')]
  if (field.type === 'string' && field.patternErrorMessage !== undefined)
    parts.push(`Must be ${field.patternErrorMessage}.`)
  if (examples !== '') parts.push(`Example: ${examples}`)
  return escapeCell(parts.join(' '))
}

function kind(field: Schema, root: Schema): string {
  if (field.title === 'SecretReference') return '[secret reference](#secrets)'
  if (field.enum !== undefined) return field.enum.map(code).join(', ')
  if (field.anyOf !== undefined)
    return [...new Set(field.anyOf.map((one) => kind(resolve(root, one), root)))].join(' or ')
  if (Array.isArray(field.type)) return field.type.map(typeName).join(' or ')
  if (field.type === 'array' && field.items !== undefined) return `list of ${kind(resolve(root, field.items), root)}`
  return typeName(field.type ?? 'any')
}

function typeName(type: string): string {
  return { string: 'text', boolean: '`true`, `false`', integer: 'whole number', array: 'list' }[type] ?? type
}

function code(value: unknown): string {
  return `\`${escapeCell(JSON.stringify(value))}\``
}

function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|')
}
