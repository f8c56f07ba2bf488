/** A file system or volume: absent, as declared, or to be set right. */
import { liesIn } from '../../config/dataset-mounts.ts'
import type { DeclaredDataset } from '../../config/zfs.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Foreseen,
  Lock,
  Look,
  Note,
  Refusal,
  Resource,
  Step,
  Value,
} from '../../engine/resource.ts'
import type { Properties } from '../probes/ask.ts'
import { type Datasets, type DatasetsProbe, datasetsWith } from '../probes/datasets.ts'
import { carrierOf, mountsProbe } from '../probes/mounts.ts'
import { plural, sizeText } from '../size.ts'
import { poolId } from '../zpool/pool.ts'
import { isAsDeclared, ruleOf, setOrder, undoArgv } from './properties.ts'
import { bytesOf, fixedProperty, isFixed, shrunkVolume, tightQuota, wrongType } from './refuse.ts'

export const datasetId = (name: string): string => `dataset:${name}`

const nothing: Comparison = { changes: [], refusals: [], notes: [], live: null }

export class Dataset implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredDataset
  readonly #place: string | null
  readonly #probe: DatasetsProbe

  /** `place` is where it is mounted by what the config says of it and of the datasets above it; null when nowhere. */
  constructor(declared: DeclaredDataset, place: string | null, probe: DatasetsProbe) {
    this.id = datasetId(declared.name)
    this.locks = [{ name: poolId(declared.pool), mode: 'exclusive' }]
    this.#declared = declared
    this.#place = place
    this.#probe = probe
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { name, pool } = this.#declared
    const isRoot = name === pool
    // Nothing that is there now will be; the root dataset comes with its properties when the pool is made.
    if (foreseen.isMadeAnew(poolId(pool))) {
      const notes = isRoot || (await this.#isOnOwnPool(look)) ? [] : await this.#hiddenFiles(look, this.#place)
      return { ...nothing, live: undefined, changes: isRoot ? [] : [this.#create()], notes }
    }
    const datasets = await datasetsWith(look, pool, this.#probe)
    // The pool says why it isn't there, and that its datasets are looked at once it is; importing it mounts them.
    if (!datasets) return { ...nothing, notes: isRoot ? [] : await this.#hiddenFiles(look, this.#place) }
    const live = datasets.get(name)
    if (live) return this.#comparePresent(look, live)
    return { ...nothing, changes: [this.#create()], notes: await this.#hiddenFiles(look, this.#placeToBe(datasets)) }
  }

  /** A mount on a folder with files succeeds and hides them (overlay is on; seen: zfs.jsonl scene 97). */
  async #hiddenFiles(look: Look, place: string | null | undefined): Promise<Note[]> {
    const { name, type, properties } = this.#declared
    if (type === 'volume' || !place?.startsWith('/') || (properties.canmount ?? 'on') !== 'on') return []
    const inside = (await look.reader.listDir(place)) ?? []
    if (inside.length === 0) return []
    const text = `${place} is a folder with ${plural(inside.length, 'thing')} in it (${inside.slice(0, 3).join(', ')}): mounting ${name} hides them; look at them and move them away`
    return [{ resource: this.id, level: 'warning', text }]
  }

  /** True when what is at its place now lies on the very pool that goes, so that nothing of it is hidden afterwards. */
  async #isOnOwnPool(look: Look): Promise<boolean> {
    if (this.#place === null) return false
    const carrier = carrierOf(await look.at(mountsProbe), this.#place)
    return carrier?.type === 'zfs' && liesIn(carrier.source, this.#declared.pool)
  }

  /** Where it will be mounted once it is made. */
  #placeToBe(datasets: Datasets): string | null {
    const { name, properties } = this.#declared
    const slash = name.lastIndexOf('/')
    const above = datasets.get(name.slice(0, slash))?.get('mountpoint')?.value
    if (properties.mountpoint !== undefined || above === undefined) return this.#place
    return above.startsWith('/') ? `${above}${name.slice(slash)}` : null
  }

  #create(): Change {
    const { name, type, size, properties } = this.#declared
    const options = Object.entries(properties).flatMap(([property, value]) => ['-o', `${property}=${value}`])
    const volume = type === 'volume' && size !== null ? ['-V', String(size)] : []
    const what = type === 'volume' ? `volume ${name} of ${sizeText(size ?? 0)}` : `dataset ${name}`
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `create ${what}`,
      fields: [
        ...(size === null ? [] : [{ field: 'volsize', from: null, to: size }]),
        ...Object.entries(properties).map(([field, value]) => ({ field, from: null, to: value })),
      ],
      steps: [{ kind: 'command', argv: ['zfs', 'create', ...volume, ...options, name] }],
      undo: { commands: [['zfs', 'destroy', name]] },
    }
  }

  async #comparePresent(look: Look, live: Properties): Promise<Comparison> {
    const { name, type, properties } = this.#declared
    const liveValues = this.#liveValues(live)
    if (live.get('type')?.value !== type) {
      return { ...nothing, refusals: [wrongType(this.id, this.#declared, live)], live: liveValues }
    }
    const differing = Object.entries(properties)
      .map(([field, to]): FieldChange & { from: string; to: string } => ({
        field,
        from: live.get(field)?.value ?? '-',
        to,
      }))
      .filter(({ field, from, to }) => !isAsDeclared(field, to, from))
    const growth = this.#growth(live)
    const refusals: Refusal[] = [
      ...differing.filter(isFixed).map((field) => fixedProperty(this.id, name, field)),
      ...differing
        .filter(({ field }) => field === 'quota' || field === 'refquota')
        .flatMap((field) => tightQuota(this.id, this.#declared, live, field) ?? []),
      ...(growth && growth.to < growth.from ? [shrunkVolume(this.id, name, growth.from, growth.to)] : []),
    ]
    const settable = differing
      .filter((field) => !isFixed(field))
      .sort((a, b) => setOrder(a.field, a.from, a.to) - setOrder(b.field, b.from, b.to))
    const grown =
      growth && growth.to > growth.from ? [{ field: 'volsize', from: String(growth.from), to: String(growth.to) }] : []
    const mount = this.#mount(live)
    const update =
      settable.length + grown.length > 0 ? [this.#update([...settable, ...grown], live, mount !== undefined)] : []
    // Setting the mount point of what isn't mounted may mount it or not (seen: zfs.jsonl scene 96): look again after it.
    const remounts = settable.some(({ field }) => field === 'mountpoint' || field === 'canmount')
    const mounts = mount?.change && !remounts ? [mount.change] : []
    const hides = mount?.change ? await this.#hiddenFiles(look, live.get('mountpoint')?.value) : []
    return {
      changes: refusals.length > 0 ? [] : [...update, ...mounts],
      refusals,
      notes: [...(mount?.note ? [mount.note] : []), ...hides],
      live: liveValues,
    }
  }

  #liveValues(live: Properties): { [field: string]: Value } {
    const fields = Object.keys(this.#declared.properties)
    const values = Object.fromEntries(fields.map((field) => [field, live.get(field)?.value ?? null]))
    const volume = this.#declared.type === 'volume' ? { volsize: bytesOf(live, 'volsize') } : {}
    return { type: live.get('type')?.value ?? null, ...values, ...volume }
  }

  /** A volume's size against the declared one, which ZFS rounds up to whole blocks (seen: zfs.jsonl scenes 77 and 78). */
  #growth(live: Properties): { from: number; to: number } | undefined {
    if (this.#declared.type !== 'volume' || this.#declared.size === null) return undefined
    const block = bytesOf(live, 'volblocksize') || 512
    const to = Math.ceil(this.#declared.size / block) * block
    const from = bytesOf(live, 'volsize')
    return from === to ? undefined : { from, to }
  }

  #update(
    fields: readonly { field: string; from: string; to: string }[],
    live: Properties,
    unmounted: boolean,
  ): Change {
    const { name } = this.#declared
    const noted = fields.map((field): FieldChange => {
      return ruleOf(field.field).newWrites ? { ...field, note: 'applies to new writes only' } : field
    })
    const disruptive = fields.some(({ field }) => ruleOf(field).disruptive)
    const remounts = unmounted && fields.some(({ field }) => field === 'mountpoint' || field === 'canmount')
    const values = fields.map(({ field, to }) => `${field}=${to}`)
    const back = fields.map(({ field }) => undoArgv(name, field, live.get(field) ?? { value: '-', source: 'default' }))
    const steps: Step[] = [{ kind: 'command', argv: ['zfs', 'set', ...values, name] }]
    return {
      resource: this.id,
      action: 'update',
      risk: disruptive ? 'disruptive' : 'safe',
      summary: `set ${values.join(' ')} on ${name}`,
      fields: noted,
      steps,
      undo: fields.some(({ field }) => field === 'volsize')
        ? { impossible: 'a volume never shrinks: what was written beyond its old size would be cut off' }
        : { commands: back },
      ...(remounts ? { reveals: true } : {}),
    }
  }

  /** A file system that should be mounted and isn't: the change that mounts it, or why phx doesn't. */
  #mount(live: Properties): { change?: Change; note?: Note } | undefined {
    const { name, properties } = this.#declared
    const value = (property: string): string => properties[property] ?? live.get(property)?.value ?? '-'
    const place = value('mountpoint')
    if (live.get('mounted')?.value !== 'no' || value('canmount') !== 'on' || !place.startsWith('/')) return undefined
    if (live.get('keystatus')?.value === 'unavailable') {
      const text = `${name} is not mounted: its key is not loaded (zfs load-key ${name} && zfs mount ${name})`
      return { note: { resource: this.id, level: 'warning', text } }
    }
    return {
      change: {
        resource: this.id,
        action: 'update',
        risk: 'safe',
        summary: `mount ${name} on ${place}`,
        fields: [{ field: 'mounted', from: 'no', to: 'yes' }],
        steps: [{ kind: 'command', argv: ['zfs', 'mount', name] }],
        undo: { commands: [['zfs', 'unmount', name]] },
        reveals: true,
      },
    }
  }
}
