/**
 * Parses a well-formed call without loading yargs, which alone costs half of Node's own start. It gives up (null) on
 * everything else: yargs then finds the words for what is wrong, or shows help.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { findCommand, type OptionName, options } from './commands.ts'
import type { Parsed } from './invocation.ts'

const accepted: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(
  Object.entries(options).map(([name, option]) => [
    name,
    {
      type: option.kind === 'flag' ? ('boolean' as const) : ('string' as const),
      multiple: option.kind === 'list',
      ...('short' in option ? { short: option.short } : {}),
    },
  ]),
)

/** What stands behind the first `--` is never an option. */
export function splitAtDashes(argv: readonly string[]): { head: readonly string[]; tail: readonly string[] } {
  const at = argv.indexOf('--')
  return at < 0 ? { head: argv, tail: [] } : { head: argv.slice(0, at), tail: argv.slice(at + 1) }
}

export function parseFast(argv: readonly string[]): Parsed | null {
  const { head, tail } = splitAtDashes(argv)
  let found: { values: object; positionals: string[] }
  try {
    found = parseArgs({ args: [...head], options: accepted, allowPositionals: true, strict: true })
  } catch {
    return null // ERR_PARSE_ARGS_*: an unknown option or a value missing
  }
  const [name, ...words] = found.positionals
  const command = name === undefined ? undefined : findCommand(name)
  if (!command) return null
  const names = Object.keys(found.values) as OptionName[]
  if (names.some((option) => !command.options.includes(option))) return null
  return { command: command.name, words: [...words, ...tail], options: found.values }
}
