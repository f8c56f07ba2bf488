/** `pvesh get` and `create`, as far as they are about virtual machines: the same answers as JSON (qm.jsonl n=34, 36, 120, 150). */
import { NotSimulated, type ToolAnswer } from '../../tool.ts'
import { guestsIn } from '../guest-machine.ts'
import { type Parameters, readCommandLine } from '../options.ts'
import { parseKeys } from '../property-string.ts'
import { Refusal } from '../surroundings.ts'
import { plainAgent } from './agent.ts'
import { isAgentOn } from './agent-setting.ts'
import { callVerb, speaking } from './command.ts'
import { loadMachine, type Part } from './config.ts'
import { createVerb } from './create.ts'
import { vgaKeys } from './device-keys.ts'
import type { Json, JsonObject, VmMachine } from './machine.ts'
import { optionNamed, snapshotName } from './schema.ts'
import { configOf, pendingRows } from './show.ts'
import { allFigures, figuresOf } from './status.ts'
import type { Ask, QmCall, TaskVoice } from './verb.ts'

const flag = { kind: 'boolean' } as const
const output = { kind: 'string', values: ['text', 'json', 'json-pretty', 'yaml'] } as const
const getVerb = {
  usage: 'pvesh get <api_path> [OPTIONS] [FORMAT_OPTIONS]',
  positional: ['api_path'],
  parameters: {
    api_path: { kind: 'string' },
    current: flag,
    full: flag,
    'output-format': output,
    snapshot: snapshotName,
    type: { kind: 'string', values: ['vm', 'storage', 'node', 'sdn'] },
  },
} as const

export function pveshCall(machine: VmMachine, args: readonly string[], ask: Ask): ToolAnswer {
  const [verb = '', ...rest] = args
  return speaking((voice) => {
    if (verb === 'create') create(machine, voice, rest, ask)
    else if (verb === 'get') get(machine, voice, rest)
    else throw new NotSimulated(`pvesh ${verb}`)
  })
}

function get(machine: VmMachine, voice: TaskVoice, args: readonly string[]): void {
  const { given } = readCommandLine(getVerb, args)
  const path = given.get('api_path') ?? ''
  const format = given.get('output-format') ?? 'text'
  const answer = found(machine, voice, path.split('/').slice(1), given)
  if (answer === undefined) throw new NotSimulated(`pvesh get ${path}`)
  if (!format.startsWith('json')) throw new NotSimulated(`pvesh --output-format ${format}`)
  voice.out(`${JSON.stringify(ordered(answer), null, format === 'json' ? undefined : 3)}\n`)
}

