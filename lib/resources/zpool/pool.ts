/** A pool: absent, as declared, or another one. Known by its members and its GUID, never by its name alone. */
import type { DeclaredDataset, DeclaredPool } from '../../config/zfs.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Foreseen,
  Lock,
  Look,
  Owned,
  Refusal,
  Resource,
  Value,
} from '../../engine/resource.ts'
import type { Properties } from '../probes/ask.ts'
import { blockDevicesProbe } from '../probes/block-devices.ts'
import { assertBelievable, type DatasetsProbe, datasetsWith } from '../probes/datasets.ts'
import { poolPropertiesProbe, vdevAshiftProbe } from '../probes/pool-properties.ts'
import { type LivePool, poolsProbe, type Vdev } from '../probes/pools.ts'
import { compareAbsent } from './absent.ts'
import { compareDifferent } from './different.ts'
import { healthNotes } from './health.ts'
import { compareLayout, declaredGroups, layoutFields, layoutValue, liveGroups } from './layout.ts'
import { comparePoolProperties, declaredAshift } from './properties.ts'
import { quotaNote, undeclaredNote } from './undeclared.ts'

export const poolId = (name: string): string => `zpool:${name}`

export interface PoolSurroundings {
  /** All pools of the config: a disk may be named once only. */
  readonly pools: readonly DeclaredPool[]
  readonly datasets: readonly DeclaredDataset[]
  readonly probe: DatasetsProbe
}

