/**
 * Every command and option, once. Two parsers read this table: a fast one for well-formed calls (fast.ts), and yargs for
 * help, mistakes and completion (full.ts).
 */
import type { Order } from '../engine/resource.ts'
import type { Environment } from './environment.ts'
import type { Invocation } from './invocation.ts'
import { execute as create } from './verbs/create.ts'
import { execute as graph } from './verbs/graph.ts'
import { execute as importFiles } from './verbs/import.ts'
import { execute as order } from './verbs/order.ts'
import { execute as plan } from './verbs/plan.ts'
import { execute as run } from './verbs/run.ts'
import { execute as runs } from './verbs/runs.ts'
import { execute as secrets } from './verbs/secrets.ts'
import { execute as sim } from './verbs/sim.ts'
import { execute as status } from './verbs/status.ts'
import { execute as validate } from './verbs/validate.ts'
import { execute as why } from './verbs/why.ts'

export const modes = ['safe', 'interactive', 'force-destructive'] as const
export const orders: readonly Order[] = ['destroy', 'start', 'stop', 'restart']
export const graphFormats = ['tree', 'dot', 'mermaid', 'json'] as const

export interface OptionSpec {
  readonly short?: string
  /** `flag` takes no value, `list` may be given several times. */
  readonly kind: 'flag' | 'text' | 'list'
  /** What help calls the value. */
  readonly value?: string
  readonly choices?: readonly string[]
  readonly about: string
}

export const options = {
  config: { short: 'c', kind: 'text', value: 'FILE', about: 'the config (default: phoenix.config.json)' },
  host: {
    kind: 'text',
    value: 'HOST',
    about: 'local (default), simulated (a throw-away host in memory) or simulated:FOLDER (kept in FOLDER)',
  },
  'state-dir': {
    kind: 'text',
    value: 'FOLDER',
    about: 'stamps and journal (default: /var/lib/phx, or FOLDER/state on simulated:FOLDER)',
  },
  mode: { kind: 'text', value: 'MODE', choices: modes, about: 'what may destroy data (default: safe, nothing)' },
  interactive: { kind: 'flag', about: 'short for --mode interactive: ask before each destructive change' },
  'force-destructive': { kind: 'flag', about: 'short for --mode force-destructive: agree to every destructive change' },
  'allow-destroy': {
    kind: 'list',
    value: 'ID',
    about: 'agree to destructive changes of this resource alone, such as zpool:fastData (repeatable)',
  },
  jobs: { short: 'j', kind: 'text', value: 'N', about: 'tasks at once (default: 4)' },
  'fail-fast': { kind: 'flag', about: 'start nothing more after the first failure' },
  reboot: { kind: 'flag', about: 'reboot at the end of a run that went well, once, when something waits for it' },
  restart: { kind: 'flag', about: 'restart guests where a change needs it, as if each said "restart": "allowed"' },
  'dry-run': { kind: 'flag', about: 'show the plan, change nothing' },
  'no-deps': { kind: 'flag', about: 'the targets alone, without what they depend on' },
  'detailed-exitcode': { kind: 'flag', about: 'exit 2 when there are changes, 3 when a run would be refused' },
  format: { kind: 'text', value: 'FORMAT', choices: graphFormats, about: 'how to draw it (default: tree)' },
  status: { kind: 'flag', about: 'colour each task by what the live host says' },
  output: { short: 'o', kind: 'text', value: 'FILE', about: 'the config to write (default: phoenix.config.json)' },
  force: { kind: 'flag', about: 'write over a config that is there' },
  json: { kind: 'flag', about: 'data on standard output: one document, for run one event a line' },
  verbose: { short: 'v', kind: 'flag', about: 'more detail; the stack trace of a bug' },
  'no-color': { kind: 'flag', about: 'no colours (NO_COLOR is respected too)' },
} as const satisfies Record<string, OptionSpec>

export type OptionName = keyof typeof options

export interface CommandSpec {
  readonly name: string
  /** As yargs writes it: `[target..]`, `<target>`; `[guest..]` where nothing but guests can be named. */
  readonly positionals: string
  readonly about: string
  readonly positionalAbout: string
  readonly options: readonly OptionName[]
  readonly examples: readonly (readonly [string, string])[]
  /** Returns the exit code. What is heavy (zx, the simulated host, listr2) is loaded inside, when it is needed. */
  readonly execute: (invocation: Invocation, environment: Environment) => Promise<number>
}

const everywhere = ['json', 'verbose', 'no-color'] as const
const onHost = ['config', 'host', 'state-dir', ...everywhere] as const
const consent = ['mode', 'interactive', 'force-destructive', 'allow-destroy'] as const
const targets = 'a task (zfs:quickOS), a group (zfs, setup) or a guest (vm:8101)'
const guests = 'a guest (vm:8101, lxc:901, or its number alone), or guests for all of them'

