/** A container's configuration, as far as its volumes are concerned. */
import { innerPath } from '../../config/lxc-volumes.ts'
import { parseSize } from '../../config/size.ts'
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type GuestConf, guestConfProbe, parseGuestConf, pendingDeletions } from './guest-conf.ts'

/** An `mpN` of a container. */
export interface Mount {
  readonly slot: string
  readonly kind: 'volume' | 'bind mount' | 'device'
  /** Volume id, folder or device. */
  readonly source: string
  /** Where the container sees it. */
  readonly path: string
  /** Where a container that runs has it until its next start; null for what is not there yet. */
  readonly heldPath: string | null
  /** Bytes; null when the line doesn't say. */
  readonly size: number | null
  readonly backup: boolean
  /** The other options as they stand there, but for the size, which pct writes itself. */
  readonly options: readonly string[]
}

export interface Container {
  readonly id: string
  /** What holds, with what waits for the next start already in its place. */
  readonly mounts: readonly Mount[]
  /** Detached volumes: id by `unusedN`. */
  readonly unused: ReadonlyMap<string, string>
  /** `mpN` that wait for the next start: changed ones, and allocations that failed (their source is `STORAGE:SIZE`). */
  readonly waiting: ReadonlySet<string>
  /** Of these, what the next start takes away: until then it is there. */
  readonly leaving: ReadonlySet<string>
  readonly lock: string | null
  readonly isProtected: boolean
}

export const confOf = (id: string): string => `/etc/pve/lxc/${id}.conf`

export const parseContainer = (id: string, text: string): Container => containerOf(id, parseGuestConf(text))

function containerOf(id: string, { values: live, pending }: GuestConf): Container {
  const isSlot = (key: string): boolean => /^mp\d+$/.test(key)
  const isMount = ([key]: [string, string]): boolean => isSlot(key)
  const mounts = new Map([...[...live].filter(isMount), ...[...pending].filter(isMount)])
  return {
    id,
    mounts: [...mounts].map(([slot, value]) => mountOf(slot, value, live.get(slot))),
    unused: new Map([...live].filter(([key]) => /^unused\d+$/.test(key))),
    waiting: new Set([...pending.keys(), ...pendingDeletions(pending)].filter(isSlot)),
    leaving: new Set(pendingDeletions(pending).filter(isSlot)),
    lock: live.get('lock') ?? null,
    isProtected: live.get('protection') === '1',
  }
}

/** One that is about to be made. */
export const emptyContainer = (id: string): Container => containerOf(id, parseGuestConf(''))

/** `[volume=]SOURCE,mp=PATH[,KEY=VALUE…]`; the size is that of what is there, also while something waits. */
function mountOf(slot: string, value: string, live: string | undefined): Mount {
  const words = value.split(',')
  const named = (key: string, among = words): string | undefined =>
    among.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1)
  const source = named('volume') ?? words.find((word) => !word.includes('=')) ?? ''
  const size = /(?:^|,)size=([^,]+)/.exec(live ?? value)?.[1]
  return {
    slot,
    kind: source.startsWith('/dev/') ? 'device' : source.startsWith('/') ? 'bind mount' : 'volume',
    source,
    path: innerPath(named('mp') ?? ''),
    heldPath: live === undefined ? null : innerPath(named('mp', live.split(',')) ?? ''),
    size: size === undefined ? null : (parseSize(size) ?? null),
    backup: named('backup') === '1',
    options: words.filter((word) => word.includes('=') && !/^(volume|mp|size|backup)=/.test(word)),
  }
}

export async function readContainer(reader: Reader, id: string): Promise<Container | undefined> {
  const text = await reader.readFile(confOf(id))
  return text === undefined ? undefined : parseContainer(id, text)
}

/** Undefined when this node has no such container. */
export const containerProbe = (id: string): Probe<Container | undefined> => ({
  id: `mounts in ${confOf(id)}`,
  async read(look) {
    const conf = await look.at(guestConfProbe({ kind: 'lxc', id }))
    return conf && containerOf(id, conf)
  },
})

/** `STORAGE:SIZE`: not a volume but an order for one, which only a failed call leaves behind. */
export const isOrder = ({ source }: Mount): boolean => /^[^/:\s]+:\d+(\.\d+)?$/.test(source)