export class ZPool implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredPool
  readonly #around: PoolSurroundings

  constructor(declared: DeclaredPool, around: PoolSurroundings) {
    this.id = poolId(declared.name)
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#declared = declared
    this.#around = around
  }

  /** What the pools and datasets are like is not asked before it is known that none of them is suspended. */
  ahead(look: Look): Promise<unknown> {
    return look.at(blockDevicesProbe)
  }

  async compare(look: Look, _foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const live = (await look.at(poolsProbe)).get(this.#declared.name)
    if (!live) return compareAbsent(look, this.id, this.#declared, this.#around.pools, owned.begun(this.id))
    assertBelievable(live)
    return this.#comparePresent(look, live, recordedAshifts(owned.live(this.id)))
  }

  async #comparePresent(look: Look, live: LivePool, recorded: Ashifts): Promise<Comparison> {
    const { name } = this.#declared
    const [datasets, allProperties, declaredShape, liveShape] = await Promise.all([
      datasetsWith(look, name, this.#around.probe).then((found) => found ?? new Map<string, Properties>()),
      look.at(poolPropertiesProbe),
      declaredGroups(look, this.#declared.vdevs),
      liveGroups(look, live.vdevs),
    ])
    const properties = allProperties.get(name) ?? new Map()
    const layout = compareLayout(declaredShape, liveShape)
    const ashifts = await this.#ashiftsOf(look, live, recorded)
    const ashift = this.#ashiftFields(live, ashifts)
    const { settable, fixed } = comparePoolProperties(this.#declared, properties)
    const declaredNames = new Set(this.#around.datasets.map((dataset) => dataset.name))
    const health = healthNotes(this.id, live, liveShape)
    const undeclared = undeclaredNote(this.id, name, datasets, declaredNames)
    const quota = quotaNote(this.id, name, Number(properties.get('size')?.value ?? 0), this.#around.datasets)
    const fixedRefusals = [...this.#refuseAshift(ashift), ...this.#refuseFixed(fixed)]
    const liveValues: Record<string, Value> = {
      guid: live.guid,
      layout: layoutValue(liveShape),
      ...(ashifts.size > 0 ? { [ashiftsField]: Object.fromEntries(ashifts) } : {}),
      ...Object.fromEntries(
        Object.keys(this.#declared.poolProperties).map((field) => [field, properties.get(field)?.value ?? null]),
      ),
    }

    if (layout.declared.length > 0 || layout.live.length > 0) {
      const fields = [...layoutFields(declaredShape, liveShape), ...ashift, ...fixed, ...settable]
      const difference = { layout, live: liveShape, fields, fixed: fixedRefusals }
      const different = await compareDifferent(
        look,
        this.id,
        this.#declared,
        this.#around.pools,
        live,
        datasets,
        difference,
      )
      // Nothing is left alone on a pool that goes.
      const left = different.changes.length > 0 ? [] : undeclared
      return { ...different, notes: [...different.notes, ...health, ...left, ...quota], live: liveValues }
    }
    return {
      changes: settable.length > 0 ? [this.#set(settable, properties)] : [],
      refusals: fixedRefusals,
      notes: [...health, ...undeclared, ...quota],
      live: liveValues,
    }
  }

  /**
   * By the GUID of each vdev that has one, when the config declares it. A vdev keeps for good the ashift that it was made
   * with (zpoolprops(7)), so one whose GUID is known is not asked again: zpool answers for one pool a process.
   */
  async #ashiftsOf(look: Look, live: LivePool, recorded: Ashifts): Promise<Ashifts> {
    if (declaredAshift(this.#declared) === null) return new Map()
    const vdevs = withAshift(live)
    const known = (guid: string | null): number | undefined => (guid === null ? undefined : recorded.get(guid))
    const isKnown = vdevs.every(({ guid }) => known(guid) !== undefined)
    const asked = isKnown ? null : await look.at(vdevAshiftProbe(this.#declared.name, vdevs.map(vdevName)))
    return new Map(
      vdevs.flatMap((vdev): [string, number][] => {
        const ashift = asked ? asked.get(vdevName(vdev)) : known(vdev.guid)
        return vdev.guid === null || ashift === undefined || Number.isNaN(ashift) ? [] : [[vdev.guid, ashift]]
      }),
    )
  }

  /** Vdevs made with another ashift than the declared one. */
  #ashiftFields(live: LivePool, ashifts: Ashifts): FieldChange[] {
    const declared = declaredAshift(this.#declared)
    return withAshift(live).flatMap(({ name, guid }): FieldChange[] => {
      const from = ashifts.get(guid ?? '')
      if (declared === null || from === undefined || from === declared) return []
      return [{ field: `ashift of ${name}`, from, to: declared }]
    })
  }

  #refuseAshift(fields: readonly FieldChange[]): Refusal[] {
    const [first] = fields
    if (!first) return []
    return [
      {
        resource: this.id,
        why: `the ashift of pool ${this.#declared.name} can't be changed: declared is ${first.to}, its vdevs were made with ${first.from}`,
        fields,
        mend: [
          `declare the ashift that it has: ashift=${first.from}`,
          'another ashift needs another pool: copy the data away, destroy it by hand, then run phx',
        ],
      },
    ]
  }

  #refuseFixed(fields: readonly FieldChange[]): Refusal[] {
    return fields.map((field) => ({
      resource: this.id,
      why: `${field.field} of pool ${this.#declared.name} can only be set when it is made or imported: declared is ${field.to}, it is ${field.from}`,
      fields: [field],
      mend: [`declare what it is (zpool get ${field.field} ${this.#declared.name}), or export and import it by hand`],
    }))
  }

  /** `zpool set` takes one property a call (zpool-set(8)). */
  #set(fields: readonly FieldChange[], properties: Properties): Change {
    const { name } = this.#declared
    const set = (field: string, value: string) => ['zpool', 'set', `${field}=${value}`, name]
    const before = (field: string): string => {
      const value = properties.get(field)?.value ?? '-'
      return value === '-' ? '' : value
    }
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set ${fields.map(({ field, to }) => `${field}=${to}`).join(' ')} on pool ${name}`,
      fields,
      steps: fields.map(({ field, to }) => ({ kind: 'command', argv: set(field, String(to)) })),
      undo: fields.some(({ field }) => field.startsWith('feature@'))
        ? { impossible: 'a feature that was enabled can not be disabled again' }
        : { commands: fields.map(({ field }) => set(field, before(field))) },
    }
  }
}

type Ashifts = ReadonlyMap<string, number>

const ashiftsField = 'ashift by vdev'

/** What an earlier look read, as the stamp keeps it. */
function recordedAshifts(live: { readonly [field: string]: Value } | null | undefined): Ashifts {
  const kept = live?.[ashiftsField]
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return new Map()
  return new Map(Object.entries(kept).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
}

const withAshift = ({ vdevs }: LivePool): Vdev[] =>
  vdevs.filter(({ role }) => role === 'data' || role === 'special' || role === 'log')

/** The name by which `zpool get` knows a vdev: its own, or for a lone disk the disk's path without ZFS's partition. */
function vdevName(vdev: Vdev): string {
  const [leaf] = vdev.leaves
  if (vdev.type !== 'disk' || !leaf?.path || leaf.name === leaf.guid) return vdev.name
  return `${leaf.path.slice(0, leaf.path.lastIndexOf('/') + 1)}${leaf.name}`
}
