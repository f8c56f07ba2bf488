/**
 * Takes out what would not pass `phx validate` where the config is to lie, until it passes. What goes is always a whole
 * thing that can be missed: half a firewall rule lets more through than the whole one.
 */
import { dirname } from 'node:path'
import { parseConfig } from '../config/load.ts'
import { jsonPath, type Path, type Problem } from '../config/problem.ts'
import { isObject, type Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'

/** The smallest things that may go by themselves; of several that fit the longest counts. */
const PARTS = [
  ...[
    '*',
    'network.*',
    'network.interfaces[]',
    'network.interfaces[].dns_nameservers',
    'users[]',
    'users[].*',
    'zfs.*',
  ],
  ...['zfs.pools[]', 'zfs.datasets[]', 'zfs.datasets[].properties.*', 'proxmox_storage_ids.*'],
  ...['nfs.*', 'nfs.exports[]', 'nfs.exports[].clients[]', 'nfs.exports[].proxmox_storage'],
  ...['samba.*', 'samba.users[]', 'samba.shares[]', 'samba.shares[].options'],
  ...['firewall.*', 'firewall.global_firewall_rules[]', 'shared_volumes.*', 'nvidia_driver.*'],
  ...[
    'guests.*',
    'guests.vm_defaults.*',
    'guests.vms[]',
    'guests.vms[].*',
    'guests.vms[].*[]',
    'guests.vms[].firewall.rules[]',
  ],
  ...[
    'guests.lxc_configs.*',
    'guests.lxc_configs.*.*',
    'guests.lxc_configs.*.*[]',
    'guests.lxc_configs.*.firewall.rules[]',
  ],
]
const PATTERNS = PARTS.map((part) => part.match(/\[\]|[^.[\]]+/g) ?? []).sort((one, other) => other.length - one.length)
/** Without these the thing around them is nothing. */
const NEEDED = /^\$\.(users\[\d+\]\.username|guests\.vms\[\d+\]\.(vmid|name)|guests\.lxc_configs\['\d+'\]\.name)$/

export interface Settled {
  readonly text: string
  /** Warnings only. */
  readonly problems: readonly Problem[]
}

export function settle(reader: OldReader, config: Fields, file: string): Settled {
  withoutSecrets(reader, config, [])
  for (;;) {
    const text = `${JSON.stringify(config, null, 2)}\n`
    const loaded = parseConfig(text, file, dirname(file))
    const errors = loaded.problems.filter(({ severity, path }) => severity === 'error' || isIdle(path))
    if (errors.length === 0) return { text, problems: loaded.problems }
    takeOut(reader, config, errors)
  }
}

/** A warning, yet without any effect once its dataset is gone. */
function isIdle(path: string): boolean {
  return path.startsWith('$.proxmox_storage_ids')
}

/** One at a time and the last one first: the places of the others stay true. */
function takeOut(reader: OldReader, config: Fields, errors: readonly Problem[]): void {
  const parts = new Map<string, { path: Path; problem: Problem }>()
  for (const problem of errors) {
    const path = partAt(config, pathOf(problem.path))
    if (!parts.has(jsonPath(path))) parts.set(jsonPath(path), { path, problem })
  }
  const told = [...parts.values()]
  for (const { path, problem } of told) {
    const origin = originOf(reader, config, path)
    if (origin !== undefined) reader.report.leavesOut(origin, problem.message, problem.mend)
  }
  for (const { path } of told.reverse()) remove(config, path)
}

/** The thing to take out for a mistake at this place; there is always one, or this would never end. */
function partAt(config: Fields, path: Path): Path {
  const parts = PATTERNS.filter(
    (pattern) => pattern.length <= path.length && pattern.every((step, at) => fits(step, path[at])),
  )
  const candidates = [...parts.map(({ length }) => path.slice(0, length)), path.slice(0, 1)]
  const found = candidates.find((part) => valueAt(config, part) !== undefined && !NEEDED.test(jsonPath(part)))
  return found ?? Object.keys(config).slice(0, 1)
}

function fits(pattern: string, step: string | number | undefined): boolean {
  if (pattern === '[]') return typeof step === 'number'
  return typeof step === 'string' && (pattern === '*' || pattern === step)
}

/** Of a place in the new config: the old value, or the nearest one around it. */
function originOf(reader: OldReader, config: Fields, path: Path): Old | undefined {
  let origin = reader.originOf(config)
  let value: unknown = config
  for (const step of path) {
    value = valueAt(value, [step])
    const own = typeof value === 'object' && value !== null ? reader.originOf(value) : undefined
    const inside = typeof step === 'string' ? origin?.get(step) : origin?.items()[step]
    origin = own ?? (inside?.value === undefined ? origin : inside)
  }
  return origin
}

/** What is left empty goes too: it would say something else than nothing. */
function remove(config: Fields, path: Path): void {
  const around = path.slice(0, -1)
  const holder = valueAt(config, around)
  const last = path.at(-1)
  if (Array.isArray(holder) && typeof last === 'number') holder.splice(last, 1)
  else if (isObject(holder) && typeof last === 'string') {
    delete holder[last]
    if (Object.keys(holder).length === 0 && around.length > 0) remove(config, around)
  }
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return undefined
    return (inner as Record<string | number, unknown>)[step]
  }, value)
}

/** `$.zfs.pools[0].name` and `$.guests.lxc_configs['901']`, as jsonPath writes them. */
function pathOf(text: string): Path {
  return [...text.matchAll(/\.([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]+)\]|\['((?:[^'\\]|\\.)*)'\]/g)].map(
    ([, name, index, quoted]) => {
      return index === undefined ? (name ?? (quoted ?? '').replace(/\\(.)/g, '$1')) : Number(index)
    },
  )
}

/** The same password as a name or in a comment: it must not get into the config that way either. */
function withoutSecrets(reader: OldReader, config: Fields, path: Path): void {
  const value = valueAt(config, path)
  if (typeof value === 'string' && reader.report.secrets.holds(value)) {
    const part = partAt(config, path)
    const origin = originOf(reader, config, part)
    if (origin !== undefined)
      reader.report.leavesOut(origin, 'a secret of the old files stands in it', 'write it without')
    remove(config, part)
    return
  }
  if (typeof value !== 'object' || value === null) return
  for (const step of Array.isArray(value) ? [...value.keys()].reverse() : Object.keys(value)) {
    withoutSecrets(reader, config, [...path, step])
  }
}