/** Keys by alphabet. */
function ordered(value: Json): Json {
  if (isList(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const rows = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(rows.map(([key, each]) => [key, ordered(each)]))
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

function found(machine: VmMachine, voice: TaskVoice, path: readonly string[], given: Parameters): Json | undefined {
  if (path.join('/') === 'cluster/resources' && given.get('type') === 'vm') return resources(machine, voice)
  const [top, node, kind, vmid, ...rest] = path
  if (top !== 'nodes' || kind !== 'qemu') return undefined
  if (node !== machine.hostname && node !== 'localhost') throw new Refusal(`hostname lookup '${node}' failed\n`)
  if (vmid === undefined) return allFigures(machine, voice)
  const call: QmCall = { machine, voice, vmid, given, verb: getVerb, more: [], ask: () => '' }
  const [what, which] = rest
  if (what === 'agent' && which !== undefined) return { result: plainAgent(call, which) }
  switch (rest.join('/')) {
    case 'config':
      return { ...typed(configOf(call)), digest: loadMachine(machine, voice, vmid).digest }
    case 'pending':
      return pendingRows(loadMachine(machine, voice, vmid)).map((row) => ({ ...row }))
    case 'status/current':
      return current(call)
    case 'snapshot':
      return snapshots(call)
    default:
      return undefined
  }
}

/** Numbers and flags of a configuration are numbers there. */
function typed(part: Part): JsonObject {
  const rows = [...part].sort(([one], [other]) => (one < other ? -1 : 1))
  return Object.fromEntries(
    rows.map(([key, value]) => {
      const kind = optionNamed(key)?.kind
      return [key, kind === 'integer' || kind === 'boolean' ? Number(value) : value]
    }),
  )
}

function current({ machine, voice, vmid }: QmCall): JsonObject {
  const { values } = loadMachine(machine, voice, vmid)
  const vga = values.has('vga') ? parseKeys('', vgaKeys, values.get('vga') ?? '') : ''
  const figures = figuresOf(machine, voice, vmid)
  return {
    ...figures,
    ...(isAgentOn(values) ? { agent: 1 } : {}),
    ...(typeof vga === 'string' ? {} : { clipboard: vga.get('clipboard') ?? null }),
    ...(typeof vga !== 'string' && /^(virtio|qxl)/.test(vga.get('type') ?? '') ? { spice: 1 } : {}),
    ha: { managed: 0 },
    qmpstatus: figures.status ?? 'stopped',
  }
}

function snapshots({ machine, voice, vmid }: QmCall): Json {
  const vm = loadMachine(machine, voice, vmid)
  const parentOf = (part: Part): JsonObject => (part.has('parent') ? { parent: part.get('parent') ?? '' } : {})
  return [
    ...[...vm.snapshots].map(([name, part]) => ({
      ...parentOf(part),
      description: part.get('description') ?? '',
      name,
      snaptime: Number(part.get('snaptime') ?? 0),
      vmstate: part.has('vmstate') ? 1 : 0,
    })),
    {
      ...parentOf(vm.values),
      description: 'You are here!',
      digest: vm.digest,
      name: 'current',
      running: machine.isRunning(vmid) ? 1 : 0,
    },
  ]
}

function resources(machine: VmMachine, voice: TaskVoice): Json {
  if (guestsIn(machine, 'lxc').length > 0) throw new NotSimulated('pvesh get /cluster/resources with containers')
  return allFigures(machine, voice).map((figures) => {
    const { cpus = 0, vmid = 0, template = 0, memhost = 0, pid: _, serial: _serial, ...rest } = figures
    const fixed = { diskread: 0, diskwrite: 0, maxcpu: cpus, memhost, node: machine.hostname, type: 'qemu' }
    return { ...rest, ...fixed, id: `qemu/${vmid}`, template, vmid }
  })
}

/** A task says by what it is known. */
function create(machine: VmMachine, voice: TaskVoice, args: readonly string[], ask: Ask): void {
  const [path = '', ...rest] = args
  if (!/^\/nodes\/[^/]+\/qemu$/.test(path)) throw new NotSimulated(`pvesh create ${path}`)
  const verb = {
    usage: 'pvesh create <api_path> --vmid <integer> [OPTIONS] [FORMAT_OPTIONS]',
    positional: [],
    parameters: { ...createVerb.parameters, 'output-format': output, vmid: { kind: 'integer' } as const },
  }
  const { given } = readCommandLine(verb, rest)
  const isJson = given.get('output-format')?.startsWith('json') === true
  given.delete('output-format')
  const vmid = given.get('vmid') ?? ''
  given.delete('vmid')
  const words = [...given].map(([name, value]) => `--${name}=${value}`)
  callVerb(
    machine,
    { ...voice, out: () => undefined },
    { ...verb, name: 'create', positional: ['vmid'], rest: [vmid, ...words] },
    ask,
  )
  const hex = (number: number): string => number.toString(16).toUpperCase().padStart(8, '0')
  const started = `${hex(Number(vmid))}:${hex(0)}:${hex(machine.now())}`
  const task = `UPID:${machine.hostname}:${started}:qmcreate:${vmid}:root@pam:`
  voice.out(isJson ? `${JSON.stringify(task)}\n` : `${task}\n`)
}
