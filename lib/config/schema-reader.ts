/** Looks up what the schema says of a place in a document. Only used once something is wrong. */
import type { Path } from './problem.ts'

export interface SchemaNode {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly patternErrorMessage?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly additionalProperties?: boolean | SchemaNode
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly $defs?: Readonly<Record<string, SchemaNode>>
}

export class SchemaReader {
  readonly #root: SchemaNode
  readonly #document: unknown

  constructor(root: SchemaNode, document: unknown) {
    this.#root = root
    this.#document = document
  }

  /** A JSON pointer as a path; whether a number is a place in a list or the name of a field, the document tells. */
  pathOf(pointer: string): Path {
    const path: (string | number)[] = []
    let value = this.#document
    for (const part of pointer.split('/').slice(1)) {
      const name = part.replace(/~1/g, '/').replace(/~0/g, '~')
      const step = Array.isArray(value) ? Number(name) : name
      path.push(step)
      value = inside(value, step)
    }
    return path
  }

  valueAt(path: Path): unknown {
    return path.reduce<unknown>(inside, this.#document)
  }

  /** What the schema says of the place: of alternatives the one for the type of value that stands there. */
  at(path: Path): SchemaNode {
    return path.reduce<SchemaNode>(
      (node, step, index) => this.#fitting(this.#within(node, step), this.valueAt(path.slice(0, index + 1))),
      this.#fitting(this.#root, this.#document),
    )
  }

  /** Whether the value at the place has a type that one of the alternatives there takes. */
  fits(path: Path): boolean {
    const value = this.valueAt(path)
    return this.typesAt(path).some((type) => (type === 'integer' ? Number.isInteger(value) : type === typeOf(value)))
  }

  typesAt(path: Path): string[] {
    const last = path.at(-1)
    const node = last === undefined ? this.#root : this.#within(this.at(path.slice(0, -1)), last)
    return (node.anyOf ?? [node]).flatMap((one) => [this.#resolved(one).type ?? []].flat())
  }

  exampleOf(path: Path): string {
    const last = path.at(-1)
    const node = last === undefined ? this.#root : this.#within(this.at(path.slice(0, -1)), last)
    const listed = typeof last === 'number' ? firstOf(this.#exampleValue(path.slice(0, -1))) : undefined
    const value = node.examples?.[0] ?? node.enum?.[0] ?? listed ?? (node.type === 'array' ? [] : {})
    return JSON.stringify(value)
  }

  #exampleValue(path: Path): unknown {
    return JSON.parse(this.exampleOf(path))
  }

  #within(node: SchemaNode, step: string | number): SchemaNode {
    if (typeof step === 'number') return this.#resolved(node.items ?? {})
    const named =
      node.properties !== undefined && Object.hasOwn(node.properties, step) ? node.properties[step] : undefined
    const keyed = Object.entries(node.patternProperties ?? {}).find(([pattern]) =>
      new RegExp(pattern, 'u').test(step),
    )?.[1]
    const others = typeof node.additionalProperties === 'object' ? node.additionalProperties : {}
    return this.#resolved(named ?? keyed ?? others)
  }

  #fitting(node: SchemaNode, value: unknown): SchemaNode {
    const resolved = this.#resolved(node)
    if (resolved.anyOf === undefined) return resolved
    const { anyOf, ...beside } = resolved
    const type = typeOf(value)
    const takes = (one: SchemaNode) =>
      [one.type ?? []].flat().some((name) => (name === 'integer' ? 'number' : name) === type)
    const branch = anyOf.map((one) => this.#resolved(one)).find(takes)
    return { ...branch, ...beside }
  }

  #resolved(node: SchemaNode): SchemaNode {
    if (node.$ref === undefined) return node
    const { $ref, ...beside } = node
    return { ...this.#resolved(this.#root.$defs?.[$ref.replace('#/$defs/', '')] ?? {}), ...beside }
  }
}

/** JSON Schema's name for the type of a value. */
export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value
}

export function typeWords(types: readonly string[]): string {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
    null: 'null',
    undefined: 'nothing',
  }
  return [...new Set(types)].map((type) => words[type] ?? type).join(' or ')
}

function inside(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return (value as Record<string | number, unknown>)[step]
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined
}
