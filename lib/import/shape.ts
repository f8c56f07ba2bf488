/** What phx's own schema says of a place such as `guests.lxc_configs.*.network_config`: an import knows no field twice. */
import { schemaText } from '../config/generated/schema.ts'
import type { SchemaNode } from '../config/schema-reader.ts'

export interface Shape {
  /** JSON Schema's names of the types that may stand here. */
  readonly types: ReadonlySet<string>
  readonly properties: Readonly<Record<string, SchemaNode>>
  readonly items: SchemaNode | undefined
  /** Of a map: its entries. */
  readonly entries: SchemaNode | undefined
}

/** `[]` steps into a list, `*` into a map, a name into a field. */
export function shapeAt(place: string): Shape {
  const kept = shapes.get(place)
  if (kept !== undefined) return kept
  const shape = shapeOf(nodeAt(place))
  shapes.set(place, shape)
  return shape
}
const shapes = new Map<string, Shape>()

export function hasField(place: string, name: string): boolean {
  return Object.hasOwn(shapeAt(place).properties, name)
}

export function inside(place: string, step: string): string {
  return place === '' || step === '[]' ? `${place}${step}` : `${place}.${step}`
}

function nodeAt(place: string): SchemaNode {
  const steps = place.match(/\[\]|[^.[\]]+/g) ?? []
  return steps.reduce<SchemaNode>((node, step) => {
    const { items, entries, properties } = shapeOf(node)
    const inner = step === '[]' ? items : step === '*' ? entries : properties[step]
    return inner ?? {}
  }, root())
}

let parsed: SchemaNode | undefined

function root(): SchemaNode {
  parsed ??= JSON.parse(schemaText()) as SchemaNode
  return parsed
}

function shapeOf(node: SchemaNode): Shape {
  const branches = branchesOf(node)
  const keyed = branches.flatMap((one) => Object.values(one.patternProperties ?? {}))[0]
  const others = branches.map((one) => one.additionalProperties).find((one) => typeof one === 'object')
  return {
    types: new Set(branches.flatMap((one) => [one.type ?? []].flat())),
    properties: Object.assign({}, ...branches.map((one) => one.properties ?? {})),
    items: branches.map((one) => one.items).find((one) => one !== undefined),
    entries: keyed ?? others,
  }
}

/** The node itself, what it refers to, and its alternatives. */
function branchesOf(node: SchemaNode): SchemaNode[] {
  const referred = node.$ref === undefined ? undefined : root().$defs?.[node.$ref.replace('#/$defs/', '')]
  return [
    node,
    ...(referred === undefined ? [] : branchesOf(referred)),
    ...(node.anyOf ?? []).flatMap((one) => branchesOf(one)),
  ]
}
