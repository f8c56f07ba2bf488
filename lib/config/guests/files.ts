/** Files beside the config that are put into guests: looked at when it is loaded, sent when it is their turn. */
import { createHash } from 'node:crypto'
import { accessSync, constants, readFileSync, type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { FileInjection, PhxConfig, SecretReference } from '../generated/types.ts'
import { plainPath } from '../plain-path.ts'
import type { Finding } from '../problem.ts'
import { error, Spot } from '../spot.ts'

export interface DeclaredInjection {
  /** On the machine that runs phx; or where the secret is kept. */
  readonly source: { readonly file: string } | { readonly secret: SecretReference }
  /** Inside the guest. */
  readonly destination: string
  readonly owner: string
  readonly group: string
  /** Permission bits. */
  readonly mode: number
}

/** Sent through the guest agent in parts of one MiB, each a command of its own: more than that is a matter for a share. */
const LARGEST_MIB = 64

const folders = new WeakMap<PhxConfig, string>()

/** A path of the config, which counts from the folder of its file; from the working folder for one that has no file. */
export const besideConfig = (config: PhxConfig, path: string): string => resolve(folders.get(config) ?? '', path)

export function declaredInjection(given: FileInjection, config: PhxConfig): DeclaredInjection {
  const { source, destination, owner: both = 'root:root', mode = '0644' } = given
  const [owner = 'root', group = owner] = both.split(':')
  return {
    source: typeof source === 'string' ? { file: besideConfig(config, source) } : { secret: source },
    destination: plainPath(destination),
    owner,
    group,
    mode: Number.parseInt(mode, 8),
  }
}

const sums = new WeakMap<PhxConfig, Map<string, string | null>>()

/** The SHA-256 of a file that is put into a guest, read once for a config; null when it can't be read. */
export function sumOf(config: PhxConfig, file: string): string | null {
  const known = sums.get(config) ?? new Map<string, string | null>()
  sums.set(config, known)
  const found = known.get(file)
  if (found !== undefined) return found
  const sum = hashed(file)
  known.set(file, sum)
  return sum
}

function hashed(file: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex')
  } catch {
    return null
  }
}

/** `folder` is that of the config. Says which files can't be sent: what is injected, and scripts of applications. */
export function lookAtFiles(config: PhxConfig, folder: string): Finding[] {
  folders.set(config, folder)
  const guests = new Spot(config).get('guests')
  const vms = guests.get('vms').items()
  const containers = guests.get('lxc_configs').fields()
  const named = [
    ...vms.flatMap((vm) => vm.get('file_injections').items()).map((one) => one.get('source')),
    ...containers.map(([, lxc]) => lxc.get('application_script')),
  ]
  return named.flatMap((spot) => (spot.text === undefined ? [] : fileFindings(spot, resolve(folder, spot.text))))
}

function fileFindings(spot: Spot, file: string): Finding[] {
  let found: Stats
  try {
    found = statSync(file)
    accessSync(file, constants.R_OK)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return [error(spot, `there is no file ${file}`, 'write it, or take its name away')]
    return [error(spot, `${file} can't be read: ${message}`, 'see its owner and mode')]
  }
  if (found.isDirectory()) return [error(spot, `${file} is a folder`, 'name the files in it, each by itself')]
  if (!found.isFile()) return [error(spot, `${file} is no ordinary file`, 'name a file')]
  if (found.size <= LARGEST_MIB * 2 ** 20) return []
  const mend = 'put it on an export and mount that with nfs_shares'
  return [error(spot, `${file} is larger than the ${LARGEST_MIB} MiB that phx puts into a guest`, mend)]
}
