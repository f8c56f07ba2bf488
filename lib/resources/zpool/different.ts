/** A pool that is not the declared one: the table, the ways without loss, and destroying and remaking it on consent. */
import type { DeclaredPool } from '../../config/zfs.ts'
import type { Change, Comparison, FieldChange, Look, Note, Refusal } from '../../engine/resource.ts'
import { type Content, contentDigest, contentText, isBlank, typedFor } from '../disk/content.ts'
import { membersByDevice } from '../disk/use.ts'
import type { Datasets } from '../probes/datasets.ts'
import { type LivePool, poolsProbe } from '../probes/pools.ts'
import { addableFaults, membersToAdd } from './addable.ts'
import { refuseAuxiliary } from './auxiliary.ts'
import { asLookedAt, createStep, poolText, verify, wipeAll } from './create.ts'
import { disksToTake } from './disks.ts'
import type { Group, LayoutDifference } from './layout.ts'
import { inventoryDigest, usesForbidding, victimsOf } from './losses.ts'
import { isAuxiliary, losslessCommands } from './lossless.ts'
import { refuseStandIns } from './stand-ins.ts'

export interface Difference {
  readonly layout: LayoutDifference
  readonly live: readonly Group[]
  /** The table of declared against live. */
  readonly fields: readonly FieldChange[]
  /** Of properties that could only have been set when the pool was made. */
  readonly fixed: readonly Refusal[]
}

/** Whether the pool of that name is still the one that was looked at; a name alone proves nothing. */
const stillThat = (live: LivePool) =>
  verify(`pool ${live.name} is still the one with id ${live.guid}`, async (look) => {
    const now = (await look.at(poolsProbe)).get(live.name)
    if (!now) return `pool ${live.name} is not imported any more`
    if (now.guid !== live.guid) return `pool ${live.name} is another one now, with id ${now.guid}`
    return now.state === 'ONLINE' || now.state === 'DEGRADED' ? undefined : `pool ${live.name} is ${now.state} now`
  })

/** A pool of the declared name on a disk that would be wiped: never created over, whichever pool has the name now. */
function refuseNamesakes(id: string, name: string, contents: readonly Content[]): Refusal[] {
  return contents.flatMap(({ found, pools }) =>
    pools
      .filter((pool) => pool.name === name)
      .map(
        (pool): Refusal => ({
          resource: id,
          why: `${found.path} holds another pool called ${name} (id ${pool.guid}, ${pool.state}), which isn't imported: phx never makes a pool over one of the same name`,
          fields: [],
          mend: [
            'look at both: zpool status, zpool import',
            `import the other one under another name: zpool import -d /dev/disk/by-id ${pool.guid} ${name}-old`,
            `or the other way round: zpool export ${name}, then zpool import -d /dev/disk/by-id ${pool.guid}`,
          ],
        }),
      ),
  )
}

export async function compareDifferent(
  look: Look,
  id: string,
  pool: DeclaredPool,
  all: readonly DeclaredPool[],
  live: LivePool,
  datasets: Datasets,
  difference: Difference,
): Promise<Omit<Comparison, 'live'>> {
  const { fields, layout } = difference
  const standIns = refuseStandIns(id, pool.name, layout)
  if (standIns) return { changes: [], notes: [], refusals: [{ ...standIns, fields }, ...difference.fixed] }

  const added = membersToAdd(layout, difference.live)
  const faults = await addableFaults(look, pool, all, added)
  const ways = losslessCommands(pool.name, layout, difference.live).map((argv) => argv.join(' '))
  if ([...layout.declared, ...layout.live].every(isAuxiliary)) {
    const refusal = refuseAuxiliary(id, pool.name, faults, ways)
    return { changes: [], notes: [], refusals: [{ ...refusal, fields }, ...difference.fixed] }
  }

  const [forbidden, taken] = [
    await usesForbidding(look, id, pool.name, datasets),
    await disksToTake(look, id, pool, all, pool.name),
  ]
  const isTrue = faults.length === 0 && difference.fixed.length === 0 && taken.refusals.length === 0
  const commands = isTrue ? ways : []
  const notes: Note[] =
    commands.length === 0
      ? []
      : [
          {
            resource: id,
            level: 'warning',
            text: `pool ${pool.name} can become as declared without losing data, by hand: ${commands.join(' && ')}`,
          },
        ]
  const refusals = [...forbidden, ...taken.refusals, ...refuseNamesakes(id, pool.name, taken.contents)]
  if (refusals.length > 0) {
    const mend = [...commands.map((command) => `without loss: ${command}`)]
    return {
      changes: [],
      notes,
      refusals: refusals.map((refusal) => ({ ...refusal, fields, mend: [...mend, ...refusal.mend] })),
    }
  }

  const members = await membersByDevice(look)
  const others = taken.contents.filter((content) => {
    return !isBlank(content) && members.get(content.device.path) !== pool.name
  })
  const inventory = `pool ${live.guid} with ${await inventoryDigest(look, pool.name, datasets)}`
  const disks =
    others.length === 0 ? [] : [`disks ${typedFor(others).join(', ')} with content ${contentDigest(others)}`]
  const replace: Change = {
    resource: id,
    action: 'replace',
    risk: 'destructive',
    summary: `destroy pool ${pool.name}, which is not the declared one, and create ${poolText(pool)}`,
    fields,
    steps: [
      stillThat(live),
      ...asLookedAt(others),
      { kind: 'command', argv: ['zpool', 'destroy', pool.name] },
      ...wipeAll(taken.contents),
      createStep(pool),
    ],
    loss: {
      victims: [...(await victimsOf(look, pool.name, datasets)), ...others.map(contentText)],
      typed: [pool.name],
      identity: [inventory, ...disks].join(' and '),
    },
    undo: { impossible: `what was on pool ${pool.name} is gone` },
  }
  return { changes: [replace], refusals: [], notes }
}