export const commands: readonly CommandSpec[] = [
  {
    name: 'run',
    positionals: '[target..]',
    about: 'converge the targets (default: setup) and what they depend on',
    positionalAbout: targets,
    options: [...onHost, ...consent, 'jobs', 'fail-fast', 'reboot', 'restart', 'dry-run', 'no-deps'],
    examples: [
      ['phx run', 'converge everything of the group setup'],
      ['phx run zfs --interactive', 'ask before anything is destroyed'],
      ['phx run zfs:fastData --allow-destroy zpool:fastData', 'agree to one pool only'],
    ],
    execute: run,
  },
  {
    name: 'plan',
    positionals: '[target..]',
    about: 'show what a run would change, with the exact commands; reads only',
    positionalAbout: targets,
    options: [...onHost, ...consent, 'restart', 'no-deps', 'detailed-exitcode'],
    examples: [['phx plan zfs --detailed-exitcode', 'for scripts: exit 2 when there are changes']],
    execute: plan,
  },
  {
    name: 'create',
    positionals: '[guest..]',
    about: 'make guests as declared, with what they depend on: phx run for guests alone',
    positionalAbout: guests,
    options: [...onHost, ...consent, 'jobs', 'fail-fast', 'restart', 'dry-run', 'no-deps'],
    examples: [
      ['phx create 8101', 'the same as phx run vm:8101; the second time it changes nothing'],
      ['phx create 8101 901 --dry-run', 'what it would do'],
    ],
    execute: create,
  },
  {
    name: 'destroy',
    positionals: '[guest..]',
    about: 'take guests away, with their disks and snapshots; asks for consent as run does',
    positionalAbout: 'a guest (vm:8101, lxc:901, or its number alone)',
    options: [...onHost, ...consent, 'dry-run'],
    examples: [
      ['phx destroy vm:8101 --dry-run', 'what would be lost'],
      ['phx destroy vm:8101 --interactive', 'ask, and take its typed name for a yes'],
    ],
    execute: order('destroy'),
  },
  {
    name: 'start',
    positionals: '[guest..]',
    about: 'start guests, those that they depend on first',
    positionalAbout: guests,
    options: [...onHost, 'jobs', 'dry-run'],
    examples: [['phx start guests', 'all of them, in the order of their dependencies; templates are left out']],
    execute: order('start'),
  },
  {
    name: 'stop',
    positionals: '[guest..]',
    about: 'shut guests down, those that depend on them first',
    positionalAbout: guests,
    options: [...onHost, 'jobs', 'dry-run'],
    examples: [['phx stop 8101 --dry-run', 'what else would stop']],
    execute: order('stop'),
  },
  {
    name: 'restart',
    positionals: '[guest..]',
    about: 'restart guests, these alone; what waits for a restart takes effect',
    positionalAbout: guests,
    options: [...onHost, 'jobs', 'dry-run'],
    examples: [['phx restart 8101', 'those that depend on it go on']],
    execute: order('restart'),
  },
  {
    name: 'graph',
    positionals: '[target..]',
    about: 'draw the tasks and their dependencies',
    positionalAbout: targets,
    options: [...onHost, 'format', 'status', 'no-deps'],
    examples: [['phx graph --format dot | dot -Tsvg -o graph.svg', 'a picture, with Graphviz']],
    execute: graph,
  },
  {
    name: 'status',
    positionals: '[target..]',
    about: 'one line a task: up to date, new, inputs changed, drifted, stale, interrupted; and what runs in the guests',
    positionalAbout: targets,
    options: onHost,
    examples: [],
    execute: status,
  },
  {
    name: 'why',
    positionals: '<target>',
    about: 'why a task is or is not up to date, in full',
    positionalAbout: targets,
    options: onHost,
    examples: [['phx why zfs:quickOS', 'which input changed, which output drifted, which stamp']],
    execute: why,
  },
  {
    name: 'validate',
    positionals: '',
    about: 'check the config alone, offline: every mistake at once',
    positionalAbout: '',
    options: ['config', ...everywhere],
    examples: [],
    execute: validate,
  },
  {
    name: 'import',
    positionals: '[file..]',
    about: 'make a phx config from phoenix_hypervisor_config.json and the files of its guests',
    positionalAbout: 'the old files, in any order; the hypervisor file must be among them',
    options: ['output', 'force', ...everywhere],
    examples: [['phx import etc/phoenix_*_config*.json -o phoenix.config.json', 'then read what it says']],
    execute: importFiles,
  },
  {
    name: 'runs',
    positionals: '[id]',
    about: 'past runs; with an id one run with its changes, commands and exit codes',
    positionalAbout: 'a run, or the beginning of its id',
    options: ['host', 'state-dir', ...everywhere],
    examples: [],
    execute: runs,
  },
  {
    name: 'secrets',
    positionals: '<check>',
    about: 'secrets check: which secret references of the config resolve here, never their values',
    positionalAbout: 'the word check',
    options: ['config', 'host', ...everywhere],
    examples: [['phx secrets check', 'exit code 1 when one can not be had']],
    execute: secrets,
  },
  {
    name: 'sim',
    positionals: '<folder> [tool..]',
    about: 'call a tool of the simulated host kept in FOLDER',
    positionalAbout: 'the folder of the simulated host, made when it is not there; then --, the tool and its arguments',
    options: ['config', 'verbose', 'no-color'],
    examples: [
      ['phx sim demo -- zpool status -j', 'look at it'],
      ['phx sim demo -- mkfs.ext4 /dev/disk/by-id/X', 'set a scene'],
    ],
    execute: sim,
  },
]

export function findCommand(name: string): CommandSpec | undefined {
  return commands.find((command) => command.name === name)
}
