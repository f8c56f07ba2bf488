/**
 * Puts the schema together: each file of schema/sections is the slice of one step, with the top-level fields that it
 * reads and the definitions that it brings along.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Schema {
  $ref?: string
  title?: string
  description?: string
  type?: string | string[]
  enum?: unknown[]
  default?: unknown
  examples?: unknown[]
  pattern?: string
  patternErrorMessage?: string
  minimum?: number
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  $defs?: Record<string, Schema>
}

export interface Section {
  /** Place among the sections, in the schema and in the docs. */
  readonly order: number
  /** Heading in the docs; absent in a slice that only holds definitions. */
  readonly title?: string
  readonly properties: Record<string, Schema>
  readonly $defs: Record<string, Schema>
}

export function readSections(folder: string): Section[] {
  return readdirSync(folder)
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Section)
    .sort((one, other) => one.order - other.order)
}

export function assembleSchema(sections: readonly Section[]): Schema {
  const assembled = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'phoenix.config.json',
    description: 'What a Proxmox VE host should be. phx converges it and never loses data unasked.',
    type: 'object',
    additionalProperties: false,
    properties: {} as Record<string, Schema>,
    $defs: {} as Record<string, Schema>,
  }
  for (const section of sections) {
    unite(assembled.properties, section.properties)
    unite(assembled.$defs, section.$defs)
  }
  return assembled
}

function unite(into: Record<string, Schema>, from: Record<string, Schema>): void {
  for (const [name, schema] of Object.entries(from)) {
    if (into[name] !== undefined) throw new Error(`two sections define ${name}`)
    into[name] = schema
  }
}

/** A copy in which `change` has been made to every schema, from the inside out. */
export function mapSchema(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const map = (inner: Schema) => mapSchema(inner, change)
  const mapAll = (inner: Record<string, Schema>) =>
    Object.fromEntries(Object.entries(inner).map(([name, one]) => [name, map(one)]))
  const copy = { ...schema }
  if (copy.properties) copy.properties = mapAll(copy.properties)
  if (copy.patternProperties) copy.patternProperties = mapAll(copy.patternProperties)
  if (copy.$defs) copy.$defs = mapAll(copy.$defs)
  if (typeof copy.additionalProperties === 'object') copy.additionalProperties = map(copy.additionalProperties)
  if (copy.items) copy.items = map(copy.items)
  if (copy.anyOf) copy.anyOf = copy.anyOf.map(map)
  return change(copy)
}

/** Follows a reference; what stands beside it goes before what it leads to. */
export function resolve(root: Schema, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const name = schema.$ref.replace('#/$defs/', '')
  const target = root.$defs?.[name]
  if (target === undefined) throw new Error(`no definition ${schema.$ref}`)
  const { $ref, ...beside } = schema
  return { ...resolve(root, target), ...beside }
}
