/** yargs, for what the fast parser gives up on: help, the version, mistakes with their did-you-mean, shell completion. */
import yargs, { type Argv } from 'yargs'
import manifest from '../../package.json' with { type: 'json' }
import { commands, findCommand, type OptionName, type OptionSpec, options, orders } from './commands.ts'
import type { Environment } from './environment.ts'
import { UsageError } from './exit.ts'
import { splitAtDashes } from './fast.ts'
import type { Parsed } from './invocation.ts'
import { didYouMean } from './meant.ts'
import { targetNames } from './session.ts'

/** A call that only wants something printed. */
export interface Printed {
  readonly output: string
}

export async function parseFull(argv: readonly string[], environment: Environment): Promise<Parsed | Printed> {
  if (argv[0] === completions) return { output: await complete(argv, environment) }
  const { head, tail } = splitAtDashes(argv)
  const { parsed, output } = await read(head)
  if (output !== '') return { output }
  if (!parsed) throw new UsageError('phx needs a command', [`one of ${names.join(', ')}`, 'phx --help'])
  return { ...parsed, words: [...parsed.words, ...tail] }
}

/** What the script of `phx completion` calls, with the words of the line so far. */
const completions = '--get-yargs-completions'
const names = commands.map((command) => command.name)

/** One pass of yargs; with a callback it collects what it would print instead of printing it. */
async function read(argv: readonly string[]): Promise<{ parsed: Parsed | null; output: string }> {
  const found: { parsed: Parsed | null; output: string } = { parsed: null, output: '' }
  const parser = describe(argv, (parsed) => {
    found.parsed = parsed
  }).fail((message, error) => {
    // yargs prints the script, then takes the word for an unknown argument (yargs 18.2, strict with completion).
    if (argv[0] === 'completion') return
    // It hands over its own complaints with a message, and our errors from below it without one.
    if (error instanceof UsageError || !message) throw error
    throw mistake(message, argv)
  })
  await parser.parseAsync([...argv], {}, (_error, _argv, text) => {
    if (text !== '') found.output += `${text.trimEnd()}\n`
  })
  return found
}

function describe(argv: readonly string[], take: (parsed: Parsed) => void): Argv {
  let parser: Argv = yargs([...argv])
    .scriptName('phx')
    .usage(
      '$0 COMMAND: make for a hypervisor\n\nOne config becomes pools, datasets and storage; the second run does nothing.',
    )
    .parserConfiguration({
      'boolean-negation': false, // --no-deps is an option of that name
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .locale('en')
    .exitProcess(false)
    .strict()
    .recommendCommands()
    .help('help', 'show this help')
    .alias('help', 'h')
    .version('version', 'show the version', manifest.version)
    .completion('completion', 'print the completion script: source <(phx completion)')
    .epilogue(
      'Exit codes: 0 ok, 1 failed, 2 plan has changes, 3 refused by a safety rule, 4 invalid config or usage, ' +
        '5 locked by another run, 130 interrupted.',
    )
  for (const command of commands) {
    const positional = command.positionals.replace(/[^a-z ]/g, '').split(' ')[0] ?? ''
    parser = parser.command(
      `${command.name} ${command.positionals}`.trim(),
      command.about,
      (builder: Argv) => {
        let built: Argv = builder
        if (positional !== '')
          built = built.positional(positional, { type: 'string', describe: command.positionalAbout })
        for (const name of command.options) built = built.option(name, yargsOption(options[name]))
        for (const [line, about] of command.examples) built = built.example(line, about)
        return built
      },
      (found) => take({ command: command.name, words: wordsOf(found), options: optionsOf(found, command.options) }),
    )
  }
  return parser
}

function yargsOption(option: OptionSpec) {
  return {
    describe: option.about,
    ...(option.short === undefined ? {} : { alias: option.short }),
    ...(option.choices === undefined ? {} : { choices: option.choices }),
    ...(option.kind === 'flag' ? { type: 'boolean' as const } : { type: 'string' as const, requiresArg: true }),
    ...(option.kind === 'list' ? { array: true as const } : {}),
  }
}

/** The positionals of every command, in their order; yargs gives each under its own name. */
function wordsOf(found: Readonly<Record<string, unknown>>): readonly string[] {
  return ['folder', 'tool', 'target', 'guest', 'id', 'file', 'check'].flatMap((name) => {
    const value = found[name]
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
  })
}

function optionsOf(found: Readonly<Record<string, unknown>>, allowed: readonly OptionName[]): Parsed['options'] {
  const taken: Record<string, string | boolean | readonly string[]> = {}
  for (const name of allowed) {
    const value = found[name]
    if (value === undefined) continue
    // A single value that was given twice: the last one counts, as with the fast parser.
    if (Array.isArray(value)) taken[name] = options[name].kind === 'list' ? value.map(String) : String(value.at(-1))
    else taken[name] = typeof value === 'boolean' ? value : String(value)
  }
  return taken
}

/** yargs' complaint in our words, with what was probably meant. */
function mistake(message: string, head: readonly string[]): UsageError {
  const name = head.find((word) => !word.startsWith('-')) ?? ''
  const command = findCommand(name)
  if (!command && name !== '') {
    return new UsageError(`phx has no command ${name}${didYouMean(name, names)}`, [`one of ${names.join(', ')}`])
  }
  const help = [command ? `phx ${command.name} --help` : 'phx --help']
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ') ?? []
  const known = command?.options ?? []
  for (const word of new Set(unknown)) {
    const dashed = head.find((given) => given.replace(/=.*/, '').replace(/^-+/, '') === word && given.startsWith('-'))
    if (dashed === undefined) continue
    const option = dashed.replace(/=.*/, '')
    const meant = didYouMean(
      option,
      known.map((one) => `--${one}`),
    )
    return new UsageError(`phx ${name} has no option ${option}${meant}`, help)
  }
  const missing = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  if (missing !== undefined) {
    return new UsageError(`${missing.length === 1 ? '-' : '--'}${missing} needs a value`, help)
  }
  return new UsageError(message.replace(/\s*\n\s*/g, ' '), help)
}

/** Commands and options from the table, and targets from the config when it can be read. */
async function complete(argv: readonly string[], environment: Environment): Promise<string> {
  const words = argv.slice(1)
  const current = words.at(-1) ?? ''
  const command = words.slice(0, -1).map(findCommand).find(Boolean)
  const found = (await read(argv)).output.split('\n')
  // yargs offers a short form as `--c`, which the other parser would refuse.
  const output = found.filter((line) => !/^--\w$/.test(line)).join('\n')
  const positionals = command?.positionals ?? ''
  if (!/target|guest/.test(positionals) || current.startsWith('-')) return output
  const order = orders.find((name) => name === command?.name) ?? null
  const names = await targetNames(words, environment, order, positionals.includes('guest'))
  const targets = names.filter((target) => target.startsWith(current))
  return targets.map((target) => `${target}\n`).join('') + output
}
