/** phx sim FOLDER -- TOOL ARGS…: a tool of the simulated host, with its own output and exit code. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { loadConfig } from '../../config/load.ts'
import { secretFiles } from '../../config/secrets.ts'
import { declaredDisks } from '../../config/zfs.ts'
import type { Environment } from '../environment.ts'
import { InvalidConfig, ofFolder } from '../exit.ts'
import type { Invocation } from '../invocation.ts'

export async function execute(invocation: Invocation, environment: Environment): Promise<number> {
  const [folder = '', ...argv] = invocation.words
  const stdin = readsInput(argv) ? await textOf(environment.stdin) : ''
  const { disks, files } = namedFor(folder, invocation)
  const { simCall } = await import('../../host/simulated/host.ts')
  const answer = await ofFolder(simCall(folder, disks, argv, stdin, files))
  environment.stdout.write(answer.stdout)
  environment.stderr.write(answer.stderr)
  return answer.exitCode
}

/** What the config names only matters for a host that is still to be made; one that is there has its own. */
function namedFor(folder: string, invocation: Invocation): { disks: readonly string[]; files: readonly string[] } {
  if (existsSync(join(folder, 'host.json')) && !invocation.configNamed) return { disks: [], files: [] }
  const loaded = loadConfig(invocation.config)
  if (!loaded.ok) throw new InvalidConfig(loaded.file, loaded.problems)
  return { disks: declaredDisks(loaded.config), files: secretFiles(loaded.config) }
}

/** Only these read it: waiting for the end of an input that nobody closes would hang every other call. */
function readsInput([tool = '', verb = '', ...rest]: readonly string[]): boolean {
  if (tool === 'sim' && verb === 'in') return readsInput(rest.slice(rest.indexOf('--') + 1))
  if (tool === 'sim') return verb === 'write' || verb === 'serve'
  if (tool === 'qm') return rest.includes('--pass-stdin')
  if (tool === 'dd') return ![verb, ...rest].some((word) => word.startsWith('if='))
  if (tool === 'pct' && verb === 'exec') return readsInput(rest.slice(rest.indexOf('--') + 1))
  return ['tee', 'chpasswd', 'smbpasswd'].includes(tool) || [verb, ...rest].includes('/dev/stdin')
}

async function textOf(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
