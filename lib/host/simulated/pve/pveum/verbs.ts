/** How the verbs of pveum are written down: parameters, what must be there, and the work. */
import type { Parameters, Verb } from '../options.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import type { Property } from '../types.ts'
import type { UserConfig } from './config.ts'
import type { Row, Rows } from './print.ts'

export interface Call {
  readonly machine: Surroundings
  readonly voice: Voice
  /** Read before anything else, so its warnings come first and once. */
  readonly config: UserConfig
  readonly given: Parameters
  readonly verb: Verb
  /** Standard input, a line at a time; null at its end. */
  readonly ask: () => string | null
}

export interface Command extends Verb {
  /** What must be given beside the positional arguments, such as `roles`. */
  readonly required: readonly string[]
  /** What asks for another: `append` for `groups`. */
  readonly requires: Readonly<Record<string, string>>
  /** Stands before a refusal of the work itself: `create user failed`. */
  readonly failed?: string
  /** What is looked at before the lock is taken, so that its refusal has nothing before it (pveum.jsonl n=44, 45). */
  readonly first?: (call: Call) => void
  /** Whether the answer can be had in several formats. */
  readonly prints: boolean
  readonly work: (call: Call) => Rows | Row | undefined
}

export const text: Property = { kind: 'string' }
export const flag: Property = { kind: 'boolean' }

/** Of every verb that prints an answer (CLIHandler). */
const outputOptions: Verb['parameters'] = {
  'human-readable': flag,
  noborder: flag,
  noheader: flag,
  'output-format': { kind: 'string', values: ['text', 'json', 'json-pretty', 'yaml'] },
  quiet: flag,
}

interface Extra {
  readonly required?: readonly string[]
  readonly requires?: Readonly<Record<string, string>>
  readonly failed?: string
  readonly first?: (call: Call) => void
}

/** A verb that answers nothing: `user add <userid> [OPTIONS]`. */
export function verb(
  usage: string,
  parameters: Verb['parameters'],
  work: (call: Call) => undefined,
  extra: Extra = {},
): Command {
  return command(usage, parameters, work, extra, false)
}

/** A verb whose answer is printed. */
export function question(
  usage: string,
  parameters: Verb['parameters'],
  work: (call: Call) => Rows | Row | undefined,
  extra: Extra = {},
): Command {
  return command(usage, { ...parameters, ...outputOptions }, work, extra, true)
}

function command(
  usage: string,
  parameters: Verb['parameters'],
  work: Command['work'],
  extra: Extra,
  prints: boolean,
): Command {
  return {
    usage: `pveum ${usage}`,
    positional: [...usage.matchAll(/(?<!-\w+ )<(\w+)>/g)].map(([, name]) => name ?? ''),
    parameters,
    required: [],
    requires: {},
    ...extra,
    prints,
    work,
  }
}

export function refuse(why: string): never {
  throw new Refusal(`${why}\n`)
}
