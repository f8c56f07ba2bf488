/** What every verb of pct is: its command line and its work. */
import type { Parameters, Verb } from '../options.ts'
import type { Voice } from '../surroundings.ts'
import type { Property } from '../types.ts'
import type { GuestMachine } from './machine.ts'

export interface PctCall {
  readonly machine: GuestMachine
  readonly voice: Voice
  readonly vmid: string
  readonly given: Parameters
  readonly verb: Verb
}

export interface PctVerb {
  readonly parameters: Readonly<Record<string, Property>>
  work(call: PctCall): void
}
