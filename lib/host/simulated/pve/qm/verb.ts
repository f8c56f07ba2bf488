/** What every verb of qm is: its command line and its work. */
import type { Parameters, Verb } from '../options.ts'
import { Refusal, type Voice } from '../surroundings.ts'
import type { Property } from '../types.ts'
import type { VmMachine } from './machine.ts'

/** Standard input, read when it is asked for: bytes where there are real ones. */
export type Ask = () => string | Buffer

/** `note` is a warning of which a task says at its end that there was one. */
export interface TaskVoice extends Voice {
  note(text: string): void
}

export interface QmCall {
  readonly machine: VmMachine
  readonly voice: TaskVoice
  readonly vmid: string
  readonly given: Parameters
  readonly verb: Verb
  /** Words behind the verb's own arguments. */
  readonly more: readonly string[]
  readonly ask: Ask
}

export interface QmVerb {
  readonly parameters: Readonly<Record<string, Property>>
  /** For all machines: no number is asked for. */
  readonly isGeneral?: true
  readonly takesMore?: true
  work(call: QmCall): void
}

/** A password comes from standard input, twice (PVE::PTY; texts: pveum.jsonl). */
export function askTwice(ask: Ask): string {
  const [password = '', again] = ask().toString().split('\n')
  if (password === '') throw new Refusal('EOF while reading password\n')
  if (password !== again) throw new Refusal('Passwords do not match.\n')
  return password
}

/** Where a part of the work takes place. */
export type Place = Pick<QmCall, 'machine' | 'voice' | 'vmid'>
