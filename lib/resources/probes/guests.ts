/** Which guests name which storages, in their current configuration or in a snapshot's, on every node of the cluster. */
import type { Look, Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

export interface Guest {
  readonly kind: 'vm' | 'lxc'
  readonly id: string
  readonly storages: ReadonlySet<string>
}

const folderOf = { vm: 'qemu-server', lxc: 'lxc' } as const

/**
 * Storages named in a guest's configuration: `scsi0: STORAGE:vm-100-disk-0,size=32G`, `rootfs: STORAGE:…`,
 * `cicustom: user=STORAGE:snippets/x`, `vmstatestorage: STORAGE`. Text before a colon that is no storage (a MAC address)
 * is taken along: it keeps an entry of that very name, which harms nothing. Descriptions are comment lines.
 */
export function storagesNamed(config: string): Set<string> {
  const named = new Set<string>()
  for (const line of config.split('\n')) {
    const [, key, value] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    if (key === 'vmstatestorage') named.add(value.trim())
    for (const item of value.split(',')) {
      const storage = /^\s*(?:[\w-]+=)?([A-Za-z][A-Za-z0-9\-_.]*[A-Za-z0-9]):/.exec(item)?.[1]
      if (storage !== undefined) named.add(storage)
    }
  }
  return named
}

async function guestsIn(look: Look, folder: string, kind: Guest['kind']): Promise<Guest[]> {
  const files = (await look.reader.listDir(`${folder}/${folderOf[kind]}`)) ?? []
  const guests = files
    .filter((file) => /^\d+\.conf$/.test(file))
    .map(async (file): Promise<Guest[]> => {
      const config = await look.reader.readFile(`${folder}/${folderOf[kind]}/${file}`)
      return config === undefined ? [] : [{ kind, id: file.replace('.conf', ''), storages: storagesNamed(config) }]
    })
  return (await Promise.all(guests)).flat()
}

/** storage.cfg is the cluster's, so guests of other nodes count too; /etc/pve/qemu-server is this node's. */
export const guestsProbe: Probe<readonly Guest[]> = {
  id: '/etc/pve guests',
  async read(look) {
    const nodes = (await look.reader.listDir('/etc/pve/nodes')) ?? []
    const folders = ['/etc/pve', ...nodes.map((node) => `/etc/pve/nodes/${node}`)]
    const found = await Promise.all(
      folders.flatMap((folder) => [guestsIn(look, folder, 'vm'), guestsIn(look, folder, 'lxc')]),
    )
    const byId = new Map(found.flat().map((guest) => [`${guest.kind}:${guest.id}`, guest]))
    return [...byId.values()].sort((a, b) => Number(a.id) - Number(b.id))
  },
}

export const guestName = (guest: Pick<Guest, 'kind' | 'id'>): string =>
  `${guest.kind === 'vm' ? 'VM' : 'container'} ${guest.id}`

/** Guests that name any of these storages. */
export const guestsNaming = (guests: readonly Guest[], storages: Iterable<string>): Guest[] => {
  const wanted = [...storages]
  return guests.filter((guest) => wanted.some((storage) => guest.storages.has(storage)))
}

/** Ids of guests that run on this node: QEMU's pid files, and the control groups of containers. */
export async function runningGuests(reader: Reader): Promise<ReadonlySet<string>> {
  const [pids, groups] = await Promise.all([reader.listDir('/run/qemu-server'), reader.listDir('/sys/fs/cgroup/lxc')])
  const vms = (pids ?? []).flatMap((name) => /^(\d+)\.pid$/.exec(name)?.[1] ?? [])
  const containers = (groups ?? []).filter((name) => /^\d+$/.test(name))
  return new Set([...vms, ...containers])
}

export const runningGuestsProbe: Probe<ReadonlySet<string>> = {
  id: 'running guests',
  read: ({ reader }) => runningGuests(reader),
}
