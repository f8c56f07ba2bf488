/** A container that is to be gone, with its volumes but for persistent ones: only ever what a person asked for by name. */
import type { Change, Comparison, Foreseen, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import { guestFirewallFile } from '../guest/firewall.ts'
import { guestLock } from '../guest/inside.ts'
import { mark, tagsOf } from '../guest/mark.ts'
import { locked } from '../guest/options.ts'
import { datasetOf, datasetsBelow, isDataset, parentOf, renamed } from '../lxc-volume/kept.ts'
import { containerProbe } from '../probes/containers.ts'
import { type GuestConf, guestConfProbe, propertiesOf, readGuestConf } from '../probes/guest-conf.ts'
import { guestConfsProbe } from '../probes/guest-confs.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { containerId } from './container.ts'
import { type DoomedContainer, type Keeping, keepingOf } from './keep.ts'
import { nameOf } from './refuse.ts'

const destroyingMs = 1_800_000
/** Of removing a snapshot. */
const removingMs = 1_800_000

export class ContainerAbsent implements Resource {
  readonly id: string
  readonly locks
  readonly #doomed: DoomedContainer

  constructor(doomed: DoomedContainer) {
    this.id = containerId(doomed.id)
    this.locks = [guestLock({ kind: 'lxc', ...doomed })]
    this.#doomed = doomed
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const guest = { kind: 'lxc', id: this.#doomed.id } as const
    const nothing = { changes: [], refusals: [], notes: [] }
    const [conf, container] = await Promise.all([look.at(guestConfProbe(guest)), look.at(containerProbe(guest.id))])
    if (conf === undefined || container === undefined) return { ...nothing, live: null }
    const lock = conf.values.get('lock')
    if (lock !== undefined) throw locked(guest, lock)
    const live = { rootfs: conf.values.get('rootfs') ?? null }
    const kept = await keepingOf(look, container, this.#doomed)
    const refusals = [...(await this.#hindrances(look, foreseen, conf)), ...kept.refusals]
    if (refusals.length > 0) return { ...nothing, refusals, live }
    const isRunning = (await look.at(runningGuestsProbe)).has(guest.id)
    return { ...nothing, changes: [await this.#destroy(look, conf, kept.keeping, isRunning)], live }
  }

  async #hindrances(look: Look, foreseen: Foreseen, conf: GuestConf): Promise<Refusal[]> {
    const { id, isProtected, dependants } = this.#doomed
    const refusal = (why: string, ...mend: string[]): Refusal => ({ resource: this.id, why, fields: [], mend })
    const confs = await look.at(guestConfsProbe)
    const stays = (target: string): boolean => confs.has(target) && !foreseen.isGone(target)
    const there = dependants.filter(stays)
    const base = new RegExp(`:basevol-${id}-disk-\\d+/`)
    const clones = [...confs].filter(([target, { values }]) => {
      return target !== this.id && stays(target) && volumesIn(values).some(({ volume }) => base.test(volume))
    })
    const names = clones.map(([target]) => target).join(' and ')
    return [
      ...(tagsOf(conf).includes(mark)
        ? []
        : [
            refusal(
              `container ${id} (${nameOf(conf, id)}) is not phx's: it has no tag "${mark}"`,
              `if it is to go: pct destroy ${id}`,
            ),
          ]),
      ...(isProtected
        ? [refusal(`container ${id} is protected by the config`, 'take "protected": true away from it first')]
        : []),
      ...(conf.values.get('protection') === '1'
        ? [refusal(`container ${id} is protected on the host`, `lift it first: pct set ${id} --protection 0`)]
        : []),
      ...(there.length > 0
        ? [
            refusal(
              `${there.join(' and ')} need${there.length === 1 ? 's' : ''} container ${id}`,
              `destroy them with it: phx destroy ${there.join(' ')} lxc:${id}`,
              'or take the dependency out of the config',
            ),
          ]
        : []),
      ...(clones.length > 0
        ? [
            refusal(
              `${names} ${clones.length === 1 ? 'is a linked clone' : 'are linked clones'} of container ${id}, and would lose their volumes`,
              'destroy them first, or move their volumes: pct move-volume CTID rootfs STORAGE',
            ),
          ]
        : []),
    ]
  }

  async #destroy(look: Look, conf: GuestConf, keeping: readonly Keeping[], isRunning: boolean): Promise<Change> {
    const { id, shutdownTimeoutSeconds } = this.#doomed
    const lost = volumesIn(conf.values).filter(({ volume }) => !keeping.some((one) => one.volume === volume))
    const snapshots = [...conf.snapshots.keys()]
    const timeout = String(shutdownTimeoutSeconds)
    const shutdown: Step = {
      kind: 'command',
      argv: ['pct', 'shutdown', id, '--timeout', timeout, '--forceStop', '1'],
      timeoutMs: (shutdownTimeoutSeconds + 120) * 1000,
    }
    const count = `${lost.length} volume${lost.length === 1 ? '' : 's'}`
    const rest = keeping.map(({ name, dataset }) => `${name} as ${dataset}`)
    return {
      resource: this.id,
      action: 'remove',
      risk: 'destructive',
      summary: `destroy container ${id} (${nameOf(conf, id)}) with ${count}${rest.length > 0 ? `; keep ${rest.join(', ')}` : ''}`,
      fields: [
        { field: 'state', from: isRunning ? 'running' : 'stopped', to: null },
        ...keeping.map(({ name, from, dataset }) => ({ field: `${name} (persistent)`, from, to: dataset })),
      ],
      steps: [
        this.#isSame(conf),
        ...(isRunning ? [shutdown] : []),
        ...this.#keep(keeping, snapshots),
        { kind: 'command', argv: ['pct', 'destroy', id, '--purge', '1'], timeoutMs: destroyingMs },
        this.#isGone(keeping),
      ],
      loss: {
        victims: [
          ...lost.map(({ slot, volume, size }) => `${slot} of container ${id}: ${volume}, ${size ?? 'size unknown'}`),
          ...(snapshots.length > 0 ? [`snapshots of container ${id}: ${snapshots.join(', ')}`] : []),
        ],
        typed: [nameOf(conf, id), id],
        identity: `${await rootGuid(look, conf)} ${lost.map(({ volume }) => volume).join(' ')}`,
      },
      undo: { impossible: 'its volumes are gone' },
    }
  }

  /** Snapshots go by pct first: those of a volume that is kept would stand in the way of the next ones of their names. */
  #keep(keeping: readonly Keeping[], snapshots: readonly string[]): Step[] {
    const { id } = this.#doomed
    const open = keeping.filter(({ from }) => from !== null)
    if (open.length === 0) return []
    return [
      ...snapshots.map((name): Step => {
        return { kind: 'command', argv: ['pct', 'delsnapshot', id, name], timeoutMs: removingMs }
      }),
      ...open.map(({ from, dataset }) => renamed(from ?? dataset, dataset)),
    ]
  }

  #isSame(conf: GuestConf): Step {
    const { id } = this.#doomed
    const name = nameOf(conf, id)
    return {
      kind: 'verify',
      what: `container ${id} is still ${name}, on ${conf.values.get('rootfs')}`,
      check: async (reader) => {
        const now = await readGuestConf(reader, { kind: 'lxc', id })
        if (now === undefined) return 'it is gone already'
        const isSame = nameOf(now, id) === name && now.values.get('rootfs') === conf.values.get('rootfs')
        return isSame ? undefined : 'another container has its number now'
      },
    }
  }

  /** pct destroy takes its rules for the firewall along (PVE::API2::LXC, destroy_vm). */
  #isGone(keeping: readonly Keeping[]): Step {
    const { id } = this.#doomed
    const rules = guestFirewallFile(id)
    return {
      kind: 'verify',
      what: `container ${id} is gone${keeping.length > 0 ? `, and ${keeping.map(({ dataset }) => dataset).join(', ')} is there` : ''}`,
      check: async (reader) => {
        if ((await readGuestConf(reader, { kind: 'lxc', id })) !== undefined) return 'its configuration is still there'
        if ((await reader.stat(rules)) !== undefined) return `its firewall rules are still there: ${rules}`
        for (const { dataset } of keeping) if (!(await isDataset(reader, dataset))) return `there is no ${dataset}`
        return undefined
      },
    }
  }
}

interface OwnVolume {
  /** `rootfs`, `mp0`, `unused0`. */
  readonly slot: string
  readonly volume: string
  readonly size: string | null
}

/** Folders of the host and devices are none of its own. */
function volumesIn(values: ReadonlyMap<string, string>): OwnVolume[] {
  return [...values].flatMap(([slot, value]): OwnVolume[] => {
    if (!/^(rootfs|mp\d+|unused\d+)$/.test(slot)) return []
    const words = propertiesOf(value)
    const volume = words.get('volume') ?? words.get('') ?? ''
    return volume === '' || volume.startsWith('/') ? [] : [{ slot, volume, size: words.get('size') ?? null }]
  })
}

/** A container has no identity but its root file system's; a name is given anew once it is free. */
async function rootGuid(look: Look, { values }: GuestConf): Promise<string> {
  const [root] = volumesIn(new Map([['rootfs', values.get('rootfs') ?? '']]))
  const parent = root && (await parentOf(look, root.volume.split(':')[0] ?? '', null))
  if (root === undefined || parent === undefined) return values.get('rootfs') ?? ''
  return (await datasetsBelow(look, parent)).get(datasetOf(parent, root.volume))?.get('guid')?.value ?? root.volume
}
