/** Drives of a machine: their names, their values taken apart, and what kind of medium is in one. */
import { parseKeys, printKeys, type Values } from '../property-string.ts'
import { formatSize, parseSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import { driveKeys, everyDriveKey, importFrom } from './drive-keys.ts'

/** How many there can be on each bus, in the order in which a boot disk is looked for. */
const buses = { ide: 4, scsi: 31, virtio: 16, sata: 6, efidisk: 1, tpmstate: 1 } as const

export const driveNames: readonly string[] = Object.entries(buses).flatMap(([bus, most]) =>
  Array.from({ length: most }, (_, index) => `${bus}${index}`),
)

const known = new Set(driveNames)
export const isDrive = (name: string): boolean => known.has(name)
export const isUnused = (name: string): boolean => /^unused\d+$/.test(name)
export const busOf = (name: string): string => name.replace(/\d+$/, '')

/** A drive of a configuration, or of a command line with what it is to be made from. */
export function parseDrive(name: string, text: string): Values {
  const keys = driveKeys[busOf(name)] ?? {}
  const values = parseKeys('', { ...keys, ...importFrom }, text)
  if (typeof values === 'string') throw new Refusal(`unable to parse drive options for '${name}'\n`)
  const size = values.get('size')
  if (size !== undefined) values.set('size', formatSize(parseSize(size) ?? 0))
  if (isMisplaced(name, values)) throw new Refusal(`unable to parse drive options for '${name}'\n`)
  return values
}

/** Each key is right by itself, but they don't go together. */
function isMisplaced(name: string, values: Values): boolean {
  if (isCdrom(values) && (values.has('snapshot') || values.has('format') || busOf(name) === 'virtio')) return true
  return ['mbps', 'iops'].some((kind) => values.has(kind) && (values.has(`${kind}_rd`) || values.has(`${kind}_wr`)))
}

export const printDrive = (values: Values): string => printKeys(everyDriveKey, values)

export const fileOf = (values: Values): string => values.get('file') ?? ''

export const isCdrom = (values: Values): boolean => values.get('media') === 'cdrom'

export const isCloudInit = (values: Values): boolean =>
  /[:/](?:vm-\d+-)?cloudinit(?:\.(?:raw|qcow2|qcow|qed|vmdk|cloop))?$/.test(fileOf(values))

/** Neither a medium that is put in nor generated. */
export const isDisk = (values: Values): boolean => !isCdrom(values)

/** `STORAGE:SIZE` in GiB: allocate a new volume, on every call anew. Without a storage it is the default one. */
export function newDisk(file: string): { storage: string | undefined; bytes: number } | null {
  const [, storage, gigabytes] = /^(?:([^/:\s]+):)?(\d+(?:\.\d+)?)$/.exec(file) ?? []
  return gigabytes === undefined ? null : { storage, bytes: Math.ceil(Number(gigabytes) * 2 ** 20) * 1024 }
}

/** The drives of a configuration or of one of its parts, in the order of the buses. */
export function drivesOf(values: ReadonlyMap<string, string>): [name: string, drive: Values][] {
  return driveNames.flatMap((name): [string, Values][] => {
    const text = values.get(name)
    return text === undefined ? [] : [[name, parseDrive(name, text)]]
  })
}

/** With those that hang on nothing. */
export function allDrivesOf(values: ReadonlyMap<string, string>): [name: string, drive: Values][] {
  const unused = [...values].filter(([name]) => isUnused(name))
  return [...drivesOf(values), ...unused.map(([name, text]): [string, Values] => [name, parseDrive(name, text)])]
}
