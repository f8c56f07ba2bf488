/** From what a parser found to what a command is given: defaults filled in, values checked, contradictions refused. */
import type { Mode } from '../engine/session.ts'
import { type CommandSpec, findCommand, graphFormats, modes, type OptionName } from './commands.ts'
import { UsageError } from './exit.ts'
import { didYouMean } from './meant.ts'

/** What both parsers give: words and flags, unchecked. */
export interface Parsed {
  readonly command: string
  /** After the command; for `sim` also what stands behind `--`. */
  readonly words: readonly string[]
  readonly options: { readonly [name in OptionName]?: string | boolean | readonly string[] }
}

export interface Invocation {
  readonly command: CommandSpec
  readonly words: readonly string[]
  /** The command line as it was typed, for the lock and the journal. */
  readonly line: readonly string[]
  readonly config: string
  /** True when the config was named, not taken by default. */
  readonly configNamed: boolean
  readonly host: string
  readonly stateDir: string | null
  readonly mode: Mode
  readonly allowDestroy: readonly string[]
  readonly jobs: number
  readonly failFast: boolean
  readonly reboot: boolean
  /** Whether guests may be restarted, whatever the config says of each. */
  readonly restart: boolean
  readonly dryRun: boolean
  readonly deps: boolean
  readonly detailedExitCode: boolean
  readonly format: (typeof graphFormats)[number]
  readonly status: boolean
  /** The config that import writes. */
  readonly output: string
  readonly force: boolean
  readonly json: boolean
  readonly verbose: boolean
  readonly noColor: boolean
}

export function settle(parsed: Parsed, line: readonly string[]): Invocation {
  const command = findCommand(parsed.command)
  if (!command) throw new UsageError(`phx has no command ${parsed.command}`, ['phx --help'])
  checkWords(command, parsed.words)
  const text = (name: OptionName): string | null => {
    const value = parsed.options[name]
    if (typeof value !== 'string') return null
    if (value === '') throw new UsageError(`--${name} is empty`, [`phx ${command.name} --help`])
    return value
  }
  const flag = (name: OptionName): boolean => parsed.options[name] === true
  const allow = parsed.options['allow-destroy']
  return {
    command,
    words: parsed.words,
    line,
    config: text('config') ?? 'phoenix.config.json',
    configNamed: text('config') !== null,
    host: hostOf(text('host') ?? 'local'),
    stateDir: text('state-dir'),
    mode: modeOf(text('mode'), flag('interactive'), flag('force-destructive')),
    allowDestroy: Array.isArray(allow) ? allow.map(resourceId) : [],
    jobs: jobsOf(text('jobs') ?? '4'),
    failFast: flag('fail-fast'),
    reboot: flag('reboot'),
    restart: flag('restart'),
    dryRun: flag('dry-run'),
    deps: !flag('no-deps'),
    detailedExitCode: flag('detailed-exitcode'),
    format: oneOf('--format', text('format') ?? (flag('json') ? 'json' : 'tree'), graphFormats),
    status: flag('status'),
    output: text('output') ?? 'phoenix.config.json',
    force: flag('force'),
    json: flag('json'),
    verbose: flag('verbose'),
    noColor: flag('no-color'),
  }
}

function checkWords(command: CommandSpec, words: readonly string[]): void {
  const help = [`phx ${command.name} --help`]
  if (command.name === 'why' && words.length !== 1) {
    throw new UsageError(`phx why takes one target${words.length > 1 ? `, not ${words.length}` : ''}`, help)
  }
  if (command.positionals.includes('guest') && words.length === 0) {
    throw new UsageError(`phx ${command.name} takes guests, by name`, [`phx ${command.name} vm:8101 --dry-run`])
  }
  if (command.name === 'import' && words.length === 0) throw new UsageError('phx import takes the old files', help)
  if (command.name === 'runs' && words.length > 1) throw new UsageError('phx runs takes one id at most', help)
  if (command.name === 'validate' && words.length > 0) {
    throw new UsageError(`phx validate checks the whole config, it takes no target (${words.join(' ')})`, help)
  }
  if (command.name === 'secrets' && words.join(' ') !== 'check') {
    throw new UsageError(`${['phx secrets', ...words].join(' ')}: there is phx secrets check`, help)
  }
  if (command.name === 'sim' && words.length < 2) {
    throw new UsageError('phx sim takes the folder of a simulated host, then --, a tool and its arguments', [
      'phx sim demo -- zpool status',
    ])
  }
}

function oneOf<Choice extends string>(option: string, given: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === given)
  if (found !== undefined) return found
  throw new UsageError(`${option} ${given}: not one of ${choices.join(', ')}${didYouMean(given, choices)}`)
}

function modeOf(given: string | null, interactive: boolean, force: boolean): Mode {
  const asked = new Set<Mode>()
  if (given !== null) asked.add(oneOf('--mode', given, modes))
  if (interactive) asked.add('interactive')
  if (force) asked.add('force-destructive')
  if (asked.size > 1) throw new UsageError(`two modes at once: ${[...asked].join(' and ')}`, ['give one of them'])
  return [...asked][0] ?? 'safe'
}

function jobsOf(given: string): number {
  if (!/^[1-9]\d{0,3}$/.test(given)) throw new UsageError(`--jobs ${given}: not a number from 1 to 9999`)
  return Number(given)
}

function resourceId(given: string): string {
  if (/^[^:\s]+:\S/.test(given)) return given
  throw new UsageError(`--allow-destroy ${given}: not the id of a resource`, [
    `write its kind too, such as zpool:${given || 'fastData'}; phx plan shows the ids`,
  ])
}

function hostOf(given: string): string {
  if (given === 'local' || given === 'simulated' || /^simulated:./.test(given)) return given
  if (given.startsWith('ssh://')) throw new UsageError(`--host ${given}: ssh comes later`, ['run phx on that host'])
  throw new UsageError(
    `--host ${given}: not one of local, simulated, simulated:FOLDER${didYouMean(given, ['local', 'simulated'])}`,
  )
}
