/** A pool that is not the declared one: the table, the ways without loss, and destroying and remaking it on consent. */
import type { DeclaredPool } from '../../config/zfs.ts'
import type { Change, Comparison, FieldChange, Look, Note } from '../../engine/resource.ts'
import { contentDigest, contentText, isBlank, typedFor } from '../disk/content.ts'
import { membersByDevice } from '../disk/use.ts'
import type { Datasets } from '../probes/datasets.ts'
import { type LivePool, poolsProbe } from '../probes/pools.ts'
import { asLookedAt, createStep, poolText, verify, wipeAll } from './create.ts'
import { disksToTake } from './disks.ts'
import type { Group, LayoutDifference } from './layout.ts'
import { inventoryDigest, usesForbidding, victimsOf } from './losses.ts'
import { losslessCommands } from './lossless.ts'

export interface Difference {
  readonly layout: LayoutDifference
  readonly live: readonly Group[]
  /** The table of declared against live. */
  readonly fields: readonly FieldChange[]
}

/** Whether the pool of that name is still the one that was looked at; a name alone proves nothing. */
const stillThat = (live: LivePool) =>
  verify(`pool ${live.name} is still the one with id ${live.guid}`, async (look) => {
    const now = (await look.at(poolsProbe)).get(live.name)
    if (!now) return `pool ${live.name} is not imported any more`
    if (now.guid !== live.guid) return `pool ${live.name} is another one now, with id ${now.guid}`
    return now.state === 'ONLINE' || now.state === 'DEGRADED' ? undefined : `pool ${live.name} is ${now.state} now`
  })

export async function compareDifferent(
  look: Look,
  id: string,
  pool: DeclaredPool,
  all: readonly DeclaredPool[],
  live: LivePool,
  datasets: Datasets,
  difference: Difference,
): Promise<Omit<Comparison, 'live'>> {
  const { fields } = difference
  const commands = losslessCommands(pool.name, difference.layout, difference.live).map((argv) => argv.join(' '))
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
  const [forbidden, taken] = [
    await usesForbidding(look, id, pool.name, datasets),
    await disksToTake(look, id, pool, all, pool.name),
  ]
  const refusals = [...forbidden, ...taken.refusals]
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
