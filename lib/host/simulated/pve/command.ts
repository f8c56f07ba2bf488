/** One call of pvesm, whatever machine it runs on: verb, parameters, work, and what was said. */
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import * as format from './formats.ts'
import { type Parameters, parseCommandLine, type Verb } from './options.ts'
import { showStatus } from './status.ts'
import { addStorage, removeStorage, setStorage } from './storages.ts'
import { Refusal, type Surroundings, type Voice } from './surroundings.ts'
import { changeable, type Property, properties, storageTypes } from './types.ts'
import { allocVolume, freeVolume, listVolumes, scanNfs, scanZfs, showPath } from './volumes.ts'

const text: Property = { kind: 'string' }
const id: Property = { kind: 'string', check: format.storageId }
const content: Property = { kind: 'string', check: format.contentType }
const vmid: Property = { kind: 'string', check: format.vmid }
const volume: Property = { kind: 'string', check: format.volumeId }

type Work = (machine: Surroundings, voice: Voice, given: Parameters, verb: Verb) => void

interface Command extends Verb {
  readonly work: Work
}

const command = (usage: string, parameters: Verb['parameters'], work: Work): Command => ({
  usage: `pvesm ${usage}`,
  positional: [...usage.matchAll(/<(\w+)>/g)].map(([, name]) => name ?? ''),
  parameters,
  work,
})

const commands: Readonly<Record<string, Command>> = {
  add: command(
    'add <type> <storage> [OPTIONS]',
    { ...properties, storage: id, type: { kind: 'string', values: [...storageTypes.keys()] } },
    addStorage,
  ),
  set: command(
    'set <storage> [OPTIONS]',
    {
      ...Object.fromEntries(Object.entries(properties).filter(([name]) => changeable.has(name))),
      delete: { kind: 'string', list: true, check: format.listOf(format.configId) },
      digest: text,
      storage: id,
    },
    setStorage,
  ),
  remove: command('remove <storage>', { storage: id }, removeStorage),
  status: command(
    // Two blanks, seen: pvesm.jsonl n=6.
    'status  [OPTIONS]',
    {
      content: { kind: 'string', list: true, check: format.listOf(format.contentType) },
      enabled: { kind: 'boolean' },
      format: { kind: 'boolean' },
      storage: id,
      target: { kind: 'string', check: format.nodeName },
    },
    (machine, voice, given, verb) => showStatus(machine, voice, verb, given),
  ),
  list: command('list <storage> [OPTIONS]', { content, storage: id, vmid }, listVolumes),
  alloc: command(
    'alloc <storage> <vmid> <filename> <size> [OPTIONS]',
    {
      filename: text,
      format: { kind: 'string', values: ['raw', 'qcow2', 'subvol', 'vmdk'] },
      size: { kind: 'string', pattern: /^\d+[MG]?$/ },
      storage: id,
      vmid,
    },
    allocVolume,
  ),
  free: command(
    'free <volume> [OPTIONS]',
    { delay: { kind: 'integer', minimum: 1 }, storage: id, volume: text },
    freeVolume,
  ),
  path: command('path <volume>', { volume }, showPath),
  'scan nfs': command('scan nfs <server>', { server: { kind: 'string', check: format.server } }, scanNfs),
  'scan zfs': command('scan zfs', {}, scanZfs),
}

/** `ask` reads standard input, and is called for a secret alone (`--password` with nothing behind it). */
export function pvesmCall(machine: Surroundings, args: readonly string[], ask: () => string): ToolAnswer {
  const words = args[0] === 'scan' ? 2 : 1
  const name = args.slice(0, words).join(' ')
  const chosen = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (chosen === undefined) throw new NotSimulated(`pvesm ${name}`)
  let stdout = ''
  let stderr = ''
  const voice: Voice = {
    out: (said) => {
      stdout += said
    },
    warn: (said) => {
      stderr += said
    },
  }
  try {
    const given = parseCommandLine(chosen, args.slice(words))
    askForSecrets(given, ask)
    chosen.work(machine, voice, given, chosen)
    return answer(0, stdout, latin1(stderr))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return answer(255, stdout, latin1(stderr + error.message))
  }
}

function askForSecrets(given: Parameters, ask: () => string): void {
  for (const [name, value] of given) {
    if (properties[name]?.secret !== true || value !== '') continue
    const [line = ''] = ask().split('\n')
    if (line === '') throw new Refusal('EOF while reading password\n')
    given.set(name, line)
  }
}

/** The real tool writes such letters as single bytes, which no reader of UTF-8 can decode (seen: pvesm.jsonl n=16). */
const latin1 = (said: string): string => said.replace(/[\u0080-\u00ff]/g, '\ufffd')
