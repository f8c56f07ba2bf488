/**
 * A value of the document together with the way to it. Rules look at the config through this: it takes nothing for
 * granted, so that they also work on a document that the schema has refused and every error can be told at once.
 */
import type { Finding, Path } from './problem.ts'

export class Spot {
  readonly value: unknown
  private readonly parent: Spot | undefined
  private readonly step: string | number

  constructor(value: unknown, parent?: Spot, step: string | number = '') {
    this.value = value
    this.parent = parent
    this.step = step
  }

  /** Put together only when there is something to tell: nearly every spot is fine. */
  get path(): Path {
    const steps: (string | number)[] = []
    let spot: Spot = this
    while (spot.parent !== undefined) {
      steps.unshift(spot.step)
      spot = spot.parent
    }
    return steps
  }

  /** The field of that name, walking down; absent when there is none. */
  get(...names: readonly string[]): Spot {
    let spot: Spot = this
    for (const name of names) {
      const field = isObject(spot.value) && Object.hasOwn(spot.value, name) ? spot.value[name] : undefined
      spot = new Spot(field, spot, name)
    }
    return spot
  }

  /** The value at the end of a path. */
  at(path: Path): Spot {
    return path.reduce<Spot>((spot, step) => {
      const { value } = spot
      const inner =
        typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[step] : undefined
      return new Spot(inner, spot, step)
    }, this)
  }

  /** The entries of a list; none when it is something else. */
  items(): Spot[] {
    return Array.isArray(this.value) ? this.value.map((value, index) => new Spot(value, this, index)) : []
  }

  /** A list's entries, or the thing itself where one may stand for a list of one. */
  itemsOrSelf(): Spot[] {
    if (Array.isArray(this.value)) return this.items()
    return this.isPresent ? [this] : []
  }

  /** The fields of an object by name; none when it is something else. */
  fields(): [string, Spot][] {
    const { value } = this
    return isObject(value) ? Object.keys(value).map((name) => [name, new Spot(value[name], this, name)]) : []
  }

  /** The text, when it is one. */
  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined
  }

  get isPresent(): boolean {
    return this.value !== undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A rule says what is wrong with a config, one finding a mistake. */
export type Rule = (config: Spot) => Iterable<Finding>

export function error(spot: Spot, message: string, mend: string, meant?: string): Finding {
  return { severity: 'error', at: 'value', path: spot.path, message, mend, ...(meant === undefined ? {} : { meant }) }
}

export function warning(spot: Spot, message: string, mend: string, meant?: string): Finding {
  return { ...error(spot, message, mend, meant), severity: 'warning' }
}

/** The same, and where the other of two is that don't go together. */
export function beside(other: Spot, finding: Finding): Finding {
  return { ...finding, other: other.path }
}

/** The same, pointing at the field's name instead of its value. */
export function atKey(finding: Finding): Finding {
  return { ...finding, at: 'key' }
}
