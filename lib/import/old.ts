/** A value of an old file together with where it stands there: everything the report says points at one of these. */
import type { LocatedDocument } from '../config/locate.ts'
import type { Path } from '../config/problem.ts'

export type Kind = 'hypervisor' | 'lxc' | 'vms' | 'stacks' | 'certificates' | 'phx'

export interface Source {
  readonly file: string
  readonly kind: Kind
  readonly text: string
  readonly document: LocatedDocument
}

export class Old {
  readonly source: Source
  readonly value: unknown
  readonly path: Path

  constructor(source: Source, value: unknown, path: Path) {
    this.source = source
    this.value = value
    this.path = path
  }

  static whole(source: Source): Old {
    return new Old(source, source.document.value, [])
  }

  /** null is how jq wrote what was missing. */
  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  get isObject(): boolean {
    return isObject(this.value)
  }

  get(...names: readonly string[]): Old {
    return names.reduce<Old>((old, name) => {
      const inner = isObject(old.value) && Object.hasOwn(old.value, name) ? old.value[name] : undefined
      return new Old(old.source, inner, [...old.path, name])
    }, this)
  }

  items(): Old[] {
    if (!Array.isArray(this.value)) return []
    return this.value.map((value, index) => new Old(this.source, value, [...this.path, index]))
  }

  /** A list's entries, or the thing itself where one stands for a list of one. */
  itemsOrSelf(): Old[] {
    if (Array.isArray(this.value)) return this.items()
    return this.isPresent ? [this] : []
  }

  fields(): [string, Old][] {
    const { value } = this
    return isObject(value) ? Object.keys(value).map((name) => [name, this.get(name)]) : []
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
