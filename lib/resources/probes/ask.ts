/** Asking a tool: whatever keeps it from answering becomes `CannotLook`, never an empty answer. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Argv, CommandResult, QueryOptions, Reader } from '../../host/host.ts'

/** The Debian package that has the tool. */
const packageOf: Readonly<Record<string, string>> = {
  zpool: 'zfsutils-linux',
  zfs: 'zfsutils-linux',
  lsblk: 'util-linux',
  wipefs: 'util-linux',
  ss: 'iproute2',
}

/** The command's result when its exit code is 0. `what` completes "can't …" and "… did not answer". */
export async function ask(
  reader: Reader,
  argv: Argv,
  what: string,
  options: QueryOptions = {},
): Promise<CommandResult> {
  const result = await reader.query(argv, options)
  if (result.exitCode === 0) return result
  const tool = argv[0] ?? ''
  const line = argv.join(' ')
  if (result.notFound) {
    throw new CannotLook(`can't ${what}: ${tool} is not installed`, [`apt-get install ${packageOf[tool] ?? tool}`])
  }
  if (result.timedOut) {
    const seconds = Math.round(result.durationMs / 1000)
    throw new CannotLook(`can't ${what}: ${line} did not answer within ${seconds} s and was given up on`, [
      'a pool may be suspended or a disk may hang: look with dmesg, and with zpool list -o name,health',
    ])
  }
  const said = (result.stderr.trim() || result.stdout.trim() || 'it said nothing').replace(/\s*\n\s*/g, '; ')
  const ended = result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`
  throw new CannotLook(`can't ${what}: ${line} ended with ${ended}: ${said}`, [`run it by hand: ${line}`])
}

/** The tool answered, in something that is no JSON. */
export class NoJson extends CannotLook {}

/** The tool's JSON; a text that is none is no answer either. */
export async function askJson(reader: Reader, argv: Argv, what: string): Promise<unknown> {
  const { stdout } = await ask(reader, argv, what)
  try {
    return JSON.parse(stdout)
  } catch {
    throw new NoJson(`can't ${what}: ${argv.join(' ')} printed something that is no JSON`, [
      `look at what it prints: ${argv.join(' ')}`,
      ...(argv[0] === 'zpool' ? ['phx needs OpenZFS 2.3 or newer (zpool version) for zpool status -j'] : []),
    ])
  }
}

/** Rows of `-Hp` output: fields parted by tabs, one row a line. */
export const rows = (stdout: string): string[][] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))

/** One property as `zpool get` and `zfs get` tell it, exact (-p). */
export interface PropertyValue {
  readonly value: string
  /** `local`, `default`, `inherited from X`, `received`, `temporary`, or `-`. */
  readonly source: string
}

export type Properties = ReadonlyMap<string, PropertyValue>

/** `-o name,property,value,source` rows by name. A value may hold anything but a tab. */
export function propertiesByName(stdout: string): Map<string, Map<string, PropertyValue>> {
  const byName = new Map<string, Map<string, PropertyValue>>()
  for (const [name, property, value, source] of rows(stdout)) {
    if (name === undefined || property === undefined || value === undefined) continue
    let properties = byName.get(name)
    if (!properties) {
      properties = new Map()
      byName.set(name, properties)
    }
    properties.set(property, { value, source: source ?? '-' })
  }
  return byName
}
