/** The configuration of every guest of this node, by target (`vm:8101`): two folders and a file each, no process. */
import type { Probe } from '../../engine/resource.ts'
import { type GuestConf, guestConfProbe } from './guest-conf.ts'

const folders = { vm: '/etc/pve/qemu-server', lxc: '/etc/pve/lxc' } as const

export const guestConfsProbe: Probe<ReadonlyMap<string, GuestConf>> = {
  id: 'guest configurations',
  async read(look) {
    const found = await Promise.all(
      (['vm', 'lxc'] as const).map(async (kind) => {
        const names = (await look.reader.listDir(folders[kind])) ?? []
        const ids = names.flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
        return Promise.all(
          ids.map(async (id): Promise<[string, GuestConf][]> => {
            const conf = await look.at(guestConfProbe({ kind, id }))
            return conf === undefined ? [] : [[`${kind}:${id}`, conf]]
          }),
        )
      }),
    )
    return new Map(found.flat(2))
  },
}
