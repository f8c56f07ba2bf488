/** What every verb of pct is: its command line and its work. */
import type { Parameters, Verb } from '../options.ts'
import type { Voice } from '../surroundings.ts'
import type { Property } from '../types.ts'
import type { ContainerMachine } from './machine.ts'

export interface PctCall {
  readonly machine: ContainerMachine
  readonly voice: Voice
  readonly vmid: string
  readonly given: Parameters
  readonly verb: Verb
  /** Words behind the verb's own arguments: a command in the container. */
  readonly more: readonly string[]
}

export interface PctVerb {
  readonly parameters: Readonly<Record<string, Property>>
  /** A number is an exit code that is not pct's own. */
  work(call: PctCall): unknown
}
