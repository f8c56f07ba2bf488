/** `qm guest …`: commands of the QEMU guest agent (qm.jsonl, group "agent and run state"; facts, host-tools.md 4.9). */
import { Refusal } from '../surroundings.ts'
import { isAgentOn } from './agent-setting.ts'
import { loadMachine } from './config.ts'
import type { Json, JsonObject } from './machine.ts'
import { askTwice, type Place, type QmCall, type QmVerb } from './verb.ts'

const commands = [
  ...['fsfreeze-freeze', 'fsfreeze-status', 'fsfreeze-thaw', 'fstrim', 'get-fsinfo', 'get-host-name'],
  ...['get-memory-block-info', 'get-memory-blocks', 'get-osinfo', 'get-time', 'get-timezone', 'get-users', 'get-vcpus'],
  ...['info', 'network-get-interfaces', 'ping', 'shutdown', 'suspend-disk', 'suspend-hybrid', 'suspend-ram'],
]

/** The three ways in which there is none; only of the last it can be hoped that it changes by itself. */
export function requireAgent({ machine, voice, vmid }: Place): void {
  const { values } = loadMachine(machine, voice, vmid)
  if (!values.has('agent')) throw new Refusal('No QEMU guest agent configured\n')
  if (!machine.isRunning(vmid)) throw new Refusal(`VM ${vmid} is not running\n`)
  if (!isAgentOn(values) || machine.guests.agent(vmid, 'guest-ping', {}) === null)
    throw new Refusal('QEMU guest agent is not running\n')
}

/** What it returned; its own error is one of qm too, but for plain commands, which hand it on. */
export function askAgent(place: Place, command: string, args: JsonObject): Json {
  requireAgent(place)
  const said = place.machine.guests.agent(place.vmid, command, args)
  if (said === null) throw new Refusal(`VM ${place.vmid} qga command '${command}' failed - got timeout\n`)
  if ('error' in said) throw new Refusal(`Agent error: ${said.error.desc}\n`)
  return said.return
}

/** Of what a command returned, as pvesh and qm show it. */
export function plainAgent(place: Place, name: string): Json {
  requireAgent(place)
  const command = `guest-${name}`
  const said = place.machine.guests.agent(place.vmid, command, {})
  if (said === null) throw new Refusal(`VM ${place.vmid} qga command '${command}' failed - got timeout\n`)
  return 'error' in said ? { error: { ...said.error } } : said.return
}

/** Nothing for nothing; else JSON as Perl's JSON module writes it. */
export function printAnswer({ voice }: Place, answer: Json): void {
  if (answer === null) return
  if (typeof answer !== 'object') {
    if (String(answer).trim() !== '') voice.out(`${String(answer).replace(/\n$/, '')}\n`)
  } else if (Array.isArray(answer) || Object.keys(answer).length > 0) voice.out(`${pretty(answer, '')}\n`)
}

/** Keys by alphabet, three blanks a level, a blank before each colon too. */
function pretty(value: Json, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}   `
  const isList = Array.isArray(value)
  const rows = isList
    ? value.map((each: Json) => pretty(each, inner))
    : Object.entries(value as JsonObject)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, each]) => `${JSON.stringify(key)} : ${pretty(each, inner)}`)
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (rows.length === 0) return `${open}${close}`
  return `${open}\n${rows.map((row) => inner + row).join(',\n')}\n${indent}${close}`
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a program has written comes in base 64, and whether it has ended as a boolean. */
export function execStatus(place: Place, pid: number): JsonObject {
  const said = askAgent(place, 'guest-exec-status', { pid })
  if (!isObject(said)) return {}
  return Object.fromEntries(
    Object.entries(said).map(([key, value]): [string, Json] => {
      if (typeof value === 'boolean') return [key, value ? 1 : 0]
      const isData = (key === 'out-data' || key === 'err-data') && typeof value === 'string'
      return [key, isData ? Buffer.from(value, 'base64').toString('utf8') : value]
    }),
  )
}

const inputLimit = 2 ** 20

/** That the program fails is no failure of qm's, nor that it goes on when the time is up: its number is told then. */
function execute(call: QmCall): void {
  const { machine, voice, given, more, verb } = call
  const isSynchronous = (given.get('synchronous') ?? '1') === '1'
  if (given.has('timeout') && !isSynchronous)
    throw new Refusal(`400 Parameter verification failed.\nsynchronous: needs to be set for 'timeout'\n${verb.usage}\n`)
  const input = given.get('pass-stdin') === '1' ? call.ask() : undefined
  if (input !== undefined && Buffer.byteLength(input) > inputLimit)
    throw new Refusal("'input-data' (STDIN) is limited to 1 MiB, aborting\n")
  loadMachine(machine, voice, call.vmid)
  const [path, ...args] = more
  if (path === undefined && input === undefined) throw new Refusal('command or input-data (or both) required\n')
  const started = askAgent(call, 'guest-exec', {
    'capture-output': true,
    ...(path === undefined ? {} : { path, arg: args }),
    ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
  })
  const pid = isObject(started) ? Number(started.pid) : 0
  const ended = isSynchronous ? awaited(call, pid, Number(given.get('timeout') ?? 30)) : null
  if (isSynchronous && ended === null) voice.warn('timeout reached, returning pid\n')
  printAnswer(call, ended ?? { pid })
}

/** 0: as long as it takes. */
function awaited(call: QmCall, pid: number, seconds: number): JsonObject | null {
  const { machine } = call
  const until = machine.now() + seconds
  while (seconds === 0 || machine.now() < until) {
    const status = execStatus(call, pid)
    if (status.exited === 1) return status
    machine.wait(1)
  }
  return null
}

function setPassword(call: QmCall): void {
  const { given, ask } = call
  const password = given.get('password') ?? askTwice(ask)
  askAgent(call, 'guest-set-user-password', {
    username: given.get('username') ?? '',
    password: Buffer.from(password).toString('base64'),
    crypted: given.get('crypted') === '1',
  })
}

const flag = { kind: 'boolean' } as const

export const agentVerbs: Readonly<Record<string, QmVerb>> = {
  'guest cmd': {
    parameters: { command: { kind: 'string', values: commands } },
    work: (call) => printAnswer(call, plainAgent(call, call.given.get('command') ?? '')),
  },
  'guest exec': {
    takesMore: true,
    parameters: { 'pass-stdin': flag, synchronous: flag, timeout: { kind: 'integer', minimum: 0 } },
    work: execute,
  },
  'guest exec-status': {
    parameters: { pid: { kind: 'integer' } },
    work: (call) => printAnswer(call, execStatus(call, Number(call.given.get('pid')))),
  },
  'guest passwd': {
    parameters: {
      crypted: flag,
      password: { kind: 'string', minimumLength: 5, maximumLength: 1024 },
      username: { kind: 'string' },
    },
    work: setPassword,
  },
}
