/** `pct exec`, `pct push`, `pct pull`: into a container that runs, by lxc-attach as the real ones do (PVE::CLI::pct). */
import type { ToolAnswer } from '../../tool.ts'
import { Refusal } from '../surroundings.ts'
import { loadContainer } from './config.ts'
import type { PctCall, PctVerb } from './verb.ts'

/** A command in it, once it is sure that it runs. */
function attached({ machine, voice, vmid }: PctCall, refusal: string) {
  loadContainer(machine, voice, vmid)
  if (!machine.isRunning(vmid)) throw new Refusal(`${refusal}\n`)
  return (argv: readonly string[], file?: string): ToolAnswer => machine.attach(vmid, argv, file)
}

/** pct becomes lxc-attach, whose exit code and outputs are the command's. */
function exec(call: PctCall): number {
  const run = attached(call, `container '${call.vmid}' not running!`)
  const { exitCode, stdout, stderr } = run(call.more)
  call.voice.out(stdout)
  call.voice.warn(stderr)
  return exitCode
}

function push(call: PctCall): void {
  const { machine, given } = call
  const run = attached(call, 'can only push files to a running CT')
  const [file = '', destination = ''] = [given.get('file'), given.get('destination')]
  if (!machine.exists(file)) throw new Refusal(`failed to open ${file} for reading: No such file or directory\n`)
  const owner = ['-o', given.get('user') ?? 'root', '-g', given.get('group') ?? 'root']
  const made = run(['install', ...owner, '-m', given.get('perms') ?? '0644', '/dev/null', destination])
  const written = made.exitCode === 0 ? run(['dd', `of=${destination}`, 'status=none'], file) : made
  if (written.exitCode !== 0) throw new Refusal(`failed to create file inside container: ${written.stderr}`)
}

function pull(call: PctCall): void {
  const { machine, given } = call
  const run = attached(call, 'can only pull files from a running CT')
  const { exitCode, stdout, stderr } = run(['cat', '--', given.get('path') ?? ''])
  if (exitCode !== 0) throw new Refusal(`failed to open file inside container: ${stderr}`)
  machine.writeFile(given.get('destination') ?? '', stdout, Number.parseInt(given.get('perms') ?? '0644', 8))
}

const text = { kind: 'string' } as const
const files = { destination: text, file: text, group: text, path: text, perms: text, user: text }

export const insideVerbs: Readonly<Record<string, PctVerb>> = {
  exec: {
    parameters: { 'extra-args': { kind: 'string', list: true }, 'keep-env': { kind: 'boolean' } },
    work: exec,
  },
  push: { parameters: files, work: push },
  pull: { parameters: files, work: pull },
}
