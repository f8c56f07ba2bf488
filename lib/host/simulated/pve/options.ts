/**
 * How Proxmox's tools read their command line: Getopt::Long's ways (`--x v`, `-x v`, `--x=v`, unique prefixes, options
 * before or after the arguments) and then a check of every value against the schema, all errors in one refusal.
 * Facts: proxmox-tools.md "Options"; texts: pvesm.jsonl.
 */
import { parseBoolean } from './formats.ts'
import { Refusal } from './surroundings.ts'
import type { Property } from './types.ts'

export interface Verb {
  /** As the usage line names it: `pvesm add <type> <storage> [OPTIONS]`. */
  readonly usage: string
  /** Positional arguments, all of them required. */
  readonly positional: readonly string[]
  readonly parameters: Readonly<Record<string, Property>>
  /** Whether words may follow that are somebody else's (`qm guest exec ID -- PROGRAM ARGS…`). */
  readonly takesMore?: boolean
}

export type Parameters = Map<string, string>

export const parseCommandLine = (verb: Verb, args: readonly string[]): Parameters => readCommandLine(verb, args).given

/** With the words behind the verb's own arguments. */
export function readCommandLine(verb: Verb, args: readonly string[]): { given: Parameters; more: readonly string[] } {
  const { given, rest, complaints } = readOptions(verb.parameters, args)
  if (complaints.length > 0) throw badRequest(verb, 'unable to parse option', complaints)
  if (rest.length < verb.positional.length) throw badRequest(verb, 'not enough arguments')
  if (rest.length > verb.positional.length && verb.takesMore !== true) throw badRequest(verb, 'too many arguments')
  for (const [index, name] of verb.positional.entries()) given.set(name, rest[index] ?? '')

  for (const [name, value] of given) {
    if (verb.parameters[name]?.kind !== 'boolean') continue
    const truth = value === '' ? true : parseBoolean(value)
    if (truth === null) throw badRequest(verb, 'unable to parse boolean option')
    given.set(name, truth ? '1' : '0')
  }
  const errors = new Map<string, string>()
  for (const [name, value] of given) {
    const wrong = checkValue(verb.parameters[name], value)
    if (wrong !== null) errors.set(name, wrong)
  }
  if (errors.size > 0) throw parameterErrors(verb, errors)
  return { given, more: rest.slice(verb.positional.length) }
}

/** `400 Parameter verification failed.` with a line for each parameter. */
export function parameterErrors(verb: Verb, errors: ReadonlyMap<string, string>): Refusal {
  const lines = [...errors].map(([name, wrong]) => `${name}: ${wrong}\n`).join('')
  return new Refusal(`400 Parameter verification failed.\n${lines}${verb.usage}\n`)
}

function badRequest(verb: Verb, what: string, complaints: readonly string[] = []): Refusal {
  return new Refusal([...complaints, `400 ${what}`, verb.usage, ''].join('\n'))
}

/** What is wrong with a value, as JSONSchema.pm says it; null when nothing. A format's text ends in a line feed of its own. */
export function checkValue(property: Property | undefined, value: string): string | null {
  if (property === undefined) return null
  if (property.kind === 'boolean')
    return /^(0|1)$/.test(value) ? null : `type check ('boolean') failed - got '${value}'`
  const digits = { integer: /^[+-]?\d+$/, number: /^[+-]?\d+(\.\d+)?$/, string: null }[property.kind]
  if (digits?.test(value) === false) return `type check ('${property.kind}') failed - got '${value}'`
  const wrong = property.check?.(value)
  if (typeof wrong === 'string') return `invalid format - ${wrong.endsWith('\n') ? wrong : `${wrong}\n`}`
  if (digits !== null) {
    const { minimum, maximum } = property
    if (minimum !== undefined && Number(value) < minimum) return `value must have a minimum value of ${minimum}`
    if (maximum !== undefined && Number(value) > maximum) return `value must have a maximum value of ${maximum}`
    return null
  }
  const shortest = property.minimumLength
  if (shortest !== undefined && value.length < shortest) return `value must be at least ${shortest} characters long`
  const longest = property.maximumLength
  if (longest !== undefined && value.length > longest) return `value may only be ${longest} characters long`
  if (property.pattern !== undefined && !property.pattern.test(value)) return 'value does not match the regex pattern'
  if (property.values !== undefined && !property.values.includes(value)) {
    return `value '${value}' does not have a value in the enumeration '${property.values.join(', ')}'`
  }
  return null
}

function readOptions(parameters: Verb['parameters'], args: readonly string[]) {
  const given: Parameters = new Map()
  const rest: string[] = []
  const complaints: string[] = []
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? ''
    if (word === '--') {
      rest.push(...args.slice(index + 1))
      break
    }
    const [, typed, attached] = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(word) ?? []
    if (typed === undefined) {
      rest.push(word)
      continue
    }
    const names = namesFor(parameters, typed)
    const [name] = names
    if (name === undefined) {
      complaints.push(`Unknown option: ${typed}`)
      continue
    }
    if (names.length > 1) {
      complaints.push(`Option ${typed} is ambiguous (${names.join(', ')})`)
      continue
    }
    const optional = parameters[name]?.kind === 'boolean' || parameters[name]?.secret === true
    let value = attached
    if (value === undefined) {
      const next = args[index + 1]
      // A mandatory value may look like an option, an optional one may not (Getopt::Long).
      if (next !== undefined && !(optional && /^-./.test(next))) {
        value = next
        index++
      } else if (optional) value = ''
    }
    if (value === undefined || (attached === '' && !optional)) {
      complaints.push(`Option ${typed} requires an argument`)
      continue
    }
    const before = parameters[name]?.list === true ? given.get(name) : undefined
    given.set(name, before === undefined ? value : `${before},${value}`)
  }
  return { given, rest, complaints }
}

function namesFor(parameters: Verb['parameters'], typed: string): string[] {
  const wanted = typed.toLowerCase()
  const all = Object.keys(parameters)
  const exact = all.find((name) => name.toLowerCase() === wanted)
  return exact === undefined ? all.filter((name) => name.toLowerCase().startsWith(wanted)).sort() : [exact]
}
