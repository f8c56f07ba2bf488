/**
 * /etc/pve/qemu-server/ID.conf and /etc/pve/lxc/ID.conf: `key: value` lines, a comment on top for people, and below
 * sections for what waits for the next start and for snapshots. Read from the file: asking `qm config` or `pct config`
 * costs the better part of a second each (facts: proxmox-tools, "Cost").
 */
import type { Probe } from '../../engine/resource.ts'
import type { GuestRef, Reader } from '../../host/host.ts'

export interface GuestPart {
  readonly values: ReadonlyMap<string, string>
  /** `lxc.*` lines, in their order; one may stand twice. */
  readonly raw: readonly (readonly [string, string])[]
  /** The comment on top, as Proxmox VE shows it. */
  readonly description: string
}

export interface GuestConf extends GuestPart {
  /** What was set and can't take effect while the guest runs; `delete` names keys that go. */
  readonly pending: ReadonlyMap<string, string>
  /** Of a machine: what its cloud-init drive says otherwise; `added` names what it doesn't say at all. */
  readonly drive: ReadonlyMap<string, string>
  /** By name, in the order of the file. */
  readonly snapshots: ReadonlyMap<string, GuestPart>
}

class Section implements GuestPart {
  readonly values = new Map<string, string>()
  readonly raw: (readonly [string, string])[] = []
  description = ''

  take(line: string): void {
    const comment = /^#(.*)$/.exec(line)?.[1]
    if (comment !== undefined) {
      this.description += `${decoded(comment)}\n`
      return
    }
    const [, rawKey, rawValue] = /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/.exec(line) ?? []
    if (rawKey !== undefined) {
      this.raw.push([rawKey, rawValue ?? ''])
      return
    }
    const [, key, value] = /^([a-z][a-z_-]*\d*):\s*(.*\S)\s*$/.exec(line) ?? []
    if (key === undefined || value === undefined) return
    if (key === 'description') this.description += `${decoded(value)}\n`
    else this.values.set(key, value)
  }
}

/** Proxmox VE keeps anything but printable ASCII, and a few signs, as %XX. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function parseGuestConf(text: string): GuestConf {
  const live = new Section()
  const pending = new Section()
  const drive = new Section()
  const snapshots = new Map<string, Section>()
  let section: Section | null = live
  for (const line of text.split('\n')) {
    const name = /^\[(.+)\]\s*$/.exec(line)?.[1]
    if (name === undefined) section?.take(line)
    else if (/^(pve:)?pending$/i.test(name))
      section = pending // of containers and of machines
    else if (name === 'special:cloudinit') section = drive
    // Other sections with a colon are Proxmox VE's own: `special:fleecing`, and whatever comes.
    else if (name.includes(':')) section = null
    else {
      section = new Section()
      snapshots.set(name, section)
    }
  }
  const { values, raw, description } = live
  return { values, raw, description, pending: pending.values, drive: drive.values, snapshots }
}

/** Keys of a `[pve:pending]` section that go at the next start. */
export const pendingDeletions = (pending: GuestConf['pending']): readonly string[] =>
  (pending.get('delete') ?? '').split(',').flatMap((key) => key.trim().replace(/^!/, '') || [])

/** What holds from the guest's next start on: with what is pending in its place. */
export function settledValues({ values, pending }: Pick<GuestConf, 'values' | 'pending'>): Map<string, string> {
  const settled = new Map([...values, ...pending])
  for (const key of pendingDeletions(pending)) settled.delete(key)
  settled.delete('delete')
  return settled
}

/** `FIRST,KEY=VALUE,…`: the options by key, and under '' the word that has none. */
export function propertiesOf(value: string): Map<string, string> {
  return new Map(
    value.split(',').map((word) => {
      const at = word.indexOf('=')
      return at < 0 ? ['', word] : [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}

export const guestConfOf = ({ kind, id }: GuestRef): string =>
  `/etc/pve/${kind === 'vm' ? 'qemu-server' : 'lxc'}/${id}.conf`

/** Undefined when this node has no such guest. */
export async function readGuestConf(reader: Reader, guest: GuestRef): Promise<GuestConf | undefined> {
  const text = await reader.readFile(guestConfOf(guest))
  return text === undefined ? undefined : parseGuestConf(text)
}

export const guestConfProbe = (guest: GuestRef): Probe<GuestConf | undefined> => ({
  id: guestConfOf(guest),
  read: ({ reader }) => readGuestConf(reader, guest),
})

export const isTemplate = ({ values }: GuestConf): boolean => values.get('template') === '1'
