/** Where a config refers to secrets: every place that the schema gives one, whatever its field is called. */

import { schemaText } from './generated/schema.ts'
import type { PhxConfig, SecretReference } from './generated/types.ts'
import type { Path } from './problem.ts'
import { type SchemaNode, SchemaReader } from './schema-reader.ts'

export interface SecretPlace {
  readonly path: Path
  readonly reference: SecretReference
}

const kinds = ['file', 'env', 'credential', 'command']

/** In the order of the document. The config is valid: what stands in such a place is a reference. */
export function secretReferences(config: PhxConfig): SecretPlace[] {
  const root = JSON.parse(schemaText()) as SchemaNode
  const reader = new SchemaReader(root, config)
  const secret = root.$defs?.secret?.properties
  const found: SecretPlace[] = []
  const walk = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return
    const names = Object.keys(value)
    // Few objects look like one, and asking the schema is dear.
    const isLike = !Array.isArray(value) && names.length === 1 && kinds.includes(names[0] ?? '')
    if (isLike && reader.at(path).properties === secret) found.push({ path, reference: value as SecretReference })
    else if (Array.isArray(value)) for (const [index, inner] of value.entries()) walk(inner, [...path, index])
    else for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name])
  }
  walk(config, [])
  return found
}
