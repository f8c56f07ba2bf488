/** `rootfs` and `mpN` of a container: what they may hold, and of what kind the source is. */
import type { Check } from '../formats.ts'
import { type Keys, parseKeys, printKeys, type Values } from '../property-string.ts'
import { diskSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import type { Property } from '../types.ts'

const flag: Property = { kind: 'boolean' }

/** Relative paths, blanks and places that aren't there are let through; only this is not (pct.jsonl n=57, 58). */
const innerPath: Check = (value) =>
  /\/\.\.?(\/|$)|^\.\.\//.test(value) ? `${value} contains illegal character sequences\n` : null

const source: Keys = {
  volume: { kind: 'string', check: innerPath, required: true, unnamed: true },
  acl: flag,
  mountoptions: {
    kind: 'string',
    pattern: /^(noatime|lazytime|nodev|nosuid|noexec|discard)(;(?:noatime|lazytime|nodev|nosuid|noexec|discard))*$/,
  },
  quota: flag,
  replicate: flag,
  ro: flag,
  shared: flag,
  size: { kind: 'string', check: diskSize },
}

export const rootKeys: Keys = source
export const mountKeys: Keys = {
  ...source,
  backup: flag,
  idmap: { kind: 'string' },
  keepattrs: flag,
  mp: { kind: 'string', check: innerPath, required: true },
}

const keysOf = (name: string): Keys => (name === 'rootfs' ? rootKeys : mountKeys)

export const isMount = (name: string): boolean => name === 'rootfs' || /^mp\d+$/.test(name)

/** What stands in a container's configuration under this name. */
export function parseMount(name: string, text: string): Values {
  const parsed = parseKeys('', keysOf(name), text)
  if (typeof parsed === 'string') throw new Refusal(parsed)
  return parsed
}

export const printMount = (name: string, values: Values): string => printKeys(keysOf(name), values)

export const volumeOf = (values: Values): string => values.get('volume') ?? ''

/** `/dev/…` is a device, any other path a bind mount, the rest a storage's volume. */
export const kindOf = (volume: string): 'device' | 'bind' | 'volume' =>
  volume.startsWith('/dev/') ? 'device' : volume.startsWith('/') ? 'bind' : 'volume'

/** `STORAGE:SIZE` in GiB: allocate a new volume, on every call anew. */
export function newVolume(volume: string): { storage: string; bytes: number } | null {
  const [, storage, gigabytes] = /^([^/:\s]+):(\d+(?:\.\d+)?)$/.exec(volume) ?? []
  if (storage === undefined || gigabytes === undefined) return null
  return { storage, bytes: Math.trunc(Number(gigabytes) * 1024) * 2 ** 20 }
}
