/** One call of pveum, whatever machine it runs on: users, groups, roles, pools, tokens and permissions, all kept in /etc/pve/user.cfg. */
import { answer, NotSimulated, type ToolAnswer } from '../../tool.ts'
import { parameterErrors, parseCommandLine } from '../options.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import { aclCommands } from './acl.ts'
import { readUserConfig } from './config.ts'
import { groupCommands } from './groups.ts'
import { print } from './print.ts'
import { tokenCommands } from './tokens.ts'
import { userCommands } from './users.ts'
import type { Call, Command } from './verbs.ts'

const commands: Readonly<Record<string, Command>> = {
  ...aclCommands,
  ...groupCommands,
  ...tokenCommands,
  ...userCommands,
}

/** `useradd` for `user add`, `aclmod` for `acl modify`, and `remove` of a token (pveum.jsonl n=18, 58, 72). */
function plainWords(args: readonly string[]): string[] {
  const [, kind, short] = /^(user|group|role|acl)(add|mod|del)$/.exec(args[0] ?? '') ?? []
  const verbs: Readonly<Record<string, string>> = { add: 'add', mod: 'modify', del: 'delete' }
  if (kind !== undefined && short !== undefined) return [kind, verbs[short] ?? '', ...args.slice(1)]
  if (args.slice(0, 3).join(' ') === 'user token remove') return ['user', 'token', 'delete', ...args.slice(3)]
  return [...args]
}

/** `readInput` is called for a password alone. */
export function pveumCall(machine: Surroundings, args: readonly string[], readInput: () => string): ToolAnswer {
  const words = plainWords(args)
  const count = [3, 2, 1].find((length) => Object.hasOwn(commands, words.slice(0, length).join(' ')))
  const command = count === undefined ? undefined : commands[words.slice(0, count).join(' ')]
  if (command === undefined) throw new NotSimulated(`pveum ${words.slice(0, 2).join(' ')}`)

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
  let lines: string[] | undefined
  const ask = (): string | null => {
    lines ??= (readInput().match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => line.replace(/\n$/, ''))
    return lines.shift() ?? null
  }
  try {
    const config = readUserConfig(machine, voice)
    const given = parseCommandLine(command, words.slice(count))
    checkPresence(command, given)
    const result = work(command, { machine, voice, config, given, verb: command, ask })
    if (command.prints && result !== undefined) voice.out(print(result, given))
    return answer(0, stdout, stderr)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return answer(255, stdout, stderr + error.message)
  }
}

function work(command: Command, call: Call): ReturnType<Command['work']> {
  command.first?.(call)
  try {
    return command.work(call)
  } catch (error) {
    const isOwn = error instanceof Refusal && !error.message.startsWith('400 ')
    if (!isOwn || command.failed === undefined) throw error
    throw new Refusal(`${command.failed}: ${error.message}`)
  }
}

function checkPresence(command: Command, given: Call['given']): void {
  const errors = new Map<string, string>()
  for (const name of command.required) {
    if (!given.has(name)) errors.set(name, 'property is missing and it is not optional')
  }
  for (const [name, other] of Object.entries(command.requires)) {
    if (given.has(name) && !given.has(other)) errors.set(other, `missing property - '${name}' requires this property`)
  }
  if (errors.size > 0) throw parameterErrors(command, errors)
}
